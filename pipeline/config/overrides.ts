import { CST, Lexer } from 'yaml';
import { shown } from '../errors.ts';
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
    const problem = read.problems[0]?.message ?? lost(split.value);
    if (problem !== undefined)
      tree.problems.push({ path, message: `${problem}; quote the value`, from_set: true });
    else put(tree, split.keys, split.value.trim() === '' ? undefined : read.value, schema);
  }
}

/** Parts of YAML that do not reach the value. */
const dropped: Partial<Record<string, string>> = {
  comment: 'a comment',
  anchor: 'an anchor',
  tag: 'a tag',
  'directive-line': 'a directive',
  'doc-start': 'a document marker',
  'doc-end': 'a document marker',
  'block-scalar-header': 'the start of a block of text',
  'byte-order-mark': 'a byte-order mark',
};

/**
 * A message about a part of the value that YAML would silently leave out, such as all that follows ` #`; undefined if
 * there is none. An argument in a shell has no comments, so it is refused rather than cut.
 */
function lost(value: string): string | undefined {
  let plain = 0;
  let others = 0;
  let isText = false;
  for (const lexeme of new Lexer().lex(value)) {
    const type: string = isText ? 'scalar' : (CST.tokenType(lexeme) ?? 'scalar');
    // The lexer puts a mark before a plain text, which may itself look like another part of YAML.
    const isMark: boolean = !isText && lexeme === CST.SCALAR;
    const what = dropped[type];
    if (what !== undefined) return `got ${what}, ${shown(lexeme)}, which YAML leaves out`;
    if (isText || type.endsWith('quoted-scalar')) {
      if (/[\r\n]/.test(lexeme)) return 'got a line break, which YAML leaves out';
    }
    if (isText) plain += 1;
    else if (!isMark && !['doc-mode', 'space', 'newline'].includes(type)) others += 1;
    isText = isMark;
  }
  if (plain === 1 && others === 0 && value.trim() !== value)
    return `got ${shown(value)}, whose spaces at the ends YAML leaves out`;
  return undefined;
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
