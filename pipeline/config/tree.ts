import {
  type Alias,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Node,
  type Pair,
  parseDocument,
  visit,
} from 'yaml';
import { type ConfigProblem, shown } from '../errors.ts';
import { childOf, fieldsOf, isText } from './schema-tree.ts';

/** The place where a setting was written; `from` names the other file and its path there, if it was not in this one. */
type Origin = { key: Position; value: Position; from?: { file: string; path: string } } | 'set';
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
const mostInKey = 300;

/** The only tag with a meaning here: the value is text. */
const textTag = 'tag:yaml.org,2002:str';

/**
 * Reads YAML 1.2 into plain values that fit the schema: text stays as it is written (`positive: 1.0` is "1.0"), and a
 * setting without a value counts as not given. The values are those of JSON: whatever else YAML can say (tags, merge keys,
 * control characters, another version) is a problem at its place.
 */
export function readTree(text: string, schema: unknown): Tree {
  const lines = new LineCounter();
  const tree: Tree = { value: undefined, origins: new Map(), problems: [] };
  const document = parseYaml(text, lines);
  for (const { message, pos } of syntaxErrors(document))
    tree.problems.push({ path: '', message: `not valid YAML: ${message}`, ...at(pos[0]) });
  const { explicit, version } = document.directives?.yaml ?? {};
  if (explicit && version !== '1.2')
    tree.problems.push({ path: '', message: `got %YAML ${version}, expected 1.2 or no such line`, ...at(0) });
  if (tree.problems.length > 0) return tree;

  const targets = targetsOf(document);
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
    refuseTag(node, path);
    if (isAlias(node)) {
      const target = targets.get(node);
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
    const asWritten = (isText(schema) && node.value !== null) || node.tag === textTag;
    const value = asWritten ? (node.source ?? node.value) : node.value;
    const odd = typeof value === 'string' ? unreadable(value) : undefined;
    if (odd !== undefined) {
      const message = `got ${odd} in ${shown(String(value))}, expected text that can be read`;
      tree.problems.push({ path, message, ...at(node.range?.[0]) });
    }
    return value;
  }

  function refuseTag({ tag, range }: Node, path: string) {
    if (tag === undefined || tag === textTag) return;
    const written = tag.replace('tag:yaml.org,2002:', '!!');
    const message = `got the tag ${shown(written).slice(1, -1)}, expected none: write the value alone, a text in quotes`;
    tree.problems.push({ path, message, ...at(range?.[0]) });
  }

  function readMap(items: Pair<Node, Node | null>[], schema: unknown, path: string, depth: number) {
    const fields = fieldsOf(schema);
    const result: Record<string, unknown> = {};
    const first = new Map<string, number>();
    for (const { key, value } of items) {
      const start = at(key.range?.[0]);
      const name = isScalar(key) ? String(key.source ?? key.value) : undefined;
      if (key.tag !== undefined) refuseTag(key, path);
      const odd = oddKey(name);
      if (name === undefined || odd !== undefined) {
        tree.problems.push({ path, message: `got ${odd}`, ...start });
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

/** Why a key cannot name a setting; undefined if it can. */
function oddKey(name: string | undefined): string | undefined {
  if (name === undefined) return 'a list or mapping as a key, expected a name';
  if (name === '__proto__') return 'the key "__proto__", expected a name';
  if (name === '<<')
    return 'the merge key <<, expected the settings themselves, or an alias as the whole value';
  if (name.length > mostInKey)
    return `a key of ${name.length} characters, expected at most ${mostInKey}: ${shown(name)}`;
  const odd = unreadable(name);
  return odd && `${odd} in the key ${shown(name)}, expected a name that can be read`;
}

/** The first character that no text of a setting may have: a control character, or half of a surrogate pair. */
function unreadable(text: string): string | undefined {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
  const [found] = /[\0-\x08\v\f\x0e-\x1f\x7f]|\p{Cs}/u.exec(text) ?? [];
  return found && `the character U+${found.charCodeAt(0).toString(16).toUpperCase().padStart(4, '0')}`;
}

/** The node that each alias stands for: the nearest above it with its anchor. */
function targetsOf(document: ReturnType<typeof parseYaml>): Map<Alias, Node> {
  const anchors = new Map<string, Node>();
  const targets = new Map<Alias, Node>();
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target) targets.set(node, target);
      } else if (node.anchor !== undefined) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

function parseYaml(text: string, lineCounter: LineCounter) {
  return parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: false, logLevel: 'error' });
}

/** The first three distinct errors: one slip makes many. */
function syntaxErrors(document: ReturnType<typeof parseYaml>) {
  const errors = [...document.errors, ...document.warnings].map(({ message, pos }) => ({
    message: /call stack/.test(message)
      ? 'settings are nested too deeply'
      : lowerFirst(message.replace(/; please use .*$/, ', expected one')),
    pos,
  }));
  return errors
    .filter(({ message }, index) => errors.findIndex((other) => other.message === message) === index)
    .slice(0, 3);
}

const lowerFirst = (text: string) => text.charAt(0).toLowerCase() + text.slice(1);
