import type { Json } from '../../../machines/asl.ts';
import { TaskError } from './execution.ts';

const path = /^(\$\$?)((?:\.[\p{L}_][\p{L}\p{N}_-]*|\[\d+\]|\['[^'\\]+'\])*)$/u;
const step = /\.([^.[]+)|\[(\d+)\]|\['([^']+)'\]/gu;

/** The data for a state's paths: `$` is the data, `$$` the context object. */
export interface View {
  readonly data: Json;
  readonly context: Json;
}

/** The keys and indexes of a plain path (`$.a.b`, `$.a[0]`, `$['a b']`, `$$.Execution.Id`); undefined for any other. */
export function parsePath(text: string): { context: boolean; steps: (string | number)[] } | undefined {
  const match = path.exec(text);
  if (!match) return undefined;
  const steps = [...(match[2] ?? '').matchAll(step)].map(([, name, index, quoted]) =>
    index === undefined ? (name ?? quoted ?? '') : Number(index),
  );
  return { context: match[1] === '$$', steps };
}

/** The value at a path; undefined if there is none. */
export function valueAt(text: string, view: View): Json | undefined {
  const parsed = parsePath(text);
  let value: Json | undefined = parsed?.context ? view.context : view.data;
  for (const key of parsed?.steps ?? []) {
    const holds: boolean = typeof key === 'number' ? Array.isArray(value) : isObject(value);
    value = holds && Object.hasOwn(value as object, key) ? (value as Record<string, Json>)[key] : undefined;
  }
  return value;
}

/** The data with a value at a path of names; creates missing objects on the way. */
export function withValueAt(text: string, data: Json, value: Json): Json {
  const put = (at: Json | undefined, steps: readonly (string | number)[]): Json => {
    const [key, ...rest] = steps;
    if (key === undefined) return value;
    if (at !== undefined && !isObject(at)) {
      throw new TaskError(
        'States.ResultPathMatchFailure',
        `${text} cannot be put into ${JSON.stringify(at).slice(0, 200)}`,
      );
    }
    const child = at && Object.hasOwn(at, key) ? at[key] : undefined;
    return Object.fromEntries([...Object.entries(at ?? {}), [key, put(child, rest)]]);
  };
  return put(data, parsePath(text)?.steps ?? []);
}

export function isObject(value: unknown): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
