import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { isAbsolute } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { type Finished, Workspace } from './cli.fixture.ts';

/*
 * The pipeline end to end on the sample project, as a newcomer runs it: first run, the same again, an edit.
 */

const workspace = Workspace.sample();
let first: Finished;
let second: Finished;
let edited: Finished;
/** Process ids of the fork servers that the first run and its release started. */
const forkServers = new Set<string>();

// Each in a process of its own, as from a shell.
const mlops = (...args: string[]) => workspace.start(...args).finished;

beforeAll(async () => {
  const running = workspace.start('run', '--mode', 'promote');
  const watching = setInterval(() => {
    for (const pid of childrenOf(running.process.pid))
      if (commandOf(pid).includes('fork-server.py')) forkServers.add(pid);
  }, 100);
  first = await running.finished;
  clearInterval(watching);
  second = await mlops('run', '--mode', 'promote', '--json');
  const train = workspace.path('model/src/sample_model/train.py');
  writeFileSync(train, `${readFileSync(train, 'utf8')}# An edit that changes no number.\n`);
  edited = await mlops('run', '--json', '--reason', 'an edit', '--set', 'tuning.max_jobs=2');
});

test('the first run promotes, and says so in a sentence, a table and a path', () => {
  expect(first.stderr).toContain('✓ Promote');
  expect(first.code).toBe(0);
  expect(first.stdout).toMatch(/PROMOTE {2}ROC AUC is \.\d+/);
  expect(first.stdout).toContain('attrition/1 is the champion now.');
  expect(first.stdout).toMatch(/ROC AUC +\.\d+ +\[\.\d+, /);
  const page = /^Report: (.*)$/m.exec(first.stdout)?.[1] ?? '';
  expect(workspace.read(page)).toMatch(/^<!doctype html>/i);
});

(process.platform === 'linux' ? test : test.skip)(
  'the release after the run forks from the Python process that the run left, and nothing is left at the end',
  async () => {
    expect(first.stderr).toContain('✓ Predict');
    expect(forkServers.size).toBe(1);
    expect(await workspace.leftProcesses()).toEqual([]);
  },
);

test('progress is on standard error alone, in plain lines where it is no terminal', () => {
  const steps = ['Plan', 'Prepare', 'Inspect', 'Tune', 'Score candidate', 'Gate', 'Register', 'Promote'];
  const told = [...first.stderr.matchAll(/^(\S.*) \.\.\.$/gm)].map(([, step]) => step ?? '');
  expect(told.filter((step) => steps.includes(step))).toEqual(steps);
  for (const step of steps) expect(first.stderr).toMatch(new RegExp(`^✓ ${step} +[\\d.]+ m?s`, 'm'));
  expect(first.stderr).toMatch(/^ {2}Tune: 8\/8 trials, best 0\.\d+$/m);
  expect(first.stdout).not.toMatch(/✓ Plan|trials|\.\.\./);
  // Neither colours nor a line drawn over.
  for (const text of [first.stdout, first.stderr])
    for (const control of ['\u001b', '\r']) expect(text).not.toContain(control);
});

test('the same again reuses every job and gives the stored verdict', () => {
  const [run, report] = [JSON.parse(second.stdout), lastReport(1)];
  expect(second.code).toBe(0);
  expect(run.reused).toEqual(['Prepare', 'Tune', 'Score candidate']);
  expect(second.stderr).not.toMatch(/Prepare|Tune|Score|Train/);
  expect(run.verdict).toEqual(lastReport(0).verdict);
  expect(run.verdict.holdout_uses).toBe(1);
  expect(run.package).toBe('attrition/1');
  expect(run.promoted).toBe(false);
  const saved = report.steps.filter((step: { reused: boolean }) => step.reused);
  for (const step of saved) expect(step.saved_seconds).toBeGreaterThan(0);
});

test('--json is one object of the shape of the contract, on standard output alone', () => {
  const run = JSON.parse(second.stdout);
  const named = 'execution status fingerprint reused verdict report package steps cost'.split(' ');
  expect(Object.keys(run)).toEqual(expect.arrayContaining(named));
  expect(run.execution).toMatch(/^[a-zA-Z0-9-]{1,80}$/);
  expect(run.status).toBe('succeeded');
  expect(run.fingerprint).toMatch(/^[0-9a-f]{64}$/);
  expect(Object.keys(run.report)).toEqual(['html', 'markdown', 'json']);
  for (const path of Object.values<string>(run.report)) {
    expect(isAbsolute(path)).toBe(true);
    expect(readFileSync(path, 'utf8').length).toBeGreaterThan(500);
  }
  expect(JSON.parse(readFileSync(run.report.json, 'utf8')).verdict).toEqual(run.verdict);
  expect(run.steps.map((step: { name: string }) => step.name)).toEqual([
    'Plan',
    'Inspect',
    'Gate',
    'Register',
    'Promote',
  ]);
  for (const step of run.steps) expect(step).toEqual({ name: step.name, seconds: expect.any(Number) });
  const { verdict } = run;
  const keys =
    'outcome reason n positives seed confidence smallest_detectable_difference holdout_uses metrics slices checks';
  expect(Object.keys(verdict)).toEqual(expect.arrayContaining(keys.split(' ')));
  expect(verdict).toMatchObject({ outcome: 'promote', seed: 0, confidence: 0.95, n: 269, positives: 39 });
  for (const metric of Object.values(verdict.metrics)) {
    expect(metric).toMatchObject({ candidate: expect.any(Number), champion: null, difference: null });
  }
});

test('after an edit the champion is compared with, and the report says what changed', () => {
  const run = JSON.parse(edited.stdout);
  expect(edited.code).toBe(0);
  expect(run.reused).toEqual(['Prepare', 'Score champion']);
  expect(run.verdict.metrics.roc_auc).toMatchObject({ method: 'score', champion: expect.any(Number) });
  expect(run.verdict.metrics.roc_auc.champion).toBe(lastReport(0).verdict.metrics.roc_auc.candidate);
  expect(run.verdict.holdout_uses).toBe(2);
  const report = lastReport(2);
  expect(report.run.reason).toBe('an edit');
  expect(report.notes).toContain('Set for this run only, not in mlops.yaml: tuning.max_jobs=2');
  expect(report.champion.package).toBe('attrition/1');
  expect(report.changes).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ what: 'code', path: 'model/src/sample_model/train.py' }),
      expect.objectContaining({ what: 'config', path: 'tuning.max_jobs', from: '8', to: '2' }),
    ]),
  );
  expect(report.changes.every(({ what }: { what: string }) => what !== 'data')).toBe(true);
});

