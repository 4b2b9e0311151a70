import { existsSync, readdirSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { behave } from '../../pipeline/cli/small-project.fixture.ts';
import { releasableProject } from '../../pipeline/cli/small-release.fixture.ts';
import { command, expectHarmless, nasty } from '../../pipeline/report/harmless.fixture.ts';
import { parseReleaseResult } from '../../pipeline/report/parse-release-result.ts';
import { builtAction, type Finished } from '../shared/runner.fixture.ts';

/* Releases and rollbacks by the bundle as the runner runs it, on this machine's backend. */
jest.setTimeout(180_000);
const action = await builtAction('run-pipeline');
const workspace = releasableProject();
const cwd = workspace.folder;
const env = {
  GITHUB_REPOSITORY: 'octo/small',
  GITHUB_RUN_ID: '77',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_EVENT_NAME: 'push',
  GITHUB_ACTOR: 'octocat',
  GITHUB_SHA: 'f'.repeat(40),
  GITHUB_REF: 'refs/heads/main',
};
const release = (given: Record<string, string> = {}) =>
  action.main({ cwd, env, with: { machine: 'release', ...given } });
const resultAt = async ({ outputs }: Finished) =>
  parseReleaseResult(await readFile(workspace.path(outputs.run ?? ''), 'utf8'));
/** In a process of its own, which leaves none behind. */
const promote = async (...options: string[]) =>
  JSON.parse(
    (await workspace.start('run', '--mode', 'promote', '--no-release', '--json', ...options).finished).stdout,
  ) as { package: string; promoted: boolean };

let first: { package: string };
let released: Finished;
beforeAll(async () => {
  first = await promote();
  released = await release({ package: first.package, 'if-champion': 'true', reason: 'merge of #7' });
});

test('a release gives its page, its predictions and a JSON of what everybody may see', async () => {
  expect([released.code, released.log]).toEqual([0, expect.stringMatching(/✓ Deliver/)]);
  const { outputs, summary } = released;
  expect(outputs).toMatchObject({ status: 'succeeded', package: first.package, rows: '50' });
  expect(outputs.release).toBe(outputs.execution);
  expect(readdirSync(workspace.path(outputs.predictions ?? ''))).toEqual(['part-00000.parquet']);
  expect(await readFile(workspace.path(outputs.page ?? ''), 'utf8')).toContain('50 predictions');
  expect(summary).toContain('50 predictions');
  const result = await resultAt(released);
  expect(result).toMatchObject({
    kind: 'release',
    model: 'small',
    moved: true,
    previous: null,
    reason: 'merge of #7',
    actor: 'octocat',
    predictions: { rows: 50 },
  });
  expect(result.links).toContainEqual({
    label: 'Workflow run',
    url: 'https://github.com/octo/small/actions/runs/77',
  });
  // Ids of rows are in neither, nor is the private page beside them.
  const told = `${JSON.stringify(result)}${await readFile(workspace.path(outputs.page ?? ''), 'utf8')}${summary}`;
  expect(told).not.toMatch(/\bn\d+\b/);
  expect(existsSync(workspace.path(`.mlops/runs/${outputs.execution}/private`))).toBe(false);
});

test('the same again predicts nothing, and the outputs are those of the first', async () => {
  const again = await release({ package: first.package, 'if-champion': 'true' });
  expect(again.outputs).toMatchObject({
    status: 'succeeded',
    release: released.outputs.release,
    predictions: released.outputs.predictions,
    rows: '50',
  });
  expect(again.log).not.toMatch(/✓ (Predict|Deliver)/);
  expect((await resultAt(again)).moved).toBe(false);
  expect(existsSync(workspace.path(again.outputs.page ?? ''))).toBe(true);
});

test('where the champion moved on the release is left out and says so; a rollback names what it left', async () => {
  const second = await promote(...behave({ weight: 1.5 }));
  expect(second.promoted).toBe(true);
  const late = await release({ package: first.package, 'if-champion': 'true' });
  expect([late.code, late.outputs.release, late.outputs.page]).toEqual([0, '', '']);
  expect(late.summary).toContain('Release left out');
  expect(late.log).toContain(`${first.package} is no longer the champion (${second.package} is)`);
  expect((await release({ package: second.package })).outputs).toMatchObject({ package: second.package });

  const back = await release({ rollback: 'true', reason: nasty, approver: 'ada' });
  expect(back.code).toBe(0);
  expect(back.outputs).toMatchObject({ package: first.package, release: released.outputs.release });
  const result = await resultAt(back);
  expect(result).toMatchObject({ kind: 'rollback', actor: 'ada', left: { package: second.package } });
  expect(back.summary).toContain('approved by ada');
  expectHarmless(back.log, { colors: true });
  expectHarmless(back.summary, { markdown: true });

  const further = await release({ rollback: 'true', reason: command });
  expect(further.code).toBe(1);
  expect(further.log).toMatch(/^::error::Rollback failed in Plan release: .*got no champion before/m);
  expect(await resultAt(further)).toMatchObject({ status: 'failed', release: null, page_problem: null });
});

test('inputs that a release cannot take are refused, all at once, and leave a result', async () => {
  const wrong = await release({
    data: 'x.csv',
    set: 'tuning=off',
    'if-champion': 'true',
    rollback: 'true',
  });
  expect(wrong.code).toBe(1);
  for (const what of [
    'data: got a value',
    'set: got a value',
    'reason: got nothing',
    'if-champion: got true',
  ])
    expect(wrong.log).toContain(`input ${what}`);
  expect((await resultAt(wrong)).failure).toMatchObject({ error: 'InputError' });
  const other = await action.main({ cwd, env, with: { package: 'small/1', allow: 'true' } });
  expect(other.log).toContain('input package: got a value with machine train');
  const unknown = await release({ package: 'small/9' });
  expect([unknown.code, unknown.log]).toEqual([
    1,
    expect.stringContaining('package: got "small/9", expected one of the registry: small/'),
  ]);
  const unwatched = await release({ wait: 'false' });
  expect(unwatched.log).toContain('wait: got false with the embedded backend');
});

test('a cancel stops the job; readers see what they saw before', async () => {
  workspace.write({ 'new.csv': workspace.read('new.csv').replace(/\nn1,/, '\nm1,') });
  const before = workspace.read('.mlops/s3/mlops/small/pointers/small.json');
  const running = await action.begin({ cwd, env, with: { machine: 'release' } });
  await running.said('Lay out rows ...');
  const finished = await running.cancel();
  expect(finished.outputs).toMatchObject({ status: 'cancelled', release: '' });
  expect(finished.code).toBe(1);
  expect(workspace.read('.mlops/s3/mlops/small/pointers/small.json')).toBe(before);
  expect(await workspace.leftProcesses()).toEqual([]);
});
