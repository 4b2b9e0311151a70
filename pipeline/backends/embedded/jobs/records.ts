/**
 * The filters of a batch transform, and its join of input and output. A record is one line of text, without its line
 * end. Filters keep the text as it is: a CSV field keeps its quotes, a number its digits.
 */

import { pickFields, type Range } from './plain-lines.ts';

export type RecordFormat = 'csv' | 'jsonlines';

/** A record cannot be filtered or joined; the caller adds the line. */
export class RecordError extends Error {}

export interface RecordFilter {
  /** Filters one record. */
  one(record: string): string;
  /**
   * Filters plain lines (plain-lines.ts), many at a time; undefined where each has to be filtered by itself.
   * @param into - where they may be written, as long as the lines, such as the lines themselves
   */
  plain(lines: Buffer, into?: Buffer): Buffer | undefined;
}

/**
 * Makes a filter from a JsonPath, in the subset that batch transform supports: for CSV `$` and `$[...]` with
 * comma-separated indexes (also negative) and slices (`$[0,1,5:]`); for JSON Lines `$`, names (`$.a.b`) and lists of
 * names (`$['a','b']`). A slice ends before its second number.
 * @throws RecordError for any other path
 */
export function recordFilter(path: string, format: RecordFormat): RecordFilter {
  if (path === '$' || path === '') return { one: (record) => record, plain: (lines) => lines };
  return format === 'csv' ? csvFilter(path) : jsonFilter(path);
}

/** Joins records as with JoinSource=Input: appends CSV fields, or adds the member SageMakerOutput to a JSON object. */
export function joinRecords(input: string, output: string, format: RecordFormat): string {
  if (format === 'csv') return `${input},${output}`;
  const [value, result] = [parseJson(input), parseJson(output)];
  return JSON.stringify(
    isObject(value)
      ? { ...value, SageMakerOutput: result }
      : { SageMakerInput: value, SageMakerOutput: result },
  );
}

type Selector = number | { from: number | undefined; to: number | undefined };

function csvFilter(path: string): RecordFilter {
  const items = /^\$\[(.*)\]$/.exec(path)?.[1]?.split(',');
  if (!items) throw wrongPath(path, 'for CSV expected indexes: $[0], $[1:], $[0,1,5:]');
  const selectors = items.map((item): Selector => {
    const match = /^\s*(-?\d+)?\s*(?:(:)\s*(-?\d+)?)?\s*$/.exec(item);
    const [, first, colon, second] = match ?? [];
    if (!match || (first === undefined && !colon)) {
      throw wrongPath(path, `expected an index or a slice, found ${JSON.stringify(item)}`);
    }
    if (!colon) return Number(first);
    return {
      from: first === undefined ? undefined : Number(first),
      to: second === undefined ? undefined : Number(second),
    };
  });
  const ranges = rangesOf(selectors);
  const one = (record: string) => {
    const fields = splitCsv(record);
    const chosen = selectors.flatMap((selector) => {
      const part =
        typeof selector === 'number'
          ? fields.slice(selector, selector === -1 ? undefined : selector + 1)
          : fields.slice(selector.from, selector.to);
      // slice() reads an index before the first field as the first field.
      const from = typeof selector === 'number' ? selector : (selector.from ?? 0);
      if (!part.length || from < -fields.length) {
        throw new RecordError(`the filter ${path} asks for a field beyond the ${fields.length} that it has`);
      }
      return part;
    });
    return chosen.join(',');
  };
  return { one, plain: (lines, into) => ranges && pickFields(lines, ranges, into) };
}

