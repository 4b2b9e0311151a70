import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { smallConfig, smallProject } from '../../pipeline/cli/small-project.fixture.ts';
import { command, expectHarmless, nasty } from '../../pipeline/report/harmless.fixture.ts';
import { parseReport } from '../../pipeline/report/parse-report.ts';
import { builtAction, type Finished } from '../shared/runner.fixture.ts';

/* The bundle as the runner runs it, on this machine's backend. */
jest.setTimeout(120_000);
const action = await builtAction('run-pipeline');
const workspace = smallProject();
const cwd = workspace.folder;

const env = {
  GITHUB_REPOSITORY: 'octo/small',
  GITHUB_RUN_ID: '77',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_EVENT_NAME: 'pull_request',
  GITHUB_ACTOR: 'octocat',
  GITHUB_SHA: 'f'.repeat(40),
};
const head = { sha: 'a'.repeat(40), ref: 'feature`$(id)`\n::error::x' };
const event = { pull_request: { number: 1, head, base: { ref: 'main', sha: 'b'.repeat(40) } } };

const reportAt = async ({ outputs }: Finished) =>
  parseReport(await readFile(join(cwd, outputs.run ?? ''), 'utf8'));

beforeAll(async () => {
  // Sets the Python environments up, whose lines the tests do not want.
  await action.main({ cwd, env });
});

test('a run gives its execution, fingerprint and JSON, and shows its steps while it goes', async () => {
  const finished = await action.main({ cwd, env, event, with: { reason: 'a look' } });
  expect(finished.code).toBe(0);
  expect(finished.outputs).toMatchObject({
    status: 'succeeded',
    execution: expect.stringMatching(/^\S+$/),
    fingerprint: expect.stringMatching(/^[0-9a-f]{64}$/),
  });
  expect(finished.log).toMatch(/✓ Gate/);
  expect(finished.summary).toMatch(/^\*\*Promote\*\*: small\. .*\n\n<sub>Run .* steps reused, saving/);
  const report = await reportAt(finished);
  expect(report.verdict?.outcome).toBe('promote');
  // The commit that people know, not the merge that the checkout is on.
  expect(report.run).toMatchObject({ trigger: 'pull_request', reason: 'a look', commit: { sha: head.sha } });
  expect(report.links).toContainEqual({
    label: 'Workflow run',
    url: 'https://github.com/octo/small/actions/runs/77',
  });
});

test('in mode promote no workflow brings data or settings that nobody reviewed; mode evaluate tries another gate', async () => {
  const set = 'training.hyperparameters.weight=-1\n"gate".enforce=false';
  const refused = await action.main({ cwd, env, event, with: { mode: 'promote', set } });
  expect(refused.code).toBe(1);
  expect(refused.log).toMatch(
    /^::error title=Input::input set: got "gate".enforce=false in mode promote, expected settings of/m,
  );
  const elsewhere = await action.main({
    cwd,
    env,
    event,
    with: { mode: 'promote', data: 's3://mallory/rows/' },
  });
  expect([elsewhere.code, elsewhere.log]).toEqual([
    1,
    expect.stringMatching(
      /^::error title=Input::input data: got "s3:\/\/mallory\/rows\/" in mode promote, expected a path inside/m,
    ),
  ]);
  expect((await reportAt(refused)).verdict).toBe(null);
  const tried = await action.main({ cwd, env, event, with: { set } });
  expect((await reportAt(tried)).verdict).toMatchObject({ outcome: 'reject', enforced: false });
});

