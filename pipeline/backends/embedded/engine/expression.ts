import { randomUUID } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import type { Json } from '../../../machines/asl.ts';
import { runtimeError } from './execution.ts';
import { isObject, parsePath, type View, valueAt } from './path.ts';

/** The value of a key `NAME.$`: a path or an intrinsic function over paths and literals. */
export type Expression =
  | { readonly path: string }
  | { readonly literal: Json }
  | { readonly format: readonly string[] }
  | { readonly name: string; readonly parameters: readonly Expression[] };

const token =
  /\s*(?:(States\.\w+)\s*\(|('(?:[^'\\]|\\.)*')|(\$(?:[^,()\s'[]|\[(?!')|\['[^']*'\])*)|([^,()\s']+))\s*/uy;

/** @throws SyntaxError with the mistake and its place */
export function parseExpression(text: string): Expression {
  let at = 0;
  const fail = (expected: string) =>
    new SyntaxError(`${text}: character ${at + 1}: got "${text.slice(at, at + 20)}", expected ${expected}`);
  const skip = (char: string): boolean => {
    const found = text[at] === char;
    if (found) at++;
    return found;
  };

  const parse = (): Expression => {
    token.lastIndex = at;
    const match = token.exec(text);
    if (!match) throw fail('a path, a literal or an intrinsic function');
    const [, name, quoted, path, literal] = match;
    if (path !== undefined && !parsePath(path)) throw fail('a plain path such as $.a.b or $.a[0]');
    if (name !== undefined && !Object.hasOwn(intrinsics, name)) {
      throw fail(`one of ${Object.keys(intrinsics).join(', ')}`);
    }
    at = token.lastIndex;
    if (path !== undefined) return { path };
    if (literal !== undefined) {
      if (!/^(true|false|null|-?\d+(\.\d+)?)$/.test(literal))
        throw fail("'text', a number, true, false or null");
      return { literal: JSON.parse(literal) as Json };
    }
    if (quoted !== undefined) return { literal: unquote(quoted.slice(1, -1)) };

    const parameters: Expression[] = [];
    if (!skip(')')) {
      do {
        parameters.push(name === 'States.Format' && parameters.length === 0 ? parseFormat() : parse());
      } while (skip(','));
      if (!skip(')')) throw fail(') or ,');
    }
    while (skip(' '));
    return { name: name ?? '', parameters };
  };

  /** The pieces of 'a {} b {}' between its placeholders. */
  const parseFormat = (): Expression => {
    token.lastIndex = at;
    const quoted = token.exec(text)?.[2];
    if (quoted === undefined) throw fail("a format between quotes, such as '{}-{}'");
    const pieces = splitFormat(quoted.slice(1, -1));
    if (pieces.some((piece) => /(^|[^\\])(\\\\)*[{}]/.test(piece)))
      throw fail('{} or \\{ or \\} for a brace');
    at = token.lastIndex;
    return { format: pieces.map(unquote) };
  };

  const expression = parse();
  if (at < text.length) throw fail('the end');
  return expression;
}

/** @throws TaskError States.Runtime if a path does not exist or a function gets an invalid argument */
export function evaluate(expression: Expression, view: View): Json {
  if ('literal' in expression) return expression.literal;
  if ('format' in expression) return [...expression.format];
  if ('path' in expression) {
    const value = valueAt(expression.path, view);
    if (value === undefined) {
      throw runtimeError(
        `${expression.path} is not in the input ${JSON.stringify(view.data).slice(0, 1000)}`,
      );
    }
    return value;
  }
  const parameters = expression.parameters.map((parameter) => evaluate(parameter, view));
  try {
    return intrinsics[expression.name]?.(...parameters) as Json;
  } catch (error) {
    throw runtimeError(`${expression.name}: ${(error as Error).message}`);
  }
}

/** Replaces the `NAME.$` keys of a Parameters or ResultSelector with their values. */
export function resolve(template: Json, view: View): Json {
  if (Array.isArray(template)) return template.map((item: Json) => resolve(item, view));
  if (!isObject(template)) return template;
  return Object.fromEntries(
    Object.entries(template).map(([key, value]) =>
      key.endsWith('.$')
        ? [key.slice(0, -2), evaluate(parseExpression(String(value)), view)]
        : [key, resolve(value, view)],
    ),
  );
}

/** The whole number of seconds at a path. */
export function secondsAt(path: string, view: View): number {
  const seconds = valueAt(path, view);
  if (Number.isInteger(seconds) && Number(seconds) >= 0) return Number(seconds);
  throw runtimeError(`${path}: got ${JSON.stringify(seconds)}, expected a whole number of seconds`);
}

const intrinsics: Readonly<Record<string, (...parameters: Json[]) => Json>> = {
  'States.Format': (pieces, ...values) => {
    const format = pieces as string[];
    if (values.length !== format.length - 1) {
      throw new TypeError(`${format.length - 1} placeholders but ${values.length} values`);
    }
    const texts = values.map((value) => {
      if (typeof value === 'object' && value !== null)
        throw new TypeError('a placeholder takes no array or object');
      return String(value);
    });
    return format.map((piece, index) => piece + (texts[index] ?? '')).join('');
  },
  'States.JsonToString': exactly(1, (value) => JSON.stringify(value)),
  'States.StringToJson': exactly(1, (value) => JSON.parse(text(value)) as Json),
  'States.Array': (...values) => values,
  'States.ArrayLength': exactly(1, (values) => array(values).length),
  'States.ArrayContains': exactly(2, (values, wanted) =>
    array(values).some((value) => isDeepStrictEqual(value, wanted)),
  ),
  'States.ArrayGetItem': exactly(2, (values, index) => {
    const item = array(values)[integer(index)];
    if (item === undefined) throw new RangeError(`no item ${index} in an array of ${array(values).length}`);
    return item;
  }),
  'States.JsonMerge': exactly(3, (left, right, deep) => {
    if (deep !== false)
      throw new TypeError('the third argument must be false, because AWS has no deep merge');
    return { ...object(left), ...object(right) };
  }),
  'States.MathAdd': exactly(2, (left, right) => integer(left) + integer(right)),
  'States.StringSplit': exactly(2, (value, separators) => {
    const marks = text(separators).replace(/[\\\]^-]/g, '\\$&');
    return text(value)
      .split(new RegExp(`[${marks}]`))
      .filter((part) => part !== '');
  }),
  'States.UUID': exactly(0, () => randomUUID()),
};

function exactly(count: number, apply: (...parameters: Json[]) => Json) {
  return (...parameters: Json[]): Json => {
    if (parameters.length !== count)
      throw new TypeError(`got ${parameters.length} arguments, expected ${count}`);
    return apply(...parameters);
  };
}

const found = (value: Json | undefined) => JSON.stringify(value ?? null).slice(0, 200);

function text(value: Json | undefined): string {
  if (typeof value !== 'string') throw new TypeError(`got ${found(value)}, expected a text`);
  return value;
}

function integer(value: Json | undefined): number {
  if (!Number.isSafeInteger(value)) throw new TypeError(`got ${found(value)}, expected a whole number`);
  return value as number;
}

function array(value: Json | undefined): readonly Json[] {
  if (!Array.isArray(value)) throw new TypeError(`got ${found(value)}, expected an array`);
  return value;
}

function object(value: Json | undefined): { readonly [key: string]: Json } {
  if (!isObject(value)) throw new TypeError(`got ${found(value)}, expected an object`);
  return value;
}

function unquote(quoted: string): string {
  return quoted.replace(/\\(.)/gsu, '$1');
}

/** Splits at `{}`; a backslash escapes the next character. */
function splitFormat(format: string): string[] {
  const pieces = [''];
  for (const [part] of format.matchAll(/\\.|\{\}|./gsu)) {
    if (part === '{}') pieces.push('');
    else pieces.push(`${pieces.pop()}${part}`);
  }
  return pieces;
}
