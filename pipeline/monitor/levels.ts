import type { Config } from '../config/schema.ts';

/** Seconds. */
export const YEAR = 365.25 * 86_400;

/** How often windows are judged, and what share of false alarms that leaves to each. */
export interface Levels {
  windowsPerYear: number;
  /** Of one window, for everything that is tested in it. */
  window: number;
  /** Of one window's scores, and of its columns: half each. */
  half: number;
}

/** The share of healthy years with a false alarm, where drift is off and estimates alone are judged. */
const USUAL_FALSE_ALARMS = 0.05;

/** Spreads a year's false alarms evenly over its windows: 1 - (1 - share)^(1 / windows). */
export function levelsOf({
  drift,
  window,
}: Pick<NonNullable<Config['monitoring']>, 'drift' | 'window'>): Levels {
  const windowsPerYear = YEAR / window;
  const level = -Math.expm1(Math.log1p(-(drift?.false_alarms ?? USUAL_FALSE_ALARMS)) / windowsPerYear);
  return { windowsPerYear, window: level, half: level / 2 };
}
