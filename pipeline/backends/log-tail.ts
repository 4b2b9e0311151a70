/** The number of log lines in a failure, if no traceback at the end is longer. */
const LINES = 20;
/** The number of log lines to keep, so that a traceback at the end is whole. */
export const MOST_LINES = 400;

const TRACEBACK = /^\s*Traceback \(most recent call last\):/;
/** Python writes this between the traceback of an error and that of the error that it led to. */
const LED_TO = /^(The above exception was the direct cause|During handling of the above exception)/;

/** The lines of a log that explain a failure: the last twenty, and all of a traceback that ends among them. */
export function logTail(lines: readonly string[]): string[] {
  const first = Math.max(0, lines.length - LINES);
  let begin = lines.findLastIndex((line) => TRACEBACK.test(line));
  const error = lines.findIndex((line, at) => at > begin && /^\S/.test(line));
  if (begin < 0 || (error >= 0 && error < first)) return lines.slice(first);
  while (LED_TO.test(lines.slice(0, begin).findLast((line) => line !== '') ?? ''))
    begin = lines.slice(0, begin).findLastIndex((line) => TRACEBACK.test(line));
  return lines.slice(Math.min(first, Math.max(begin, 0)));
}
