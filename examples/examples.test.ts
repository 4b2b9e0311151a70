import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import type { Check, MetricResult, Verdict } from '../pipeline/gate/verdict.ts';

/** Whole runs through the command line, each a process of its own, in a working directory that is empty at first. */

interface Run {
  status: string;
  package: string | null;
  promoted: boolean;
  reused: string[];
  verdict: Verdict;
  report: { html: string; markdown: string };
}

const root = resolve(import.meta.dirname, '..');
let directory: string;

// The first run ever installs the models' Python packages.
jest.setTimeout(300_000);

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'mlops-examples-'));
  // Python environments are the same for every working directory, and take long to install.
  const environments = join(root, '.mlops', 'environments');
  await mkdir(environments, { recursive: true });
  await mkdir(join(directory, '.mlops'));
  await symlink(environments, join(directory, '.mlops', 'environments'), 'junction');
});

afterAll(() => rm(directory, { recursive: true, force: true, maxRetries: 5 }));

async function mlopsRun(config: string, ...options: string[]): Promise<Run> {
  const mlops = join(root, 'pipeline', 'cli', 'mlops.ts');
  const { stdout } = await promisify(execFile)(
    process.execPath,
    [mlops, 'run', '--config', join(root, config), '--json', ...options],
    { cwd: directory, env: { ...process.env, NODE_OPTIONS: '' } },
  );
  return JSON.parse(stdout);
}

const check = ({ verdict }: Run, name: string): Check => {
  const found = verdict.checks.find((item) => item.name === name);
  if (found === undefined)
    throw new Error(`no check ${name} among ${verdict.checks.map((item) => item.name)}`);
  return found;
};

const metric = ({ verdict }: Run, name: string): MetricResult => {
  const found = verdict.metrics[name];
  if (found === undefined) throw new Error(`no metric ${name} among ${Object.keys(verdict.metrics)}`);
  return found;
};

const failing = ({ verdict }: Run) =>
  verdict.checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);

/** The example's data with its targets dealt to other rows: nothing is left to learn. */
async function permuted(example: string, target: string): Promise<string> {
  const text = await readFile(join(root, 'examples', example, 'data.csv'), 'utf8');
  const [header = [], ...rows] = parse(text) as string[][];
  const column = header.indexOf(target);
  const targets = rows.map((row) => row[column]);
  let state = 1;
  for (let last = targets.length - 1; last > 0; last--) {
    state = (state * 48271) % 2147483647;
    const other = state % (last + 1);
    [targets[last], targets[other]] = [targets[other], targets[last]];
  }
  const dealt = rows.map((row, at) => row.map((field, index) => (index === column ? targets[at] : field)));
  const file = join(directory, `${example}-permuted.csv`);
  await writeFile(file, [header, ...dealt].map((row) => `${row.join(',')}\n`).join(''));
  return file;
}

const examples = [
  {
    example: 'breast-cancer',
    target: 'diagnosis',
    labels: [],
    sensible: { roc_auc: [0.97, 1], accuracy: [0.93, 1], brier: [0, 0.04] },
    learnedNothing: { roc_auc: [0.3, 0.7] },
    rejects: ['threshold roc_auc', 'threshold brier', 'floor'],
    slices: [],
    change: 'training.hyperparameters.C=3',
  },
  {
    example: 'wine',
    target: 'cultivar',
    labels: ['first', 'second', 'third'],
    sensible: { log_loss: [0, 0.25], accuracy: [0.92, 1], f1_macro: [0.92, 1], roc_auc_ovr: [0.97, 1] },
    learnedNothing: { accuracy: [0.15, 0.6], roc_auc_ovr: [0.3, 0.7] },
    rejects: ['threshold log_loss', 'threshold accuracy', 'floor'],
    slices: [],
    change: 'training.hyperparameters.C=10',
  },
  {
    example: 'diabetes',
    target: 'progression',
    labels: [],
    sensible: { rmse: [45, 60], mae: [38, 50], r2: [0.4, 0.6], mape: [0.3, 0.5] },
    learnedNothing: { r2: [-0.4, 0.15] },
    rejects: ['threshold rmse', 'threshold r2', 'floor'],
    slices: ['1', '2'],
    change: 'training.hyperparameters.C=0.1',
  },
] as const;

