import { readFile, writeFile } from 'node:fs/promises';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { smallProject } from '../../pipeline/cli/small-project.fixture.ts';
import { command, expectHarmless, nasty } from '../../pipeline/report/harmless.fixture.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { builtAction, type Finished } from '../shared/runner.fixture.ts';

/* The bundle as the runner runs it, on runs of this machine's backend. */
jest.setTimeout(120_000);
const action = await builtAction('gate-promotion');
const workspace = smallProject();
const cwd = workspace.folder;
const env = { GITHUB_REPOSITORY: 'octo/small', GITHUB_RUN_ID: '77', GITHUB_ACTOR: 'octocat' };

/** A run with the settings; the path of its JSON. */
async function aRun(...args: string[]): Promise<string> {
  const { code, stdout, stderr } = await workspace.mlops('run', '--json', ...args);
  if (code !== 0 && code !== 1) throw new Error(stderr);
  return (JSON.parse(stdout) as { report: { json: string } }).report.json;
}

const gate = (run: string, inputs: Record<string, string> = {}): Promise<Finished> =>
  action.main({ cwd, env, with: { run, ...inputs } });

const champion = async (): Promise<string | null> => {
  const { stdout } = await workspace.mlops('history', '--json');
  return (JSON.parse(stdout) as { champion: { package: string } | null }).champion?.package ?? null;
};

const reviewed = ['--mode', 'promote', '--no-promote'];
const worse = ['--set', 'training.hyperparameters.weight=-1'];
const undecided = ['--set', 'gate.min_change={absolute: 0.5}'];
let good = '';

beforeAll(async () => {
  good = await aRun(...reviewed);
});

test('a yes passes, and promotes nothing unless asked', async () => {
  const { code, outputs, summary } = await gate(good);
  expect(code).toBe(0);
  expect(outputs).toMatchObject({ outcome: 'promote', package: 'small/1', promoted: 'false' });
  expect(JSON.parse(await readFile(outputs.verdict ?? '', 'utf8'))).toMatchObject({ outcome: 'promote' });
  expect(summary).toContain('**Promote**: small.');
  expect(await champion()).toBe(null);
});

test('what `mlops run --json` printed will do too', async () => {
  const { stdout } = await workspace.mlops('run', '--json');
  await writeFile(workspace.path('summary.json'), stdout);
  const { code, outputs } = await gate(workspace.path('summary.json'));
  expect([code, outputs.outcome]).toEqual([0, 'promote']);
});

test.each(['package', 'fingerprint', 'verdict'])(
  'a run whose JSON names another %s is not promoted',
  async (what) => {
    const report = JSON.parse(await readFile(good, 'utf8')) as Report;
    if (what === 'package') report.run.promotion.package = 'small/2';
    if (what === 'fingerprint') report.run.fingerprint = '0'.repeat(64);
    if (what === 'verdict' && report.verdict) report.verdict.n += 1;
    const forged = workspace.path('forged.json');
    await writeFile(forged, JSON.stringify(report));
    const { code, log, outputs } = await gate(forged, { promote: 'true' });
    expect(code).toBe(1);
    expect(log).toContain("its JSON is not the ledger's, expected the same package, fingerprint and verdict");
    expect(outputs.promoted).toBe('false');
    expect(await champion()).toBe(null);
  },
);

test('an evaluate run is not promoted', async () => {
  const { code, log } = await gate(await aRun(), { promote: 'true' });
  expect([code, log]).toEqual([1, expect.stringContaining('mode evaluate, expected a run in mode promote')]);
  expect(await champion()).toBe(null);
});

test('a yes is promoted, once; asked again it says so', async () => {
  const rival = await aRun(...reviewed, '--set', 'training.hyperparameters.weight=1.1');
  const first = await gate(good, { promote: 'true' });
  expect([first.code, first.outputs.promoted]).toEqual([0, 'true']);
  expect(await champion()).toBe('small/1');
  expect(JSON.parse(await readFile(good, 'utf8')).run.promotion).toMatchObject({ promoted: true });
  const again = await gate(good, { promote: 'true' });
  expect([again.code, again.outputs.promoted]).toEqual([0, 'true']);

  // Judged against no champion, and there is one now: of two merges one wins.
  const late = await gate(rival, { promote: 'true' });
  expect(late.code).toBe(1);
  expect(late.log).toMatch(/^::error::/m);
  expect(late.outputs).toMatchObject({ outcome: 'promote', promoted: 'false' });
  expect(await champion()).toBe('small/1');
});

