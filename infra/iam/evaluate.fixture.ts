import type { Statement } from './statement.ts';

/** One call to AWS as IAM sees it. Context values have the keys of IAM's documentation. */
export interface Call {
  readonly action: string;
  readonly resource: string;
  readonly context?: Readonly<Record<string, string | readonly string[]>>;
}

/** Statements as in a template: one value or a list of each. */
interface Written {
  readonly Effect: string;
  readonly Action: string | readonly string[];
  readonly Resource: string | readonly string[];
  readonly Condition?: Statement['Condition'];
}

/**
 * IAM's decision for a role with one identity policy and an optional boundary: an explicit deny wins, and both must
 * allow (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html).
 */
export function isAllowed(
  call: Call,
  { policy, boundary }: { policy: readonly Written[]; boundary?: readonly Written[] },
): boolean {
  const documents = [policy, ...(boundary ? [boundary] : [])];
  const matching = documents.map((statements) => statements.filter((statement) => matches(statement, call)));
  return (
    matching.every((statements) => statements.every(({ Effect }) => Effect !== 'Deny')) &&
    matching.every((statements) => statements.some(({ Effect }) => Effect === 'Allow'))
  );
}

function matches({ Action, Resource, Condition = {} }: Written, call: Call): boolean {
  return (
    [Action].flat().some((pattern) => like(pattern.toLowerCase(), call.action.toLowerCase())) &&
    [Resource].flat().some((pattern) => like(pattern, call.resource)) &&
    Object.entries(Condition).every(([operator, keys]) =>
      Object.entries(keys).every(([key, wanted]) => holds(operator, call.context?.[key], [wanted].flat())),
    )
  );
}

function holds(
  operator: string,
  given: string | readonly string[] | undefined,
  wanted: readonly string[],
): boolean {
  const values = given === undefined ? [] : [given].flat();
  const [set, plain = operator] = operator.includes(':') ? operator.split(':') : ['', operator];
  if (plain === 'Null') return String(values.length === 0) === wanted[0];
  const compare = {
    StringEquals: (a: string, b: string) => a === b,
    Bool: (a: string, b: string) => a === b,
    StringLike: (a: string, b: string) => like(a, b),
    ArnEquals: (a: string, b: string) => like(a, b),
    ArnLike: (a: string, b: string) => like(a, b),
  }[plain];
  if (!compare) throw new Error(`got the condition ${operator}, expected one of this evaluator's`);
  const one = (value: string) => wanted.some((pattern) => compare(pattern, value));
  if (set === 'ForAllValues') return values.every(one);
  if (set === 'ForAnyValue') return values.some(one);
  return values.length > 0 && values.every(one);
}

const expressions = new Map<string, RegExp>();

/** Whether a text matches a pattern of IAM, in which `*` stands for any text and `?` for any character. */
export function like(pattern: string, value: string): boolean {
  const before = expressions.get(pattern);
  if (before) return before.test(value);
  const escaped = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, '\\$&')
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  const expression = new RegExp(`^${escaped}$`, 's');
  expressions.set(pattern, expression);
  return expression.test(value);
}
