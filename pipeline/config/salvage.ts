import { explain, type Finding, pathOf } from './explain.ts';
import { type Config, configSchema } from './schema.ts';
import { isMapping, join } from './tree.ts';

/*
 * All problems at once: what can still be checked when some settings are wrong. The wrong ones are taken out, and
 * whatever would read one of them is left unchecked.
 */

/** Stand in for what has no default; nobody reads them, since their paths are doubtful. */
const placeholders: readonly (readonly [keys: readonly string[], value: string])[] = [
  [['project'], 'placeholder'],
  [['problem'], 'binary'],
  [['data', 'source'], 'placeholder'],
  [['data', 'target'], 'placeholder'],
];

/** A config from an input that has problems, and the paths in it that mean nothing. */
export function salvage(
  input: Record<string, unknown>,
  findings: readonly Finding[],
): { config: Config; doubtful: Set<string> } {
  const rest = structuredClone(input);
  const doubtful = new Set(findings.flatMap(({ about }) => about));
  let wrong = findings.map(({ keys }) => keys);
  for (let round = 0; round < 100; round += 1) {
    for (const keys of wrong) doubtful.add(pathOf(discard(rest, keys)));
    if (!isMapping(rest.data)) rest.data = {};
    for (const [keys, value] of placeholders) {
      const holder = (keys.length === 1 ? rest : rest.data) as Record<string, unknown>;
      holder[keys.at(-1) ?? ''] ??= value;
    }
    const parsed = configSchema.safeParse(rest);
    if (parsed.success) return { config: parsed.data, doubtful };
    wrong = explain(parsed.error.issues, rest).map(({ keys }) => keys);
  }
  throw new Error(`A config cannot be salvaged: ${wrong.map(pathOf).join(', ')}`);
}

/**
 * Deletes a setting, or what is around it where the setting is missing or stands in a list. Returns what it deleted:
 * the setting itself where it needs no deletion, since it is a placeholder or went with something around it.
 */
function discard(root: Record<string, unknown>, keys: readonly string[]): readonly string[] {
  let holder: unknown = root;
  for (const [index, key] of keys.entries()) {
    if (Array.isArray(holder)) return discard(root, keys.slice(0, index));
    if (!isMapping(holder)) return keys;
    const isLast = index === keys.length - 1;
    if (isLast && !Object.hasOwn(holder, key) && !isPlaceholder(keys))
      return discard(root, keys.slice(0, -1));
    if (isLast) delete holder[key];
    holder = holder[key];
  }
  return keys;
}

const isPlaceholder = (keys: readonly string[]) =>
  placeholders.some(([known]) => pathOf(known) === pathOf(keys));

class Doubt extends Error {}

export const isDoubt = (error: unknown): boolean => error instanceof Doubt;

/** The same value, which throws a Doubt where a doubtful path is read. */
export function guard<T extends object>(value: T, doubtful: ReadonlySet<string>, path = ''): T {
  if (doubtful.size === 0) return value;
  return new Proxy(value, {
    get(target, key) {
      const inner: unknown = Reflect.get(target, key);
      if (typeof key === 'symbol') return inner;
      const at = join(path, key);
      if (doubtful.has(at)) throw new Doubt(at);
      return typeof inner === 'object' && inner !== null ? guard(inner, doubtful, at) : inner;
    },
  });
}
