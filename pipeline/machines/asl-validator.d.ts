/** The package ships no types. It writes a QueryLanguage into every state of the document that it is given. */
declare module 'asl-validator' {
  export default function validate(
    definition: unknown,
    options?: { checkPaths?: boolean; checkArn?: boolean },
  ): { isValid: boolean; errors: Record<string, unknown>[]; errorsText: (separator?: string) => string };
}
