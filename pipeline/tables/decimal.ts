/** The powers of ten that a float64 represents exactly. */
const POWERS = Float64Array.from({ length: 23 }, (_, k) => Number(`1e${k}`));

const EXPONENT = /^[eE][+-]?\d+$/;

/**
 * Parses a part of a text as a decimal number, correctly rounded: `[+-]digits[.digits][e[+-]digits]`. Returns NaN for
 * anything else (nan, inf, hexadecimal, blanks). Up to 15 digits take one exact division.
 */
export function parseDecimal(text: string, start: number, end: number): number {
  let i = start;
  let code = text.charCodeAt(i);
  const negative = code === 45;
  if (negative || code === 43) i++;
  let mantissa = 0;
  let digits = 0;
  let point = -1;
  const first = i;
  for (; i < end; i++) {
    code = text.charCodeAt(i);
    if (code >= 48 && code <= 57) {
      mantissa = 10 * mantissa + (code - 48);
      if (mantissa > 0) digits++;
    } else if (code === 46 && point === -1) point = i;
    else break;
  }
  if (i - first - (point === -1 ? 0 : 1) === 0) return Number.NaN;
  if (i < end) return EXPONENT.test(text.slice(i, end)) ? Number(text.slice(start, end)) : Number.NaN;
  const decimals = point === -1 ? 0 : end - point - 1;
  if (digits > 15 || decimals > 22) return Number(text.slice(start, end));
  const value = mantissa / POWERS[decimals]!;
  return negative ? -value : value;
}
