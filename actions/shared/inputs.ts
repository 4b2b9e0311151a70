// zod/mini, because zod takes several times as long to load, and a wrong input is to be told at once.
import * as z from 'zod/mini';
import { InputError } from '../../pipeline/errors.ts';

/**
 * Reads the inputs of an action, which the runner puts into `INPUT_NAME` with spaces as underscores, and checks them by the
 * action's schema. White space around a value is dropped, and an empty value counts as none. Throws InputError with every
 * problem.
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

/** `true` or `false`, as YAML writes it. */
export const flag = z.pipe(
  z.enum(['true', 'false']),
  z.transform((value) => value === 'true'),
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

/** A text of a form; `expected` tells the form to whoever wrote another. */
export const matching = (form: RegExp, expected: string) => z.string().check(z.regex(form, expected));
