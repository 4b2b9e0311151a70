/**
 * What a run waits for, from the error of a failed task; null if the error is no reason to wait. The machine waits for the
 * lease (machines/train.ts) and for a service that refuses a call for the moment (machines/states.ts).
 */
export function waitingReason(error = '', cause = ''): string | null {
  if (error === 'LeaseHeldError') {
    const holder = /run ([\w-]+) has the lease/.exec(cause)?.[1];
    return `waiting for the lease ${holder ? `held by ${holder}` : 'that another run takes at this moment'}`;
  }
  // States.TaskFailed is a job that ran: what it says is its own.
  if (error === 'States.TaskFailed' || !/^\w+\.\w+$/.test(error)) return null;
  const said = `${error} ${cause}`;
  const [, quota, limit] = /service limit '([^']+)' is (\d+)/.exec(cause) ?? [];
  if (limit === '0') return null;
  if (quota !== undefined) return `waiting for room in the account's quota '${quota}' of ${limit}`;
  if (/ResourceLimitExceeded|ResourceNumberLimitExceeded|limit on the number of vCPUs/.test(said))
    return 'waiting for room in a quota of the account, which other jobs use up';
  if (/ConcurrentRunsExceeded/.test(said)) return 'waiting for another prepare job to end';
  if (/Throttling|Rate exceeded/.test(said)) return 'waiting because AWS throttles the account';
  return /Status Code: 5/.test(cause) ? 'waiting for the service, which failed' : null;
}
