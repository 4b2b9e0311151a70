import { childOf, fieldsOf } from './schema-tree.ts';
import { isMapping, join, readTree, type Tree } from './tree.ts';

/**
 * Applies `path=value` overrides to a tree; the last one wins. The value is YAML; an empty value restores the default.
 * A key that contains a dot is in double quotes: `environments.staging.tags."cost.center"=42`.
 */
export function override(tree: Tree, overrides: readonly string[], schema: unknown): void {
  for (const text of overrides) {
    const split = splitOverride(text);
    if (!split) {
      tree.problems.push({ path: text, message: 'got no value, expected path=value', from_set: true });
      continue;
    }
    const path = split.keys.reduce(join, '');
    const inner = split.keys.reduce<unknown>((outer, key) => childOf(outer, key), schema);
    const read = readTree(split.value, inner);
    if (read.problems.length > 0)
      tree.problems.push({ path, message: `${read.problems[0]?.message}; quote the value`, from_set: true });
    else put(tree, split.keys, split.value.trim() === '' ? undefined : read.value, schema);
  }
}

/** The keys that an override names; none if it is no `path=value`. */
export const keysOf = (text: string): string[] => splitOverride(text)?.keys ?? [];

function splitOverride(text: string): { keys: string[]; value: string } | undefined {
  const match = /^((?:"[^"]*"|[^"=.]+)(?:\.(?:"[^"]*"|[^"=.]+))*)=(.*)$/s.exec(text);
  if (!match) return undefined;
  const keys = [...(match[1] ?? '').matchAll(/"([^"]*)"|[^".]+/g)].map(
    ([plain, quoted]) => quoted ?? plain.trim(),
  );
  return keys.includes('__proto__') ? undefined : { keys, value: match[2] ?? '' };
}

function put(tree: Tree, keys: string[], value: unknown, schema: unknown): void {
  let path = '';
  let holder = (isMapping(tree.value) ? tree.value : {}) as Record<string, unknown>;
  tree.value = holder;
  for (const key of keys.slice(0, -1)) {
    path = join(path, key);
    schema = childOf(schema, key);
    let next = holder[key];
    if (!isMapping(next)) {
      next = {};
      holder[key] = next;
      tree.origins.set(path, 'set');
    }
    holder = next as Record<string, unknown>;
  }
  const key = keys.at(-1) ?? '';
  path = join(path, key);
  for (const known of [...tree.origins.keys()])
    if (known === path || known.startsWith(`${path}.`)) tree.origins.delete(known);
  tree.origins.set(path, 'set');
  // A setting without a value counts as not given; a free name (a hyperparameter) gets null, which is refused later.
  if (value === undefined && Object.hasOwn(fieldsOf(schema) ?? {}, key)) delete holder[key];
  else holder[key] = value ?? null;
}
