import { SetupError } from '../../errors.ts';
import type { Clock } from '../../ports.ts';

/**
 * This machine's clock. MLOPS_CLOCK_SHIFT, a whole number of seconds, moves it for everything that runs record, so that an
 * example can play weeks in a minute; locks and marks of running processes keep the real time.
 *
 * @throws SetupError if MLOPS_CLOCK_SHIFT is no whole number
 */
export function embeddedClock(environment: NodeJS.ProcessEnv = process.env): Clock {
  const text = environment.MLOPS_CLOCK_SHIFT ?? '0';
  if (!/^-?\d{1,10}$/.test(text))
    throw new SetupError(`MLOPS_CLOCK_SHIFT: got '${text}', expected a whole number of seconds`);
  const shift = 1000 * Number(text);
  return { now: () => new Date(Date.now() + shift) };
}
