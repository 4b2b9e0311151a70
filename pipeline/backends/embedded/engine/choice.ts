import type { ChoiceState, Comparison, Json, Rule } from '../../../machines/asl.ts';
import { runtimeError, TaskError } from './execution.ts';
import { type View, valueAt } from './path.ts';

/** The state that follows a Choice state. */
export function choose(state: ChoiceState, view: View): string {
  const next = state.Choices.find((rule) => holds(rule, view))?.Next ?? state.Default;
  if (next === undefined)
    throw new TaskError('States.NoChoiceMatched', 'No choice matches, and there is no Default');
  return next;
}

const tests: Readonly<Record<string, (value: Json) => boolean>> = {
  IsNull: (value) => value === null,
  IsString: (value) => typeof value === 'string',
  IsNumeric: (value) => typeof value === 'number',
  IsBoolean: (value) => typeof value === 'boolean',
};

type Compare<T> = (left: T, right: T) => boolean;

const orders: Readonly<Record<string, Compare<string | number>>> = {
  Equals: (left, right) => left === right,
  LessThan: (left, right) => left < right,
  GreaterThan: (left, right) => left > right,
  LessThanEquals: (left, right) => left <= right,
  GreaterThanEquals: (left, right) => left >= right,
};

/** For each operator, the type of both sides and the comparison. */
const comparisons = new Map<string, { type: string; compare: Compare<never> }>([
  ['BooleanEquals', { type: 'boolean', compare: (left, right) => left === right }],
  [
    'StringMatches',
    { type: 'string', compare: (text: string, pattern: string) => wildcard(pattern).test(text) },
  ],
  ...Object.entries(orders).flatMap(
    ([name, compare]): [string, { type: string; compare: Compare<never> }][] => [
      [`String${name}`, { type: 'string', compare }],
      [`Numeric${name}`, { type: 'number', compare }],
    ],
  ),
]);

function holds(rule: Rule, view: View): boolean {
  if ('And' in rule) return rule.And.every((inner) => holds(inner, view));
  if ('Or' in rule) return rule.Or.some((inner) => holds(inner, view));
  if ('Not' in rule) return !holds(rule.Not, view);

  const { Variable, operator, operand } = comparison(rule);
  const value = valueAt(Variable, view);
  if (operator === 'IsPresent') return (value !== undefined) === operand;
  if (value === undefined) throw runtimeError(`the choice's Variable ${Variable} is not in the input`);
  const test = tests[operator];
  if (test) return test(value) === operand;

  const path = operator.endsWith('Path');
  const known = comparisons.get(path ? operator.slice(0, -4) : operator);
  if (!known) throw runtimeError(`the choice's ${operator} is not known`);
  const right = path ? valueAt(String(operand), view) : operand;
  if (right === undefined) throw runtimeError(`the choice's ${operator} ${operand} is not in the input`);
  return (
    typeof value === known.type &&
    typeof right === known.type &&
    known.compare(value as never, right as never)
  );
}

/** The parts of a comparison; the operator is the only key other than Variable and Next. */
export function comparison(rule: Comparison): { Variable: string; operator: string; operand: Json } {
  const { Variable, ...rest } = rule;
  const [operator = '', operand = null] = Object.entries(rest).find(([key]) => key !== 'Next') ?? [];
  return { Variable, operator, operand };
}

export function isOperator(operator: string): boolean {
  if (operator === 'IsPresent' || Object.hasOwn(tests, operator)) return true;
  return comparisons.has(operator === 'StringMatchesPath' ? '' : operator.replace(/Path$/, ''));
}

function wildcard(pattern: string): RegExp {
  const source = pattern.replace(/\\(.)|\*|[^*\\]+|\\/gsu, (part, escaped: string | undefined) =>
    part === '*' ? '.*' : (escaped ?? part).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'),
  );
  return new RegExp(`^${source}$`, 's');
}