test('nothing from users is a command to the runner', async () => {
  const [config, data] = [workspace.read('mlops.yaml'), workspace.read('data.csv')];
  const source = 'model/src/small/programs.py';
  const program = workspace.read(source);
  const shout = JSON.stringify(`${command}\n${nasty}\n  ${command}`);
  await writeFile(workspace.path('mlops.yaml'), config.replaceAll('[group]', '["::error::column"]'));
  await writeFile(
    workspace.path('data.csv'),
    data.replace('group', '::error::column').replaceAll(',a,', ',::warning::value,'),
  );
  const finished = await action.main({ cwd, env, event, with: { reason: '::notice::reason' } });
  await writeFile(
    workspace.path(source),
    program.replace('print("about to give up", flush=True)', `print(${shout}, flush=True)`),
  );
  const failed = await action.main({
    cwd,
    env,
    event,
    with: { reason: nasty, set: `training.hyperparameters.train=fail\ngate.slices=${JSON.stringify(nasty)}` },
  });
  const crashed = await action.main({
    cwd,
    env,
    event,
    with: { set: 'training.hyperparameters.train=fail' },
  });
  await writeFile(workspace.path(source), program);
  await writeFile(workspace.path('mlops.yaml'), config);
  await writeFile(workspace.path('data.csv'), data);
  expect([finished.code, failed.code, crashed.code]).toEqual([0, 1, 1]);
  expect(crashed.log).toContain('add-mask');
  for (const { log, summary } of [finished, failed, crashed]) {
    expectHarmless(log, { colors: true });
    expectHarmless(summary, { markdown: true });
  }
  expect(JSON.stringify(await reportAt(finished))).toContain('::error::column');
  expect(commandsIn(finished.log)).toEqual([]);
});

/** Lines of a log that annotate: those between stop-commands and its end do nothing. */
function commandsIn(log: string): string[] {
  const obeyed = log.replaceAll(/^::stop-commands::(\S+)\n[\s\S]*?^::\1::$/gm, '');
  return obeyed.split('\n').filter((line) => /^\s*::(?!group|endgroup)/.test(line));
}

test('a wrong mlops.yaml is annotated where it is wrong, and leaves a report that says so', async () => {
  await writeFile(join(cwd, 'mlops.yaml'), smallConfig.replace('weight: 1', 'weight: 1, x: {}'));
  const finished = await action.main({ cwd, env, event });
  await writeFile(join(cwd, 'mlops.yaml'), smallConfig);
  expect(finished.code).toBe(1);
  expect(finished.outputs.status).toBe('failed');
  expect(finished.log).toMatch(
    /^::error title=Configuration,file=mlops\.yaml,line=12,col=\d+::mlops\.yaml: training\.hyperparameters\.x: /m,
  );
  expect(await reportAt(finished)).toMatchObject({
    project: 'small',
    verdict: null,
    failure: { step: 'Configuration', error: 'ConfigError' },
    run: { status: 'failed', commit: { sha: head.sha } },
  });
});

test('a job that fails fails the step with the reason of its program', async () => {
  const finished = await action.main({
    cwd,
    env,
    event,
    with: { set: 'training.hyperparameters.train=fail' },
  });
  expect(finished.code).toBe(1);
  expect(finished.log).toMatch(/^::error::Failed in Train: .*the data has no sense/m);
  expect(finished.summary).toMatch(/^\*\*Failed in Train\*\*: small\. .*the data has no sense/);
  expect((await reportAt(finished)).failure).toMatchObject({ step: 'Train' });
});

test('every wrong input is told at once', async () => {
  const { code, log } = await action.main({
    cwd,
    env,
    with: { backend: 'cloud', wait: 'yes', 'role-to-assume': 'admin' },
  });
  expect(code).toBe(1);
  expect(log).toBe(
    '::error title=Input::input backend: got "cloud", expected one of embedded, aws' +
      '%0Ainput wait: got "yes", expected one of true, True, TRUE, false, False, FALSE' +
      '%0Ainput role-to-assume: got "admin", expected the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME\n',
  );
});

test('a run that nobody waits for is refused where its jobs would end with it', async () => {
  const { code, log, outputs } = await action.main({ cwd, env, with: { wait: 'false' } });
  expect(code).toBe(1);
  expect(log).toContain('wait: got false with the embedded backend');
  expect(outputs.status).toBe('failed');
});

test('a cancel stops the jobs, and the report says that the run was cancelled', async () => {
  const running = await action.begin({
    cwd,
    env,
    event,
    with: { set: 'training.hyperparameters.train=slow' },
  });
  await running.said('Train ...');
  const finished = await running.cancel();
  expect(finished.code).toBe(1);
  expect(finished.outputs.status).toBe('cancelled');
  expect((await reportAt(finished)).run.status).toBe('cancelled');
  expect(await workspace.leftProcesses()).toEqual([]);
});
