import type { Catcher, Retrier, State } from '../../../machines/asl.ts';
import { TaskError } from './execution.ts';

/** No Retry or Catch, not even States.ALL, handles these: AWS ends the execution. */
export const terminal: ReadonlySet<string> = new Set(['States.Runtime', 'States.DataLimitExceeded']);

/** The reaction to a failure: another attempt after some seconds, or the state that a catcher names. */
type Recovery =
  | { readonly retryAfter: number }
  | { readonly catcher: Catcher; readonly errorOutput: { readonly Error: string; readonly Cause: string } };

/**
 * Applies a state's Retry and Catch to each failure of one visit; undefined if neither handles it. Every retrier
 * counts its own retries over the visit: https://states-language.net/spec.html#complex-retry-scenarios
 */
export function recovery(state: State): (error: unknown) => Recovery | undefined {
  const retriers = 'Retry' in state ? (state.Retry ?? []) : [];
  const catchers = 'Catch' in state ? (state.Catch ?? []) : [];
  const retries = new Map<Retrier, number>();
  return (error) => {
    if (!(error instanceof TaskError) || terminal.has(error.name)) return undefined;
    const retrier = retriers.find((each) => takes(each.ErrorEquals, error.name));
    if (retrier) {
      const count = retries.get(retrier) ?? 0;
      retries.set(retrier, count + 1);
      if (count < (retrier.MaxAttempts ?? 3)) return { retryAfter: interval(retrier, count) };
    }
    const catcher = catchers.find((each) => takes(each.ErrorEquals, error.name));
    return catcher && { catcher, errorOutput: { Error: error.name, Cause: error.message } };
  };
}

function takes(names: readonly string[], error: string): boolean {
  return names.some(
    (name) =>
      name === error || name === 'States.ALL' || (name === 'States.TaskFailed' && error !== 'States.Timeout'),
  );
}

/** The seconds before a retry. @param count the retrier's earlier retries */
function interval(retrier: Retrier, count: number): number {
  const { IntervalSeconds = 1, BackoffRate = 2, MaxDelaySeconds = Infinity, JitterStrategy } = retrier;
  const longest = Math.min(IntervalSeconds * BackoffRate ** count, MaxDelaySeconds);
  return JitterStrategy === 'FULL' ? Math.random() * longest : longest;
}
