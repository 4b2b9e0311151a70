// zod/mini loads several times as fast as zod, so that a wrong input is reported at once.
import * as z from 'zod/mini';
import { InputError } from '../../pipeline/errors.ts';

/**
 * Reads an action's inputs, which the runner passes as `INPUT_NAME` with underscores for spaces, and checks them against the
 * action's schema. White space around a value is dropped, and an empty value counts as none. Throws one InputError that
 * lists every problem.
 */
export function readInputs<Schema extends z.ZodMiniObject>(
  schema: Schema,
  env: NodeJS.ProcessEnv,
): z.output<Schema> {
  const given = Object.fromEntries(
    Object.keys(schema.shape).map((name) => {
      const value = env[`INPUT_${name.replaceAll(' ', '_').toUpperCase()}`]?.trim();
      return [name, value === '' ? undefined : value];
    }),
  );
  const read = schema.safeParse(given);
  if (read.success) return read.data;
  throw new InputError(read.error.issues.map((issue) => describe(issue, given)).join('\n'));
}

function describe(issue: z.core.$ZodIssue, given: Record<string, string | undefined>): string {
  const name = String(issue.path[0]);
  const value = given[name];
  return `input ${name}: got ${value === undefined ? 'nothing' : JSON.stringify(value)}, ${expected(issue)}`;
}

function expected(issue: z.core.$ZodIssue): string {
  switch (issue.code) {
    case 'invalid_value':
      return `expected one of ${issue.values.join(', ')}`;
    case 'invalid_type':
      return 'expected a value';
    default:
      return issue.message;
  }
}

/** The booleans of YAML 1.2's core schema, which are those of the toolkit's getBooleanInput. */
const booleans = ['true', 'True', 'TRUE', 'false', 'False', 'FALSE'] as const;

/** A boolean. */
export const flag = z.pipe(
  z.enum(booleans),
  z.transform((value) => value.toLowerCase() === 'true'),
);

/** A boolean as text, or one of the words. */
export const flagOr = <const Word extends string>(...words: Word[]) =>
  z.pipe(
    z.enum([...booleans, ...words]),
    z.transform((value) => value.toLowerCase() as 'true' | 'false' | Lowercase<Word>),
  );

/** Values, one per line. */
export const lines = listOf('\n');

/** Names, separated by commas. */
export const names = listOf(',');

function listOf(separator: string) {
  const split = (text: string): string[] =>
    text
      .split(separator)
      .map((value) => value.trim())
      .filter((value) => value !== '');
  return z.pipe(z.string(), z.transform(split));
}

/** A text that must match a form; `expected` describes the form in the error. */
export const matching = (form: RegExp, expected: string) => z.string().check(z.regex(form, expected));
