import { beforeEach, expect, test } from '@jest/globals';
import { parseConfig } from '../config/load.ts';
import { sha256 } from '../hash.ts';
import type { LedgerItem } from '../ports.ts';
import type { StepContext } from '../steps/context.ts';
import { checkMonitoring, labelDelayCheck } from './monitor.ts';

const { monitoring } = parseConfig(
  'project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\n' +
    'monitoring: { truth: "s3://truth/churn/", label_delay: 30d, decay: { min: 0.7 } }\n',
);
if (monitoring === null) throw new Error('expected monitoring');

let items: Map<string, unknown>;
let objects: Map<string, string>;
let packages: Map<string, unknown>;
const context = {
  model: 'churn',
  root: 's3://a/churn',
  clock: { now: () => new Date('2026-03-04T06:00:00Z') },
  registry: { get: async (name: string) => packages.get(name) ?? null },
  storage: {
    list: async (prefix: string) =>
      [...objects.keys()]
        .filter((uri) => uri.startsWith(prefix))
        .map((uri) => ({ uri, bytes: 1, version: '1' })),
    read: async (uri: string) => {
      const text = objects.get(uri);
      if (text === undefined) throw new Error(`${uri}: no such object`);
      return new TextEncoder().encode(text);
    },
  },
  ledger: {
    get: async (kind: string, id: string) => {
      const value = items.get(`${kind} ${id}`);
      return value === undefined ? null : ({ id, version: 1, value } as LedgerItem<never>);
    },
    list: async (kind: string) =>
      [...items]
        .filter(([key]) => key.startsWith(`${kind} `))
        .map(([key, value]) => ({ id: key.slice(kind.length + 1), version: 1, value })),
  },
} as unknown as StepContext;

const kept = (windows: object[], labels: object | null = null) =>
  JSON.stringify({ version: 1, at: '2026-03-04T03:00:00Z', truth: '1', labels, history: { windows } });
function looked(history: string, at = '2026-03-04T03:00:00Z'): void {
  objects.set('s3://a/churn/looks/1/history.json', history);
  items.set('monitoring current', {
    uri: 's3://a/churn/looks/1/history.json',
    sha256: sha256(history),
    execution: 'look-1',
    at,
  });
  items.set('finding look-1', {
    look: 'look-1',
    status: 'succeeded',
    finished_at: at,
    finding: 'healthy',
    state: {},
  });
}
const reference = JSON.stringify({ version: 1, rows: 300, columns: [{}, {}] });

beforeEach(() => {
  items = new Map<string, unknown>([['pointer current', { package: 'churn/7', release: 'r' }]]);
  objects = new Map([
    ['s3://truth/churn/1.csv', 'id,left'],
    ['s3://a/churn/packages/7/reference.json', reference],
  ]);
  packages = new Map([
    ['churn/7', { reference: { uri: 's3://a/churn/packages/7/reference.json', sha256: sha256(reference) } }],
  ]);
  looked(kept([]));
});

async function checks() {
  const found = await checkMonitoring(monitoring as NonNullable<typeof monitoring>, context, 'Look again.');
  return Object.fromEntries(found.map(({ name, outcome, detail }) => [name, `${outcome}: ${detail}`]));
}

test('all that looks need is there', async () => {
  expect(await checks()).toEqual({
    Looks: 'ok: the last one was 3h ago: healthy',
    Reference: 'ok: churn/7: 300 rows of its holdout, 2 columns',
    Truth: 'ok: s3://truth/churn/: 1 file',
    'Label delay': 'ok: 30d: no window is due yet',
  });
});

test('looks that do not come, that fail, or whose history is another one', async () => {
  looked(kept([]), '2026-03-02T20:00:00Z');
  expect((await checks()).Looks).toMatch(/^warning: the last one was 1d10h ago, expected one within/);
  looked(kept([]));
  objects.set('s3://a/churn/looks/1/history.json', kept([{}]));
  expect((await checks()).Looks).toMatch(/^problem: .*history\.json/);
  looked(kept([]));
  items.set('finding look-2', {
    look: 'look-2',
    status: 'failed',
    finished_at: '2026-03-04T05:00:00Z',
    state: { error: { Error: 'AlgorithmError', Cause: 'the disk is full' } },
  });
  expect((await checks()).Looks).toBe(
    'problem: the last one, look-2, failed: AlgorithmError: the disk is full',
  );
  items = new Map();
  expect((await checks()).Looks).toBe('warning: nothing has looked at production yet');
});

test('a package without a reference, or with another one, and labels that are not there', async () => {
  packages.set('churn/7', {});
  objects.delete('s3://truth/churn/1.csv');
  const without = await checks();
  expect(without.Reference).toMatch(/^warning: churn\/7 was registered by an earlier version/);
  expect(without.Truth).toMatch(/^warning: s3:\/\/truth\/churn\/: got no object/);
  packages.set('churn/7', { reference: { uri: 's3://a/churn/packages/7/reference.json', sha256: 'x' } });
  expect((await checks()).Reference).toMatch(/^problem: /);
});

const window = (state: string, due: string, labelled: number, rows = 100) => ({
  summary: { rows },
  labels: {
    state,
    due,
    coverage: [
      { rows, labelled: rows },
      { rows, labelled },
      { rows: 0, labelled: 0 },
    ],
  },
});
const delay = (windows: object[], counts: { unknown?: number; matched?: number } = {}) => {
  const known = { at: '2026-03-04T03:00:00Z', windows: windows as never, unknown: 0, matched: 5, ...counts };
  const { outcome, detail } = labelDelayCheck({ label_delay: 30 * 86_400, coverage: 0.5 }, known);
  return `${outcome}: ${detail}`;
};

test.each([
  [
    'too short',
    [window('mature', '2026-02-01', 90), window('not yet', '2026-03-01', 20)],
    'warning: 1 window of 2 that ended',
  ],
  ['right', [window('mature', '2026-02-01', 90)], 'ok: 30d: every window that is due has its labels (1)'],
  ['too long', [window('not yet', '2026-03-20', 60)], 'ok: 1 window had enough labels before 30d'],
  ['not over', [window('not yet', '2026-03-20', 10)], 'ok: 30d: no window is due yet'],
  ['nothing to tell by', [window('not yet', '2026-02-01', 0, 0)], 'ok: 30d: no window is due yet'],
])('a label delay that is %s', (_, windows, expected) => {
  expect(delay(windows)).toContain(expected);
});

test('labels of which no prediction has the ids are no matter of time', () => {
  expect(delay([window('not yet', '2026-02-01', 0)], { matched: 0, unknown: 40 })).toBe(
    'problem: 40 labels, and no prediction has one of their row ids',
  );
  expect(delay([window('not yet', '2026-02-01', 10)])).toContain('at best 10 % of each tenth');
});
