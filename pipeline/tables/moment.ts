import { isNumber } from './cell.ts';

/*
 * A column of times (data.split.by: time): ISO 8601 dates and timestamps, or numbers. The prepare job reads them the same
 * way (pipeline/prepare, moment.py).
 */

/** microseconds since 1970, UTC, of a date; the number itself of a number. */
export interface Moment {
  time: number;
  kind: 'date' | 'number';
}

const iso =
  /^(\d{4})-(\d\d)(?:-(\d\d)(?:[T ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?(Z|UTC|[+-]\d\d(?::?\d\d)?))?)?)?$/;
const microsecondsADay = 86_400e6;

/** The time that a text writes, or null. A timestamp without a zone is in UTC; a fraction is cut to microseconds. */
export function momentOf(field: string): Moment | null {
  const text = field.trim();
  const found = iso.exec(text);
  if (!found) return isNumber(text, '.') ? { time: Number(text), kind: 'number' } : null;
  const [year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((part) => (part === undefined ? undefined : Number(part)));
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  const exists = year > 0 && date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  if (!exists || hour > 23 || minute > 59 || second > 59) return null;
  const seconds = hour * 3600 + minute * 60 + second - offsetOf(found[8]);
  const fraction = Number((found[7] ?? '').slice(0, 6).padEnd(6, '0'));
  return { time: date.getTime() * 1e3 + seconds * 1e6 + fraction, kind: 'date' };
}

/** Seconds ahead of UTC. */
function offsetOf(zone = 'Z'): number {
  if (zone === 'Z' || zone === 'UTC') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const seconds = Number(digits.slice(0, 2)) * 3600 + Number(digits.slice(2)) * 60;
  return zone.startsWith('-') ? -seconds : seconds;
}

/** The latest time that at least `share` of all times are at or after; equal times are on one side. Sorts the times. */
export function boundaryOf(times: Float64Array, share: number): number {
  const held = Math.max(1, Math.ceil(share * times.length - 1e-9));
  return times.sort()[times.length - held] ?? Number.NaN;
}

/** The largest number of each unit of Unix time, and how many units a second has. */
const units = [
  [1e8, 1e11, 1],
  [1e11, 1e14, 1e3],
  [1e14, 1e17, 1e6],
  [1e17, 1e20, 1e9],
] as const;

/** Units a second of numbers from `least` to `most` that are Unix times in one unit (1e3: milliseconds), or null. */
export const unitOf = (least: number, most: number): number | null =>
  units.find(([low, high]) => low <= least && most < high)?.[2] ?? null;

/** The time as text, such as 2024-03-01, 2024-03-01T12:00:00Z or 1984. */
export function writtenMoment({ time, kind }: Moment): string {
  if (kind === 'number') return String(time);
  const text = new Date(Math.floor(time / 1e3)).toISOString();
  if (time % microsecondsADay === 0) return text.slice(0, 10);
  const fraction = ((time % 1e6) + 1e6) % 1e6;
  return `${text.slice(0, 19)}${fraction === 0 ? '' : `.${String(fraction).padStart(6, '0')}`}Z`;
}
