import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { embeddedContext } from '../backends/embedded/embedded-context.ts';
import { openDuckDbQuery } from '../backends/embedded/query/duckdb-query.ts';
import { release, sampleRows } from '../backends/embedded/query/predictions.fixture.ts';
import type { Cell, Query } from '../backends/query.ts';
import { recordRows } from '../steps/record-rows.ts';
import { trialsTable } from './recorded-tables.ts';
import { savedQueries } from './saved-queries.ts';

const home = mkdtempSync(join(tmpdir(), 'saved-queries-'));
let query: Query;
beforeAll(async () => {
  const make = (model: string, name: string, day: string, shift: number) => {
    const at = `${day} 03:04:05`;
    return release({ home, project: 'p', model, release: name, at, rows: sampleRows(at, shift) });
  };
  await make('attrition', 'r-1', '2026-01-01', 0);
  await make('churn', 'r-1', '2026-01-01', 0);
  await make('attrition', 'r-2', '2026-01-02', -0.1);
  const trial = (execution: string, goal: string, trial: string, value: number | null, guided: boolean) => ({
    ...{
      model: 'churn',
      execution,
      started_at: new Date('2026-01-02T03:04:05Z'),
      data_version: 'd',
      alike: 'k',
    },
    ...{ strategy: 'random', trial, status: 'completed', objective: 'auc', goal, value, seconds: 2 },
    ...{ hyperparameters: { C: trial }, guided, best: false },
  });
  await recordRows(
    trialsTable,
    'trials',
    [
      trial('run-1', 'maximize', '1', 0.7, true),
      trial('run-1', 'maximize', '2', 0.9, true),
      trial('run-1', 'maximize', '3', 0.8, false),
      trial('run-1', 'maximize', '4', null, false),
      trial('run-2', 'minimize', '1', 0.7, false),
      trial('run-2', 'minimize', '2', 0.9, false),
    ],
    embeddedContext({ home, project: 'p', model: 'churn' }),
  );
  query = await openDuckDbQuery({ home, project: 'p', onNote: () => {}, leftOut: () => {} });
});
afterAll(async () => {
  await query.close();
  rmSync(home, { recursive: true });
});

async function ask(name: string, from: Query = query): Promise<Record<string, Cell>[]> {
  const { sql = '' } = savedQueries().find((saved) => saved.name === name) ?? {};
  const answer = await from.ask(sql);
  const rows: Record<string, Cell>[] = [];
  for await (const batch of answer.batches)
    for (const row of batch.rows())
      rows.push(Object.fromEntries(answer.columns.map((column, index) => [column.name, row[index] ?? null])));
  return rows;
}

const close = (value: number) => expect.closeTo(value, 9);

test('at_risk: the highest scores of what is current, with what moved them', async () => {
  const rows = await ask('at_risk');
  expect(rows.map(({ model, row_id, score }) => [model, row_id, score])).toEqual([
    ['churn', '9', 0.9],
    ['attrition', '9', close(0.8)],
    ['churn', '8', 0.55],
    ['attrition', '8', close(0.45)],
    ['churn', '7', 0.2],
    ['attrition', '7', close(0.1)],
  ]);
  expect(rows[0]).toMatchObject({ decision: 'Yes', contributions: { OverTime: 0.45, Age: -0.1 } });
});

test('changed: rows that the current release decides otherwise than the one before it', async () => {
  expect(await ask('changed')).toEqual([
    {
      ...{ model: 'attrition', row_id: '8', decision_before: 'Yes', decision_now: 'No' },
      ...{ score_before: 0.55, score_now: close(0.45), change: close(-0.1) },
    },
  ]);
});

test('decisions: how many rows of each release got which', async () => {
  const rows = await ask('decisions');
  expect(rows.map((row) => [row.model, row.release, row.decision, row.row_count, row.mean_score])).toEqual([
    ['attrition', 'r-1', 'Yes', 2, close(0.725)],
    ['attrition', 'r-1', 'No', 1, 0.2],
    ['attrition', 'r-2', 'No', 2, close(0.275)],
    ['attrition', 'r-2', 'Yes', 1, close(0.8)],
    ['churn', 'r-1', 'Yes', 2, close(0.725)],
    ['churn', 'r-1', 'No', 1, 0.2],
  ]);
});

test('deciles: groups of as many rows, the lowest scores first', async () => {
  const rows = await ask('deciles');
  expect(rows.map((row) => [row.model, row.decile, row.row_count, row.lowest])).toEqual([
    ['attrition', 1, 1, close(0.1)],
    ['attrition', 2, 1, close(0.45)],
    ['attrition', 3, 1, close(0.8)],
    ['churn', 1, 1, 0.2],
    ['churn', 2, 1, 0.55],
    ['churn', 3, 1, 0.9],
  ]);
});

