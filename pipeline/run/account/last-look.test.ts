import { beforeEach, expect, test } from '@jest/globals';
import { parseConfig } from '../../config/load.ts';
import type { LedgerItem } from '../../ports.ts';
import { parseLookResult } from '../../report/parse-look-result.ts';
import type { StepContext } from '../../steps/context.ts';
import { lastLook } from './last-look.ts';

const config = parseConfig(
  'project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\n' +
    'monitoring: { truth: truth.csv, decay: { min: 0.7, cool_down: 3d } }\n',
);
let items: Map<string, unknown>;
const context = {
  clock: { now: () => new Date('2026-03-04T06:00:00Z') },
  ledger: {
    get: async (kind: string, id: string) => {
      const value = items.get(`${kind} ${id}`);
      return value === undefined ? null : ({ id, version: 1, value } as LedgerItem<never>);
    },
    list: async () =>
      [...items]
        .filter(([key]) => key.startsWith('finding '))
        .map(([id, value]) => ({ id, version: 1, value })),
  },
  storage: {
    read: async (uri: string) =>
      new TextEncoder().encode(
        JSON.stringify({
          reason: `What ${uri} says.`,
          evidence: [],
          blind: [],
          next: [],
          card: { watched: [], smallest: [], cannot_see: [] },
        }),
      ),
  },
} as unknown as StepContext;

const looked = (look: string, finished_at: string, more: object = {}) =>
  items.set(`finding ${look}`, {
    look,
    finished_at,
    status: 'succeeded',
    finding: 'decayed',
    superseded: false,
    retrain: { wanted: true, why: 'Decay of churn/7.' },
    state: { plan: { at: '2026-03-04T03:00:00Z', package: 'churn/7' }, judged: { uri: look } },
    ...more,
  });
/** As post-report reads it. */
const last = async () => parseLookResult(JSON.stringify(await lastLook(config, context)));

beforeEach(() => {
  items = new Map<string, unknown>([['deployed current', { at: '2026-03-01T00:00:00Z' }]]);
});

test('the last look that changed something counts, whatever came after it and changed nothing', async () => {
  looked('look-1', '2026-03-03T03:10:00Z', { finding: 'healthy' });
  looked('look-2', '2026-03-04T03:10:00Z');
  looked('look-3', '2026-03-04T03:11:00Z', { superseded: true, finding: 'healthy' });
  looked('look-4', '2026-03-04T03:12:00Z', { status: 'cancelled', finding: null });
  expect(await last()).toMatchObject({
    execution: 'look-2',
    finding: 'decayed',
    reason: 'What look-2 says.',
    package: 'churn/7',
    retrain: { wanted: true, why: 'Decay of churn/7.' },
    cool_down: 3 * 86_400,
  });
});

test('a look that failed is told with its reason, whatever was found before', async () => {
  looked('look-1', '2026-03-03T03:10:00Z', { finding: 'healthy' });
  looked('look-2', '2026-03-04T03:10:00Z', {
    status: 'failed',
    finding: null,
    retrain: { wanted: false, why: 'The look failed, and found nothing.' },
    state: { failed_step: 'Judge', error: { Error: 'ArtifactChangedError', Cause: 'history.json' } },
  });
  expect(await last()).toMatchObject({
    finding: null,
    status: 'failed',
    failure: { step: 'Judge', error: 'ArtifactChangedError' },
    retrain: { wanted: false },
  });
});

test('looks that do not come any more are a failure, and never the healthy one of before', async () => {
  looked('look-1', '2026-03-02T23:00:00Z', { finding: 'healthy' });
  expect(await last()).toMatchObject({
    finding: null,
    failure: { error: 'LookOverdue', cause: expect.stringContaining('the last one, look-1, ended') },
  });
  items.delete('finding look-1');
  expect(await last()).toMatchObject({
    finding: null,
    failure: { cause: expect.stringContaining('there was none') },
  });
});

test('before the first look is due nobody can tell', async () => {
  items.set('deployed current', { at: '2026-03-04T00:00:00Z' });
  expect(await last()).toMatchObject({ finding: 'cannot tell', status: 'succeeded', failure: null });
  items.clear();
  expect(await last()).toMatchObject({ finding: 'cannot tell' });
});
