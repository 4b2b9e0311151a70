import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../../backends/embedded/images/python-context.fixture.ts';
import { FileLedger } from '../../backends/embedded/state/file-ledger.ts';
import { longestRun } from '../../machines/train.ts';
import { type ClosedExecution, close } from './close-run.ts';
import { checkLease, freeLease, LeaseHeldError, LeaseLostError, lease } from './lease.ts';
import { promote } from './promote.ts';
import { type RunRecord, runKind } from './run-record.ts';

/** A ledger, and a clock that the test moves. */
function world() {
  let now = Date.parse('2026-01-01T00:00:00Z');
  return {
    ledger: new FileLedger(temporaryFolder()),
    clock: { now: () => new Date(now) },
    wait: (seconds: number) => {
      now += seconds * 1000;
    },
  };
}

const closed = (execution: string): ClosedExecution => ({
  execution,
  arn: execution,
  status: 'ABORTED',
  started_at: '2026-01-01T00:00:00Z',
  finished_at: '2026-01-01T00:01:00Z',
  request: { mode: 'promote', config: { prepare: { engine: 'processing' } } } as ClosedExecution['request'],
  error: null,
  state: null,
  steps: [],
});

test('one run has it at a time, and gets the same number again', async () => {
  const context = world();
  const { fence } = await lease({ execution: 'a' }, context);
  expect(await lease({ execution: 'a' }, context)).toEqual({ fence });
  await expect(lease({ execution: 'b' }, context)).rejects.toThrow(LeaseHeldError);
  await expect(lease({ execution: 'b' }, context)).rejects.toThrow('run a has the lease');
  await checkLease({ execution: 'a', fence }, context);
});

test('numbers grow with every taking, and an older one is refused', async () => {
  const context = world();
  const first = await lease({ execution: 'a' }, context);
  await freeLease({ execution: 'a' }, context);
  await expect(checkLease({ execution: 'a', ...first }, context)).rejects.toThrow(LeaseLostError);
  const second = await lease({ execution: 'b' }, context);
  expect(second.fence).toBeGreaterThan(first.fence);
  await freeLease({ execution: 'b' }, context);
  const again = await lease({ execution: 'a' }, context);
  expect(again.fence).toBeGreaterThan(second.fence);
  await expect(checkLease({ execution: 'a', ...first }, context)).rejects.toThrow(LeaseLostError);
});

test('nobody frees the lease of another', async () => {
  const context = world();
  const { fence } = await lease({ execution: 'a' }, context);
  await freeLease({ execution: 'b' }, context);
  await checkLease({ execution: 'a', fence }, context);
});

test('of many at once exactly one gets it', async () => {
  const context = world();
  const runs = Array.from({ length: 20 }, (_, n) => lease({ execution: `run-${n}` }, context));
  const results = await Promise.allSettled(runs);
  expect(results.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
  for (const result of results)
    if (result.status === 'rejected') expect(result.reason).toBeInstanceOf(LeaseHeldError);
});

test('a lease outlasts the longest run; a run that nobody closed is then overtaken and may not promote', async () => {
  const context = world();
  const stale = await lease({ execution: 'a' }, context);
  context.wait(longestRun - 1);
  await expect(lease({ execution: 'b' }, context)).rejects.toThrow(LeaseHeldError);
  context.wait(2);
  await lease({ execution: 'b' }, context);
  const promotion = {
    execution: 'a',
    package: 'p/1',
    compared_with: null,
    expected_version: 0,
    reason: '',
    ...stale,
  };
  await expect(promote(promotion, context as never)).rejects.toThrow(LeaseLostError);
  expect(await context.ledger.list('champion')).toEqual([]);
});

test('closing a run records it once and frees its lease, however often it is asked', async () => {
  const context = world();
  await lease({ execution: 'a' }, context);
  const record = await close(closed('a'), context);
  expect(record).toMatchObject({ execution: 'a', status: 'cancelled' });
  await lease({ execution: 'b' }, context);
  expect(await close(closed('a'), context)).toEqual(record);
  expect(await context.ledger.get<RunRecord>(runKind, 'a')).toMatchObject({ version: 1, value: record });
  await expect(lease({ execution: 'c' }, context)).rejects.toThrow('run b has the lease');
});

test('a run that its machine recorded keeps that record', async () => {
  const context = world();
  await context.ledger.put(runKind, 'a', { execution: 'a', status: 'failed' });
  expect(await close(closed('a'), context)).toMatchObject({ status: 'failed' });
});
