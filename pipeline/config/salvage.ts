import { explain, type Finding, pathOf } from './explain.ts';
import { type Config, configSchema } from './schema.ts';
import { isMapping, join } from './tree.ts';

/*
 * Reports all problems at once: takes out the settings that are wrong, so that the others can still be checked, and
 * skips every check that would read a wrong one.
 */

/** Values for settings without a default; nothing reads them, since their paths are doubtful. */
const placeholders: readonly (readonly [keys: readonly string[], value: string])[] = [
  [['project'], 'placeholder'],
  [['problem'], 'binary'],
  [['data', 'source'], 'placeholder'],
  [['data', 'target'], 'placeholder'],
];

/** Builds a config from an input that has problems, and lists the paths in it whose values mean nothing. */
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
 * Deletes a setting, or the block around it if the setting is missing or in a list. Returns the path that it deleted,
 * or the setting's own path if nothing is left to delete: a placeholder, or a setting that went with its block.
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

/** Wraps a value so that reading a doubtful path throws a Doubt. */
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