test('deciles: the groups of ntile, but that scores within a thousandth stay in one', async () => {
  const scored = await mkdtemp(join(tmpdir(), 'deciles-'));
  const at = '2026-01-01 03:04:05';
  const rows = (score: string) => `
    SELECT i::varchar AS row_id, (${score})::double AS score, 'Yes' AS decision, MAP([]::VARCHAR[], []::DOUBLE[]) AS scores,
      MAP([]::VARCHAR[], []::DOUBLE[]) AS contributions, MAP([]::VARCHAR[], []::VARCHAR[]) AS extra, 'p/1' AS package,
      TIMESTAMP '${at}' AS predicted_at FROM range(47) AS t(i)`;
  const make = (model: string, score: string) =>
    release({ home: scored, project: 'p', model, release: 'r-1', at, rows: rows(score) });
  await make('any', '(i - 20) * 1e6');
  await make('tied', 'CASE WHEN i < 20 THEN 0.5 + i / 1e6 ELSE i END');
  const open = await openDuckDbQuery({ home: scored, project: 'p', onNote: () => {}, leftOut: () => {} });
  try {
    const found = await ask('deciles', open);
    const of = (model: string) =>
      found.filter((row) => row.model === model).map((row) => [row.decile, row.row_count]);
    expect(of('any')).toEqual([5, 5, 5, 5, 5, 5, 5, 4, 4, 4].map((count, index) => [index + 1, count]));
    expect(of('tied')).toEqual([[1, 20], ...[5, 5, 5, 4, 4, 4].map((count, index) => [index + 5, count])]);
    expect(found[0]).toMatchObject({ lowest: -20e6, mean_score: close(-18e6), highest: -16e6 });
  } finally {
    await open.close();
    rmSync(scored, { recursive: true });
  }
});

test('factors: what moves the scores most', async () => {
  const rows = await ask('factors');
  expect(rows).toEqual([
    {
      model: 'attrition',
      factor: 'OverTime',
      row_count: 3,
      mean_size: close(0.275),
      mean_effect: close(0.275),
    },
    { model: 'attrition', factor: 'Age', row_count: 3, mean_size: close(0.1), mean_effect: close(-0.1) },
    { model: 'churn', factor: 'OverTime', row_count: 3, mean_size: close(0.275), mean_effect: close(0.275) },
    { model: 'churn', factor: 'Age', row_count: 3, mean_size: close(0.1), mean_effect: close(-0.1) },
  ]);
});

test('history: every prediction for one row, in the order of time', async () => {
  const rows = await ask('history');
  expect(rows.map(({ model, row_id, release: name, score }) => [model, row_id, name, score])).toEqual([
    ['attrition', '9', 'r-1', 0.9],
    ['attrition', '9', 'r-2', close(0.8)],
    ['churn', '9', 'r-1', 0.9],
  ]);
});

test("trials: each run's search, guided and random trials apart", async () => {
  const rows = await ask('trials');
  expect(rows.map((row) => [row.execution, row.guided, row.trials, row.with_value, row.best_value])).toEqual([
    ['run-1', true, 2, 2, 0.9],
    ['run-1', false, 2, 1, 0.8],
    ['run-2', false, 2, 2, 0.7],
  ]);
  expect(rows.map(({ best_at }) => best_at)).toEqual([{ C: '2' }, { C: '3' }, { C: '1' }]);
  expect(rows[0]).toMatchObject({ mean_value: close(0.8), seconds: 4, objective: 'auc', goal: 'maximize' });
});

test('volume: predictions by day', async () => {
  expect(await ask('volume')).toEqual([
    { day: '2026-01-02', model: 'attrition', releases: 1, row_count: 3 },
    { day: '2026-01-01', model: 'attrition', releases: 1, row_count: 3 },
    { day: '2026-01-01', model: 'churn', releases: 1, row_count: 3 },
  ]);
});

test('every saved query is tested above, and has a title', () => {
  const tested = ['at_risk', 'changed', 'deciles', 'decisions', 'factors', 'history', 'trials', 'volume'];
  const saved = savedQueries();
  expect(saved.map(({ name }) => name)).toEqual(tested);
  expect(saved.filter(({ title }) => title.length > 120 || !title.includes(': '))).toEqual([]);
});

test('a file without title is an error that names it', () => {
  const folder = mkdtempSync(join(home, 'queries-'));
  writeFileSync(join(folder, 'new.sql'), 'SELECT 1');
  expect(() => savedQueries(folder)).toThrow('new.sql: got no title, expected a first line `-- TITLE`');
});