test('an evaluation changes no champion', async () => {
  const history = JSON.parse((await workspace.mlops('history', '--json')).stdout);
  expect(history.champion.package).toBe('attrition/1');
  const [newest, again, oldest] = history.runs;
  expect(newest).toMatchObject({ mode: 'evaluate', champion: 'attrition/1', promoted: false });
  expect(again).toMatchObject({ mode: 'promote', package: 'attrition/1', outcome: 'promote' });
  expect(oldest).toMatchObject({ promoted: true, package: 'attrition/1', status: 'succeeded' });
  expect(history.runs).toHaveLength(3);
});

test('history as a table, runs and releases, the newest first, as many as asked for', async () => {
  const { stdout, code } = await workspace.mlops('history', '--limit', '2');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^Champion: attrition\/1$/m);
  const lines = stdout.split('\n').filter((line) => /^\d{8}T/.test(line));
  const all = readdirSync(workspace.path('.mlops/runs')).sort().reverse();
  expect(lines.map((line) => line.split(' ')[0])).toEqual(all.slice(0, 2));
  expect(all[0]).toBe(executions()[2]);
  expect(stdout).toMatch(/released +attrition\/1/);
});

test("a package's story: what it was made from and what came to it", async () => {
  const told = await workspace.mlops('history', '--package', 'attrition/1', '--json');
  const story = JSON.parse(told.stdout);
  const [made, again, compared] = executions();
  expect(story).toMatchObject({
    project: 'attrition',
    is_champion: true,
    package: { name: 'attrition/1', execution: made },
    made_by: { execution: made, outcome: 'promote', data: { source: 'model/data/attrition.csv' } },
    compared_in: [compared],
  });
  expect(story.runs.map((run: Json) => run.execution)).toEqual([again, made]);
  const { stdout, code } = await workspace.mlops('history', '--package', 'attrition/1');
  expect(code).toBe(0);
  expect(stdout).toMatch(/^package +attrition\/1 \(the champion\)$/m);
  expect(stdout).toMatch(/^data +model\/data\/attrition\.csv [0-9a-f]{64}$/m);
  const unknown = await workspace.mlops('history', '--package', 'attrition/9');
  expect([unknown.code, unknown.stderr]).toEqual([
    2,
    expect.stringContaining(
      '--package: got "attrition/9", expected a package in the registry: attrition/2, attrition/1',
    ),
  ]);
});

