import { expect, test } from '@jest/globals';
import { parseConfig } from '../../config/load.ts';
import type { ReleaseRecord } from '../../steps/release/release-record.ts';
import { releaseCostOf } from './release-cost-of.ts';

const config = parseConfig(
  'project: small\nproblem: binary\ndata: { source: data.csv, target: y, positive: "yes" }\n',
);
const job = (name: string, from: string, seconds: number, instance = 'ml.m5.large') => ({
  job: name,
  started: from,
  ended: new Date(Date.parse(from) + 1000 * seconds).toISOString(),
  instance,
  count: 1,
});

/** A release at 12:00 whose jobs have these times. */
const record = (state: object) =>
  ({
    started_at: '2026-11-27T12:00:00Z',
    state: { plan: { prepare: { size: { engine: 'processing' } } }, ...state },
  }) as unknown as Pick<ReleaseRecord, 'started_at' | 'state'>;

const ran = {
  laid: job('lay-out', '2026-11-27T12:01:00Z', 180),
  scored: job('predict', '2026-11-27T12:05:00Z', 360),
  delivered: {
    release: 'r',
    rows: 1,
    output: '',
    objects: [],
    ...job('deliver', '2026-11-27T12:12:00Z', 180),
  },
};

test('what was spent is the time of the jobs that the release started', () => {
  const found = releaseCostOf(record(ran), config, 'us-east-1');
  // Twelve minutes at $0.115 an hour.
  expect(found.spent_usd).toBeCloseTo(0.115 / 5, 10);
  expect(found).toMatchObject({ at_rest_usd_per_hour: 0, at_rest_usd_per_month: 0 });
  expect(found.note).toBe(
    'Cost: $0.02 spent (3 jobs at the on-demand prices of 2026-07-30); at rest $0/month.',
  );
});

test('what an earlier release had made costs nothing again', () => {
  const before = '2026-11-26T12:00:00Z';
  const reused = {
    laid: job('lay-out', before, 180),
    scored: job('predict', before, 360),
    delivered: { ...ran.delivered, ...job('deliver', before, 180) },
  };
  expect(releaseCostOf(record(reused), config, 'us-east-1')).toMatchObject({
    spent_usd: 0,
    note: 'Cost: $0 spent; at rest $0/month.',
  });
  const half = releaseCostOf(record({ ...reused, delivered: ran.delivered }), config, 'us-east-1');
  expect(half.spent_usd).toBeCloseTo((0.115 * 180) / 3600, 10);
});

test('a release that stopped before its jobs has spent nothing; on this machine nothing costs', () => {
  expect(releaseCostOf(record({ plan: undefined }), config, 'us-east-1').spent_usd).toBe(0);
  expect(releaseCostOf(record(ran), config, null)).toMatchObject({ spent_usd: 0, note: '' });
});

test('a job of unknown price is said', () => {
  const state = { ...ran, scored: job('predict', '2026-11-27T12:05:00Z', 360, 'ml.x9.large') };
  const found = releaseCostOf(record(state), config, 'us-east-1');
  expect(found.spent_usd).toBeNull();
  expect(found.note).toMatch(
    /^Cost: price not known .*Not counted: no price is known for ml\.x9\.large \(transform\) in us-east-1/,
  );
});

test('Glue bills a minute at least', () => {
  const glue = record({
    plan: { prepare: { size: { engine: 'glue' } } },
    laid: { ...job('lay-out', '2026-11-27T12:01:00Z', 10, 'G.1X'), count: 2 },
  });
  const found = releaseCostOf(glue, config, 'us-east-1');
  expect(found.spent_usd).toBeCloseTo((2 * 0.44) / 60, 10);
});

test('an endpoint goes on costing', () => {
  const endpoint = { ...config, inference: { ...config.inference, mode: 'endpoint' as const } };
  const found = releaseCostOf(record({}), endpoint, 'us-east-1');
  expect(found).toMatchObject({ spent_usd: 0, at_rest_usd_per_hour: 0.115 });
  expect(found.note).toBe(
    'Cost: $0 spent; at rest $0.115/hour, $83.95/month; $0.23/hour while an update is under way and both fleets run.',
  );
});