/** The selectors as ranges, joined where they touch; undefined unless they count from the first field and ascend. */
function rangesOf(selectors: readonly Selector[]): Range[] | undefined {
  const ranges: Range[] = [];
  for (const selector of selectors) {
    const [from, to] =
      typeof selector === 'number' ? [selector, selector + 1] : [selector.from ?? 0, selector.to];
    const last = ranges.at(-1);
    if (from < 0 || (to !== undefined && to <= from)) return undefined;
    if (last !== undefined && (last.to === undefined || from < last.to)) return undefined;
    // An open range is empty, which is an error, where the line ends with the range before it.
    if (last?.to === from && to !== undefined) last.to = to;
    else ranges.push({ from, to });
  }
  return ranges;
}

/**
 * The fields of one line by RFC 4180, as they are written, quotes included.
 * @throws RecordError for a quote that does not close, because a line break within quotes cannot be split by line
 */
function splitCsv(line: string): string[] {
  if (!line.includes('"')) return line.split(',');
  const fields: string[] = [];
  const field = /("(?:[^"]|"")*"|[^",]*)(,|$)/y;
  for (;;) {
    const at = field.lastIndex;
    const match = field.exec(line);
    if (!match) {
      const json = /^\{\s*"/.test(line.slice(at)) ? line.slice(at, at + 80) : null;
      if (json !== null)
        throw new RecordError(
          `field ${fields.length + 1} is JSON: ${json}, expected CSV: let serve answer plain fields, or take and answer JSON ` +
            'Lines: model: { content_type: application/jsonlines }',
        );
      throw new RecordError(
        `misplaced quote in field ${fields.length + 1}, at character ${at + 1}: expected RFC 4180, "" for a quote ` +
          'within quotes, and no line break within a field (use JSON Lines for those)',
      );
    }
    fields.push(match[1] as string);
    if (match[2] === '') return fields;
  }
}

function jsonFilter(path: string): RecordFilter {
  const steps: string[][] = [];
  const step = /\.([A-Za-z_][\w-]*)|\.?\[\s*('[^']+'(?:\s*,\s*'[^']+')*)\s*\]/y;
  step.lastIndex = 1;
  while (step.lastIndex < path.length) {
    const match = path.startsWith('$') ? step.exec(path) : null;
    if (!match || (steps.at(-1)?.length ?? 1) > 1) {
      throw wrongPath(path, "for JSON Lines expected names: $.features, $['a','b']");
    }
    steps.push(
      match[1] === undefined
        ? [...(match[2] as string).matchAll(/'([^']+)'/g)].map((m) => m[1] as string)
        : [match[1]],
    );
  }
  if (!path.startsWith('$')) throw wrongPath(path, 'expected $ at the beginning');
  const one = (record: string) => {
    const chosen = steps.reduce<unknown>((value, names) => {
      if (!isObject(value))
        throw new RecordError(`the filter ${path} expects an object, found ${JSON.stringify(value)}`);
      const missing = names.find((name) => !Object.hasOwn(value, name));
      if (missing !== undefined) {
        throw new RecordError(
          `the filter ${path} expects the member ${JSON.stringify(missing)}, found ${Object.keys(value).join(', ') || 'none'}`,
        );
      }
      const [only] = names;
      if (names.length === 1 && only !== undefined) return value[only];
      return Object.fromEntries(names.map((name) => [name, value[name]]));
    }, parseJson(record));
    return JSON.stringify(chosen);
  };
  return { one, plain: () => undefined };
}

/** Parses JSON and keeps the text of numbers, so that a long one loses no digit. */
function parseJson(text: string): unknown {
  try {
    return JSON.parse(text, (_key, value: unknown, context?: { source: string }) =>
      typeof value === 'number' && context ? rawJson(context.source) : value,
    );
  } catch (error) {
    throw new RecordError(`expected JSON: ${(error as Error).message}`);
  }
}

// In Node since 22, but not in TypeScript's libraries yet.
const { rawJSON: rawJson, isRawJSON: isRawJson } = JSON as unknown as {
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
};

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawJson(value);
}

function wrongPath(path: string, what: string): RecordError {
  return new RecordError(`filter ${JSON.stringify(path)}: ${what}`);
}
