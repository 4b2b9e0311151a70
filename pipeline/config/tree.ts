import { isAlias, isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument } from 'yaml';
import type { ConfigProblem } from '../errors.ts';
import { childOf, fieldsOf, isText } from './schema-tree.ts';

/** The place where a setting was written; `from` names the other file and its path there, if it was not in this one. */
export type Origin = { key: Position; value: Position; from?: { file: string; path: string } } | 'set';
interface Position {
  line: number;
  column: number;
}

/** Plain values read from YAML, with the origin of each by its dotted path. */
export interface Tree {
  value: unknown;
  origins: Map<string, Origin>;
  problems: ConfigProblem[];
}

/** The place of a problem: that of the setting, or of the nearest block around it that is written. */
function placeOf({ origins }: Tree, path: string, message: string): Partial<ConfigProblem> {
  const placed = (origin: Exclude<Origin, 'set'>, part: 'key' | 'value', at: string) => ({
    ...origin[part],
    ...(origin.from && { file: origin.from.file, path: `${origin.from.path}${path.slice(at.length)}` }),
  });
  const origin = origins.get(path);
  if (origin === 'set') return { from_set: true };
  if (origin) return placed(origin, message.startsWith('unknown key') ? 'key' : 'value', path);
  for (let around = path; around.includes('.'); ) {
    around = around.slice(0, around.lastIndexOf('.'));
    const outer = origins.get(around);
    if (outer) return outer === 'set' ? { from_set: true } : placed(outer, 'key', around);
  }
  return {};
}

/** A problem of a setting, at its place. */
export function problemAt(tree: Tree, path: string, message: string): ConfigProblem {
  return { path, message, ...placeOf(tree, path, message) };
}

/** The problem of a file whose settings are not a mapping. */
export const notSettings: ConfigProblem = {
  path: '',
  message: 'got a list or a text, expected settings as `key: value` lines',
};

export const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

export const join = (path: string, key: string | number): string =>
  path === '' ? String(key) : `${path}.${key}`;

/** Limits far above any real file, yet low enough that aliases of aliases cannot fill the memory. */
const mostValues = 20_000;
const mostDepth = 32;

/**
 * Reads YAML 1.2 into plain values that fit the schema: text stays as it is written (`positive: 1.0` is "1.0"), and a
 * setting without a value counts as not given.
 */
export function readTree(text: string, schema: unknown): Tree {
  const lines = new LineCounter();
  const tree: Tree = { value: undefined, origins: new Map(), problems: [] };
  const document = parseYaml(text, lines);
  for (const { message, pos } of syntaxErrors(document))
    tree.problems.push({ path: '', message: `not valid YAML: ${message}`, ...at(pos[0]) });
  if (tree.problems.length > 0) return tree;

  let values = 0;
  tree.value = document.contents ? read(document.contents, schema, '', 0) : null;
  return tree;

  function read(node: Node, schema: unknown, path: string, depth: number): unknown {
    values += 1;
    if (values > mostValues || depth > mostDepth) {
      const what = depth > mostDepth ? `more than ${mostDepth} levels` : `more than ${mostValues} values`;
      if (tree.problems.every(({ message }) => !message.startsWith('got more than')))
        tree.problems.push({
          path: '',
          message: `got ${what}, aliases counted, expected the settings of one project`,
          ...at(node.range?.[0]),
        });
      return undefined;
    }
    if (isAlias(node)) {
      const target = node.resolve(document);
      if (target) return read(target, schema, path, depth + 1);
      const message = `got the alias *${node.source}, expected one whose anchor &${node.source} stands above`;
      tree.problems.push({ path, message, ...at(node.range?.[0]) });
      return undefined;
    }
    if (isSeq(node))
      return node.items.map((item, index) => {
        const inner = join(path, index);
        const start = at((item as Node).range?.[0]);
        tree.origins.set(inner, { key: start, value: start });
        return read(item as Node, childOf(schema, String(index)), inner, depth + 1);
      });
    if (isMap(node)) return readMap(node.items as Pair<Node, Node | null>[], schema, path, depth);
    if (!isScalar(node)) return null;
    const asWritten = isText(schema) && node.value !== null && node.source !== undefined;
    return asWritten ? node.source : node.value;
  }

  function readMap(items: Pair<Node, Node | null>[], schema: unknown, path: string, depth: number) {
    const fields = fieldsOf(schema);
    const result: Record<string, unknown> = {};
    const first = new Map<string, number>();
    for (const { key, value } of items) {
      const start = at(key.range?.[0]);
      const name = isScalar(key) ? String(key.source ?? key.value) : undefined;
      if (name === undefined || name === '__proto__') {
        const found = name === undefined ? 'a list or mapping as a key' : `the key "${name}"`;
        tree.problems.push({ path, message: `got ${found}, expected a name`, ...start });
        continue;
      }
      const inner = join(path, name);
      const earlier = first.get(name);
      if (earlier !== undefined) {
        tree.problems.push({
          path: inner,
          message: `got this key twice (first at line ${earlier}), expected it once`,
          ...start,
        });
        continue;
      }
      first.set(name, start.line);
      tree.origins.set(inner, { key: start, value: at(value?.range?.[0] ?? key.range?.[0]) });
      const empty = value === null || (isScalar(value) && value.value === null && value.source === '');
      if (empty && fields && Object.hasOwn(fields, name)) continue;
      result[name] = value === null ? null : read(value, childOf(schema, name), inner, depth + 1);
    }
    return result;
  }

  function at(offset: number | undefined): Position {
    const { line, col } = lines.linePos(offset ?? 0);
    return { line, column: col };
  }
}

function parseYaml(text: string, lineCounter: LineCounter) {
  return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
}

/** The first three distinct errors: one slip makes many. */
function syntaxErrors(document: ReturnType<typeof parseYaml>) {
  const errors = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    message: /call stack/.test(message)
      ? 'brackets are nested too deeply'
      : lowerFirst(message.replace(/; please use .*$/, ', expected one')),
    pos,
  }));
  return errors
    .filter(({ message }, index) => errors.findIndex((other) => other.message === message) === index)
    .slice(0, 3);
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