describe.each(examples)(
  '$example',
  ({ example, target, labels, sensible, learnedNothing, rejects, slices, change }) => {
    const config = `examples/${example}/mlops.yaml`;

    test('with permuted labels is rejected, and becomes no champion', async () => {
      const run = await mlopsRun(config, '--mode', 'promote', '--data', await permuted(example, target));
      expect(run).toMatchObject({ status: 'succeeded', promoted: false, verdict: { outcome: 'reject' } });
      expect(failing(run)).toEqual(expect.arrayContaining([...rejects]));
      expectWithin(run, learnedNothing);
    });

    test('as it is becomes the first champion', async () => {
      const run = await mlopsRun(config, '--mode', 'promote');
      expect(run).toMatchObject({ status: 'succeeded', promoted: true, verdict: { outcome: 'promote' } });
      expect(check(run, 'champion')).toMatchObject({ outcome: 'pass', detail: 'none' });
      expectWithin(run, sensible);
      expect(run.verdict.slices.map(({ value }) => value)).toEqual(slices);
      const page = await readFile(run.report.html, 'utf8');
      expect(page).toContain(example);
      // Classes are told by their labels, in the coefficients too.
      for (const label of labels) expect(page).toContain(`<h3>${label}</h3>`);
    });

    test('with a changed setting is compared with the champion', async () => {
      const run = await mlopsRun(config, '--set', change);
      expect(run).toMatchObject({ status: 'succeeded', promoted: false, verdict: { outcome: 'promote' } });
      expect(run.reused).toEqual(['Prepare', 'Score champion']);
      const { candidate, champion, difference } = metric(run, run.verdict.primary);
      expect(champion).not.toBe(candidate);
      expect(difference).toBeCloseTo(candidate - Number(champion), 12);
      expect(check(run, 'champion')).toMatchObject({ outcome: 'pass', value: expect.any(Number) });
      expect(await readFile(run.report.markdown, 'utf8')).toContain('training.hyperparameters.C');
    });
  },
);

function expectWithin(run: Run, ranges: Record<string, readonly [number, number]>): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const { candidate } = metric(run, name);
    expect({ name, candidate, within: candidate >= least && candidate <= most }).toMatchObject({
      within: true,
    });
  }
}

describe('attrition', () => {
  const config = 'mlops.yaml';
  const model = (...settings: string[]) =>
    ['tuning=off', ...settings].flatMap((setting) => ['--set', setting]);
  let champion: Run;

  test('as it is becomes the first champion', async () => {
    champion = await mlopsRun(config, '--mode', 'promote', ...model());
    expect(champion).toMatchObject({ promoted: true, verdict: { outcome: 'promote' } });
  });

  test('a model that always says No is rejected, accurate as it is', async () => {
    const context = join(root, 'examples', 'fixtures', 'always-no');
    const run = await mlopsRun(
      config,
      '--mode',
      'promote',
      ...model(`model.context=${context}`, 'model.extra=[]', 'training.metrics={}'),
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
      const text = await readFile(join(root, 'model', 'data', 'attrition.csv'), 'utf8');
      const [header = []] = parse(text, { to: 1 }) as string[][];
      const excluded = ['Gender', 'MaritalStatus', 'Age'];
      const others = ['Attrition', 'EmployeeNumber', 'EmployeeCount', 'Over18', 'StandardHours', ...excluded];
      const features = header.filter((name) => !others.includes(name));
      const dropped = features.filter((_, at) => at % 2 !== kept);
      const exclude = `data.features_exclude=[${[...excluded, ...dropped].join(', ')}]`;
      const run = await mlopsRun(config, '--mode', 'promote', ...model(exclude, 'gate.slices=off'));
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
      expect(rest.detail).toMatch(/^ROC AUC is \.\d+ worse than the champion's/);
      expect(run.verdict.reason).toMatch(/ROC AUC.*\.\d/);
    },
  );
});
