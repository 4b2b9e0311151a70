/** A time from `from` on, before `to`. Milliseconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** Windows are counted from a Monday on. */
const monday = Date.parse('1970-01-05T00:00:00Z');

/** The start of the window of a moment. Times in milliseconds, the window's length in seconds. */
export function startOf(moment: number, window: number): number {
  const length = window * 1000;
  return monday + Math.floor((moment - monday) / length) * length;
}

/** The windows that a time touches. */
export function windowsOf({ from, to }: Span, window: number): Span[] {
  const found: Span[] = [];
  for (let start = startOf(from, window); start <= to; start += window * 1000)
    found.push({ from: start, to: start + window * 1000 });
  return found;
}