test('a report is written again, the same', async () => {
  const last = JSON.parse((await workspace.mlops('report', 'last', '--json')).stdout);
  expect(last).toEqual(lastReport(2));
  const [oldest = ''] = executions();
  const named = await workspace.mlops('report', oldest);
  expect(named.code).toBe(0);
  expect(named.stdout).toContain(first.stdout.slice(0, first.stdout.indexOf('\n')));
});

test('no training job gets a row of the holdout', () => {
  const files = new Set<string>();
  for (const { type, resource, parameters } of events()) {
    if (type !== 'TaskStarted' || !/create(TrainingJob|HyperParameterTuningJob)/.test(resource)) continue;
    const channels = (parameters.TrainingJobDefinition ?? parameters).InputDataConfig;
    expect(channels.map((channel: { ChannelName: string }) => channel.ChannelName)).toEqual([
      'train',
      'manifest',
    ]);
    for (const { DataSource } of channels) files.add(DataSource.S3DataSource.S3Uri);
    // Nor does any other of its parameters lead there.
    expect(JSON.stringify(parameters)).not.toMatch(/holdout/);
  }
  expect(files.size).toBe(2);

  const [channel = '', manifest = ''] = files;
  const at = (uri: string) => workspace.path('.mlops/s3', uri.replace('s3://', ''));
  const rows = (path: string) => readFileSync(path, 'utf8').trim().split('\n');
  const given = readdirSync(at(channel), { recursive: true, encoding: 'utf8' });
  expect(given).toEqual(['train.csv']);
  // The manifest tells the columns; no list of rows lies beside it.
  expect(readdirSync(at(manifest), { recursive: true })).toEqual(['manifest.json']);
  // train.csv: target, features; holdout.csv: row id, label, three slices, features.
  const train = rows(at(`${channel}train.csv`)).slice(1);
  const holdout = rows(at(channel.replace(/train\/$/, 'holdout/holdout.csv')));
  const features = new Set(train.map((row) => row.split(',').slice(1).join()));
  expect(train).toHaveLength(1270 - 269);
  expect(holdout).toHaveLength(269);
  expect(holdout.filter((row) => features.has(row.split(',').slice(5).join()))).toEqual([]);
});

test('a model that scores gets features alone: neither row id nor label', () => {
  const transforms = events().filter(
    ({ type, resource }) => type === 'TaskStarted' && /createTransformJob/.test(resource),
  );
  expect(transforms).toHaveLength(2);
  for (const { parameters } of transforms)
    expect(parameters.DataProcessing).toEqual({
      InputFilter: '$[5:]',
      OutputFilter: expect.stringMatching(/^\$\[0,1,2,3,4,\d+:\]$/),
      JoinSource: 'Input',
    });
});

// biome-ignore lint/suspicious/noExplicitAny: JSON as a script reads it
type Json = any;

/** Executions of the train machine in the order they began. */
const executions = (): string[] =>
  readdirSync(workspace.path('.mlops/runs'))
    .filter((name) => existsSync(workspace.path('.mlops/runs', name, 'report.json')))
    .sort();

const lastReport = (index: number): Json =>
  JSON.parse(workspace.read('.mlops/runs', executions()[index] ?? '', 'report.json'));

const events = (): Json[] =>
  executions().flatMap((execution) =>
    workspace
      .read('.mlops/runs', execution, 'events.jsonl')
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line)),
  );

/** Process ids; none of a process that has ended. */
function childrenOf(pid: number | undefined): string[] {
  const list = `/proc/${pid}/task/${pid}/children`;
  return pid !== undefined && existsSync(list) ? readFileSync(list, 'utf8').trim().split(' ') : [];
}

const commandOf = (pid: string): string => {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8').replaceAll('\0', ' ');
  } catch {
    return '';
  }
};
