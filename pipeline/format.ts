/** Number formats for a verdict's sentences and every rendering: .854, +.012, 3.2 s, $0.04. Minus is U+2212. */

const MINUS = '−';
const NONE = '–';

/**
 * Number of decimals that shows three or four digits of a number of this size: 3 below 10, then fewer. Numbers shown
 * side by side share the decimals of the largest.
 */
export function decimalsFor(...values: (number | null | undefined)[]): number {
  const size = Math.max(0, ...values.map((value) => Math.abs(value ?? 0)).filter(Number.isFinite));
  if (size === 0) return 3;
  if (size < 0.01) return Math.min(9, 2 - Math.floor(Math.log10(size)));
  return size < 10 ? 3 : size < 100 ? 2 : size < 1000 ? 1 : 0;
}

/** .854, 1.043, 53.98, 12,345; an en dash for a missing value. */
export function formatValue(value: number | null | undefined, decimals = decimalsFor(value)): string {
  if (value === null || value === undefined) return NONE;
  if (!Number.isFinite(value)) return 'not a number';
  const text = grouped(Math.abs(value), decimals);
  const digits = text.startsWith('0.') ? text.slice(1) : text;
  return value < 0 && /[1-9]/.test(digits) ? MINUS + digits : digits;
}

/** Like formatValue, but with a sign unless the value rounds to zero. */
export function formatSigned(value: number | null | undefined, decimals = decimalsFor(value)): string {
  const text = formatValue(value, decimals);
  return value !== null && value !== undefined && value > 0 && /[1-9]/.test(text) ? `+${text}` : text;
}

/** Two values with the given decimals, or with as many more as are needed to tell them apart. */
export function formatApart(a: number, b: number, decimals = decimalsFor(a, b)): [string, string] {
  let digits = decimals;
  while (digits < 17 && a !== b && formatValue(a, digits) === formatValue(b, digits)) digits++;
  return [formatValue(a, digits), formatValue(b, digits)];
}

/** [.797, .905]; empty if there is no interval. */
export function formatInterval(
  interval: readonly [number, number] | null | undefined,
  decimals = decimalsFor(...(interval ?? [])),
  format = formatValue,
): string {
  return interval ? `[${format(interval[0], decimals)}, ${format(interval[1], decimals)}]` : '';
}

/** 1,270 */
export function formatCount(count: number): string {
  return grouped(count, 0);
}

/** "1 row", "1,270 rows" */
export function formatCountOf(count: number, one: string, many = `${one}s`): string {
  return `${formatCount(count)} ${count === 1 ? one : many}`;
}

/** Seconds as mlops.yaml writes a duration: 7d, 1h30m. */
export function formatDuration(seconds: number): string {
  let rest = seconds;
  const parts = (
    [
      ['d', 86_400],
      ['h', 3_600],
      ['m', 60],
      ['s', 1],
    ] as const
  ).map(([unit, size]) => {
    const count = Math.floor(rest / size);
    rest -= count * size;
    return count === 0 ? '' : `${count}${unit}`;
  });
  return parts.join('') || '0s';
}

/** 16 %, or 99.5 % if the first decimal is not zero. */
export function formatPercent(share: number): string {
  return `${(share * 100).toFixed(1).replace(/\.0$/, '')} %`;
}

/** A confidence level with six digits, so that none rounds to 100 %: 95 %, 99.75 % */
export function formatConfidence(level: number): string {
  return `${Number((100 * level).toPrecision(6))} %`;
}

/** .31, < .001 */
export function formatP(p: number | null): string {
  if (p === null) return NONE;
  return p < 0.001 ? '< .001' : formatValue(p, p < 0.1 ? 3 : 2);
}

/** 45 ms, 3.2 s, 42 s, 3 min 05 s, 1 h 04 min */
export function formatSeconds(seconds: number): string {
  if (!Number.isFinite(seconds)) return NONE;
  if (seconds < 0.0995) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  const minutes = Math.floor(whole / 60);
  if (minutes < 60) return `${minutes} min ${String(whole % 60).padStart(2, '0')} s`;
  return `${Math.floor(minutes / 60)} h ${String(minutes % 60).padStart(2, '0')} min`;
}

/** $0, < $0.01, $0.04, $1,234.50 */
export function formatUsd(usd: number | null): string {
  if (usd === null || !Number.isFinite(usd)) return NONE;
  if (usd === 0) return '$0';
  if (usd < 0.005) return '< $0.01';
  return `$${grouped(usd, 2)}`;
}

/** 2026-11-22 17:07 UTC, from ISO 8601; any other text unchanged. */
export function formatTime(iso: string): string {
  const time = new Date(iso);
  return Number.isNaN(time.getTime()) ? iso : `${time.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function grouped(value: number, decimals: number): string {
  const [whole = '', fraction] = value.toFixed(decimals).split('.');
  const separated = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}
