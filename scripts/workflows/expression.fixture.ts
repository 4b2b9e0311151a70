/**
 * GitHub's expressions, as https://docs.github.com/actions/reference/workflows-and-actions/expressions documents them: what
 * the conditions, groups and inputs of workflows are made of. What the documentation has and no workflow here uses is not
 * there, and is refused.
 */

type Value = unknown;
type Functions = Record<string, (...args: Value[]) => Value>;

interface Scope {
  /** The contexts: github, inputs, vars, needs, ... A name that is missing anywhere below them is null. */
  contexts: Record<string, unknown>;
  /** The result so far, which the status functions answer from. */
  status?: 'success' | 'failure' | 'cancelled';
}

/** The value of an expression without its `${{ }}`. */
export function evaluate(expression: string, scope: Scope): Value {
  const tokens = tokensOf(expression);
  const parser = new Parser(tokens, scope);
  return parser.whole();
}

/** A text with `${{ }}` in it; a text that is one expression keeps its type. */
export function interpolate(text: string, scope: Scope): Value {
  const whole = /^\s*\$\{\{((?:(?!\}\}).)*)\}\}\s*$/s.exec(text);
  if (whole) return evaluate(whole[1] ?? '', scope);
  return text.replaceAll(/\$\{\{(.*?)\}\}/gs, (_, inner: string) => asText(evaluate(inner, scope)));
}

/** Whether a job or step with this `if` runs: without a status function, only if all before it succeeded. */
export function runs(condition: string | undefined, scope: Scope): boolean {
  const text = (condition ?? '').replace(/^\s*\$\{\{(.*)\}\}\s*$/s, '$1').trim();
  const checks = /\b(always|success|failure|cancelled)\(\)/.test(text);
  if (!checks && (scope.status ?? 'success') !== 'success') return false;
  return text === '' || isTrue(evaluate(text, scope));
}

const isTrue = (value: Value): boolean =>
  ![false, 0, '', null, undefined].includes(value as never) && !Number.isNaN(value);

function asText(value: Value): string {
  if (value === null || value === undefined) return '';
  return typeof value === 'object' ? 'Object' : String(value);
}

function asNumber(value: Value): number {
  if (value === null || value === undefined) return 0;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string') return value.trim() === '' ? 0 : Number(value);
  return typeof value === 'number' ? value : Number.NaN;
}

/** Texts are equal without regard to case; values of different types are compared as numbers. */
function equal(left: Value, right: Value): boolean {
  if (typeof left === 'string' && typeof right === 'string')
    return left.toLowerCase() === right.toLowerCase();
  if ((left ?? null) === null && (right ?? null) === null) return true;
  if (typeof left === typeof right) return left === right;
  return asNumber(left) === asNumber(right);
}

function functionsOf(status: Scope['status'] = 'success'): Functions {
  return {
    always: () => true,
    success: () => status === 'success',
    failure: () => status === 'failure',
    cancelled: () => status === 'cancelled',
    contains: (where, what) =>
      Array.isArray(where)
        ? where.some((each) => equal(each, what))
        : asText(where).toLowerCase().includes(asText(what).toLowerCase()),
    startsWith: (text, start) => asText(text).toLowerCase().startsWith(asText(start).toLowerCase()),
    endsWith: (text, end) => asText(text).toLowerCase().endsWith(asText(end).toLowerCase()),
    format: (text, ...values) =>
      asText(text).replaceAll(/\{(\d+)\}/g, (_, index) => asText(values[Number(index)])),
    fromJSON: (text) => JSON.parse(asText(text)) as Value,
    toJSON: (value) => JSON.stringify(value),
  };
}

const token =
  /\s*(?:('(?:[^']|'')*')|(-?\d+(?:\.\d+)?)|(==|!=|<=|>=|&&|\|\||[!<>().,[\]])|([A-Za-z_][\w-]*))/y;

function tokensOf(text: string): string[] {
  const found: string[] = [];
  token.lastIndex = 0;
  while (text.slice(token.lastIndex).trim() !== '') {
    const at = token.lastIndex;
    const match = token.exec(text);
    if (match === null)
      throw new Error(`expression: got ${JSON.stringify(text.slice(at))}, expected a token`);
    found.push(match[0].trim());
  }
  return found;
}

class Parser {
  readonly #tokens: string[];
  readonly #scope: Scope;
  readonly #functions: Functions;
  #at = 0;

  constructor(tokens: string[], scope: Scope) {
    this.#tokens = tokens;
    this.#scope = scope;
    this.#functions = functionsOf(scope.status);
  }

  whole(): Value {
    const value = this.#or();
    if (this.#at < this.#tokens.length) throw this.#unexpected('the end');
    return value;
  }

  #or(): Value {
    let left = this.#and();
    while (this.#take('||')) {
      const right = this.#and();
      left = isTrue(left) ? left : right;
    }
    return left;
  }

  #and(): Value {
    let left = this.#comparison();
    while (this.#take('&&')) {
      const right = this.#comparison();
      left = isTrue(left) ? right : left;
    }
    return left;
  }

  #comparison(): Value {
    const left = this.#not();
    if (this.#take('==')) return equal(left, this.#not());
    if (this.#take('!=')) return !equal(left, this.#not());
    return left;
  }

  #not(): Value {
    return this.#take('!') ? !isTrue(this.#not()) : this.#member();
  }

  #member(): Value {
    let value = this.#primary();
    for (;;) {
      if (this.#take('.')) value = property(value, this.#next());
      else if (this.#take('[')) {
        value = property(value, asText(this.#or()));
        this.#expect(']');
      } else return value;
    }
  }

  #primary(): Value {
    const next = this.#next();
    if (next === '(') {
      const value = this.#or();
      this.#expect(')');
      return value;
    }
    if (next.startsWith("'")) return next.slice(1, -1).replaceAll("''", "'");
    if (/^-?\d/.test(next)) return Number(next);
    if (next === 'true' || next === 'false') return next === 'true';
    if (next === 'null') return null;
    if (this.#take('(')) return this.#call(next);
    if (!(next in this.#scope.contexts))
      throw new Error(`expression: got the context ${next}, which nobody gave`);
    return this.#scope.contexts[next];
  }

  #call(name: string): Value {
    const args: Value[] = [];
    while (!this.#take(')')) {
      if (args.length > 0) this.#expect(',');
      args.push(this.#or());
    }
    const called = this.#functions[name];
    if (called === undefined)
      throw new Error(`expression: got the function ${name}, which this fixture has not`);
    return called(...args);
  }

  #next(): string {
    const found = this.#tokens[this.#at];
    if (found === undefined) throw this.#unexpected('a value');
    this.#at += 1;
    return found;
  }

  #take(wanted: string): boolean {
    if (this.#tokens[this.#at] !== wanted) return false;
    this.#at += 1;
    return true;
  }

  #expect(wanted: string): void {
    if (!this.#take(wanted)) throw this.#unexpected(wanted);
  }

  #unexpected(wanted: string): Error {
    return new Error(`expression: got ${this.#tokens[this.#at] ?? 'its end'}, expected ${wanted}`);
  }
}

const property = (value: Value, name: string): Value =>
  typeof value === 'object' && value !== null ? ((value as Record<string, unknown>)[name] ?? null) : null;
