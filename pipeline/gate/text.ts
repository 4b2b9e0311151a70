/** Numbers as the gate's sentences show them: 3 significant digits, .854 without its zero. */
export function shownNumber(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return String(value);
  const text = String(Number(Math.abs(value).toPrecision(digits))).replace(/^0\./, '.');
  return value < 0 && text !== '0' ? `−${text}` : text;
}

/** Two numbers with as many digits as it takes to tell them apart. */
export function shownApart(a: number, b: number): [string, string] {
  let digits = 3;
  while (digits < 17 && a !== b && shownNumber(a, digits) === shownNumber(b, digits)) digits++;
  return [shownNumber(a, digits), shownNumber(b, digits)];
}

/** 0.95 as "95 %". */
export function shownPercent(share: number): string {
  return `${Number((100 * share).toPrecision(6))} %`;
}

/** 1,470 */
export function shownCount(count: number): string {
  return count.toLocaleString('en-US');
}
