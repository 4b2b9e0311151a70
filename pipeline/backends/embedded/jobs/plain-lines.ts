/**
 * Picks and joins the fields of many lines of CSV by their bytes: taking every line apart as text takes longer than most models.
 * Only of plain lines: UTF-8 in which every line ends with a line feed, and none with a carriage return before it.
 */
import { isUtf8 } from 'node:buffer';

/** Consecutive fields of a line, counted from 0; without `to` all to the end. */
export interface Range {
  from: number;
  /** The field before which it ends, more than `from`. */
  to: number | undefined;
}

export const LINE_FEED = 10;
const CARRIAGE_RETURN = 13;
const QUOTE = 34;
const COMMA = 44;
const MISPLACED = -1;

/** Whether these lines are plain. */
export function isPlain(lines: Buffer): boolean {
  return lines.at(-1) === LINE_FEED && !lines.includes(CARRIAGE_RETURN) && isUtf8(lines);
}

/**
 * Picks these fields of each plain line, as they are written.
 * @param ranges - ascending, none within another
 * @param picked - where they are written, as long as the lines; it may be the lines themselves
 * @returns the part of `picked` that was written; undefined if a line ends before they do, or has a misplaced quote by RFC 4180
 */
export function pickFields(
  lines: Buffer,
  ranges: readonly Range[],
  picked: Buffer = Buffer.allocUnsafe(lines.length),
): Buffer | undefined {
  const quoted = lines.includes(QUOTE);
  let written = 0;
  for (let begin = 0; begin < lines.length; ) {
    const end = lines.indexOf(LINE_FEED, begin);
    // The place at which the next field begins; behind the line's end after the last one.
    let at = begin;
    let field = 0;
    // By index: entries() would make millions of little arrays.
    for (let index = 0; index < ranges.length; index++) {
      const { from, to } = ranges[index] as Range;
      for (; field < from && at !== MISPLACED && at <= end; field++) at = afterField(lines, at, end);
      if (at === MISPLACED || at > end) return undefined;
      const start = at;
      for (; field < (to ?? 0); field++) {
        if (at > end) return undefined;
        at = afterField(lines, at, end);
        if (at === MISPLACED) return undefined;
      }
      if (index > 0) picked[written++] = COMMA;
      written += lines.copy(picked, written, start, to === undefined ? end : at - 1);
    }
    while (quoted && at <= end) {
      at = afterField(lines, at, end);
      if (at === MISPLACED) return undefined;
    }
    picked[written++] = LINE_FEED;
    begin = end + 1;
  }
  return picked.subarray(0, written);
}

/** The place behind the comma or line feed that ends a field; MISPLACED for a quote that does not begin or end it. */
function afterField(lines: Buffer, begin: number, end: number): number {
  let at = begin;
  if (lines[at] === QUOTE) {
    do {
      at = lines.indexOf(QUOTE, at + 1) + 1;
      if (at === 0 || at > end) return MISPLACED;
    } while (lines[at] === QUOTE);
    return at === end || lines[at] === COMMA ? at + 1 : MISPLACED;
  }
  while (at < end && lines[at] !== COMMA) {
    if (lines[at] === QUOTE) return MISPLACED;
    at++;
  }
  return at + 1;
}

/**
 * Joins each plain line, with a comma, to the one at the same place in the others, which are as many.
 * @param joined - where they are written, as long as both
 */
export function joinLines(
  lines: Buffer,
  others: Buffer,
  joined: Buffer = Buffer.allocUnsafe(lines.length + others.length),
): Buffer {
  let written = 0;
  let other = 0;
  for (let begin = 0; begin < lines.length; ) {
    const end = lines.indexOf(LINE_FEED, begin);
    written += lines.copy(joined, written, begin, end);
    joined[written++] = COMMA;
    begin = end + 1;
    const otherEnd = others.indexOf(LINE_FEED, other) + 1;
    written += others.copy(joined, written, other, otherEnd);
    other = otherEnd;
  }
  return joined;
}
