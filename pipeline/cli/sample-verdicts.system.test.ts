import { readFile } from 'node:fs/promises';
import { expect, jest, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { alwaysNo } from '../../fixtures/sample.fixture.ts';
import { Workspace } from './cli.fixture.ts';
import { check, expectWithin, failing, metric, type Run, runToVerdict } from './verdict.fixture.ts';

/*
 * The gate's verdicts on models of the sample that are worse than they seem. Each run goes on from the champion of the
 * first.
 */

// The first run ever installs the model's Python packages.
jest.setTimeout(300_000);
const workspace = Workspace.sample();
const model = (...settings: string[]) => ['tuning=off', ...settings].flatMap((setting) => ['--set', setting]);
let champion: Run;

test('as it is becomes the first champion', async () => {
  champion = await runToVerdict(workspace, '--mode', 'promote', ...model());
  expect(champion).toMatchObject({ promoted: true, verdict: { outcome: 'promote' } });
});

test('a model that always says No is rejected, accurate as it is', async () => {
  const run = await runToVerdict(
    workspace,
    '--mode',
    'promote',
    ...model(`model.context=${alwaysNo}`, 'model.extra=[]', 'training.metrics={}'),
  );
  expect(run).toMatchObject({ status: 'succeeded', promoted: false, verdict: { outcome: 'reject' } });
  const { n, positives } = run.verdict;
  expect(metric(run, 'accuracy').candidate).toBeCloseTo(1 - Number(positives) / n, 12);
  expectWithin(run, { accuracy: [0.8, 0.9], roc_auc: [0.5, 0.5], recall: [0, 0] });
  expect(failing(run)).toEqual(expect.arrayContaining(['threshold roc_auc', 'floor', 'champion']));
});

test.each([
  { half: 'second', kept: 0, outcome: 'fail' },
  { half: 'first', kept: 1, outcome: 'inconclusive' },
] as const)(
  'a model without the $half of each two features does not replace the champion, and the numbers say why',
  async ({ kept, outcome }) => {
    const text = await readFile(workspace.path('model/data/attrition.csv'), 'utf8');
    const [header = []] = parse(text, { to: 1 }) as string[][];
    const excluded = ['Gender', 'MaritalStatus', 'Age'];
    const others = ['Attrition', 'EmployeeNumber', 'EmployeeCount', 'Over18', 'StandardHours', ...excluded];
    const features = header.filter((name) => !others.includes(name));
    const dropped = features.filter((_, at) => at % 2 !== kept);
    const exclude = `data.features_exclude=[${[...excluded, ...dropped].join(', ')}]`;
    const run = await runToVerdict(workspace, '--mode', 'promote', ...model(exclude, 'gate.slices=off'));
    expect(run).toMatchObject({
      status: 'succeeded',
      promoted: false,
      verdict: { outcome: outcome === 'fail' ? 'reject' : 'hold' },
    });
    const { candidate, champion: before, difference, difference_interval } = metric(run, 'roc_auc');
    // Prepared with other columns, the champion still scores each row as it did.
    expect(before).toBe(metric(champion, 'roc_auc').candidate);
    expect(difference).toBeCloseTo(candidate - Number(before), 12);
    expect(difference_interval?.[1]).toBeLessThan(0);
    const { value, bound, limit, ...rest } = check(run, 'champion');
    expect(rest).toMatchObject({ outcome, confidence: 0.95 });
    expect({ value, limit }).toEqual({ value: difference, limit: -0.03 });
    expect(bound).toBeLessThanOrEqual(-0.03);
    expect(rest.detail).toMatch(/^ROC AUC is (between \.\d+ and )?\.\d+ worse than the champion's/);
    expect(run.verdict.reason).toMatch(/ROC AUC.*\.\d/);
  },
);