test('a no fails the step where it is asked to, and is never promoted', async () => {
  const run = await aRun(...reviewed, ...worse);
  const { code, log, outputs } = await gate(run, { promote: 'approved' });
  expect([code, outputs.outcome, outputs.promoted]).toEqual([1, 'reject', 'false']);
  expect(log).toMatch(/^::error::small: Reject: /m);
  expect((await gate(run, { 'fail-on': 'none' })).code).toBe(0);
  expect(await champion()).toBe('small/1');
});

test('a hold is promoted only where a person has approved it, and the record says who', async () => {
  const run = await aRun(...reviewed, ...undecided, '--set', 'training.hyperparameters.weight=1.2');
  const held = await gate(run, { promote: 'true' });
  expect([held.code, held.outputs.outcome, held.outputs.promoted]).toEqual([0, 'hold', 'false']);
  expect((await gate(run, { 'fail-on': 'reject, hold' })).code).toBe(1);
  // Octocat started the workflow.
  const approved = await gate(run, { promote: 'approved', approver: 'reviewer' });
  expect([approved.code, approved.outputs.promoted]).toEqual([0, 'true']);
  const { stdout } = await workspace.mlops('history', '--json');
  expect(JSON.parse(stdout).champion).toMatchObject({
    package: approved.outputs.package,
    previous: 'small/1',
    reason: expect.stringMatching(/^Approved by reviewer: /),
  });
});

test('the outputs of a sealed verdict tell only whether it passes, until it is promoted', async () => {
  const sealed = ['--set', 'gate.reuse=sealed'];
  const held = await gate(
    await aRun(...reviewed, ...sealed, ...undecided, '--set', 'training.hyperparameters.weight=1.3'),
    {
      promote: 'approved',
    },
  );
  // A hold counts as not passed, and nobody approves what they cannot see.
  expect([held.code, held.outputs.outcome, held.outputs.promoted]).toEqual([1, 'reject', 'false']);
  expect(held.outputs.reason).toContain('gate.reuse is sealed');
  const path = await aRun(...reviewed, ...sealed, '--set', 'training.hyperparameters.weight=1.4');
  const passed = await gate(path);
  expect(passed.outputs).toMatchObject({ outcome: 'promote', checks: '1 passes' });
  const verdict = async () => JSON.parse(await readFile(passed.outputs.verdict ?? '', 'utf8'));
  expect(await verdict()).toMatchObject({ sealed: true, metrics: {} });
  expect(passed.log + passed.summary).not.toMatch(/ROC AUC/);
  for (const promoted of [await gate(path, { promote: 'true' }), await gate(path, { promote: 'true' })]) {
    expect([promoted.code, promoted.outputs.promoted]).toEqual([0, 'true']);
    expect(promoted.outputs.checks).toMatch(/\d pass, \d not judged/);
    expect(promoted.outputs.reason).toContain('ROC AUC');
    expect(await verdict()).toMatchObject({ metrics: { roc_auc: { method: 'score' } } });
    const report = JSON.parse(await readFile(path, 'utf8'));
    expect(report.plots.candidate.roc.length).toBeGreaterThan(5);
  }
});

test('a run without a verdict fails the step, whatever is asked', async () => {
  const run = await aRun(...reviewed, '--set', 'training.hyperparameters.train=fail');
  const { code, log, outputs } = await gate(run, { 'fail-on': 'none', promote: 'true' });
  expect(code).toBe(1);
  expect(log).toMatch(/^::error::small: no verdict\. Failed in Train: /m);
  expect(outputs).toMatchObject({ outcome: '', promoted: 'false' });
});

test('nothing in a run hides text, is a command to the runner or moves a terminal', async () => {
  const report = JSON.parse(await readFile(good, 'utf8')) as Report;
  const hostile = `${nasty}\n${command}`;
  report.project = hostile;
  report.run.promotion.promoted = false;
  if (report.verdict) Object.assign(report.verdict, { outcome: 'reject', reason: hostile });
  const path = workspace.path('hostile.json');
  await writeFile(path, JSON.stringify(report));
  const { code, log, outputs, summary } = await gate(path);
  expect([code, log]).toEqual([1, expect.stringContaining('add-mask')]);
  for (const text of [log, outputs.reason ?? '']) expectHarmless(text);
  expectHarmless(summary, { markdown: true });
});

test.each([
  ['is missing', null, /expected the JSON that run-pipeline wrote/],
  ['is cut off', '{"version": 1, "run"', /JSON/],
  ['holds NaN', '{"version": 1, "verdict": NaN}', /JSON/],
])('a run that %s fails closed', async (_, text, message) => {
  const path = workspace.path('broken.json');
  if (text !== null) await writeFile(path, text);
  const { code, log } = await gate(text === null ? workspace.path('none.json') : path, { promote: 'true' });
  expect([code, log]).toEqual([1, expect.stringMatching(message)]);
});
