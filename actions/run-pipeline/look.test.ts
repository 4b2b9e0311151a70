import { readFile } from 'node:fs/promises';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { inDays, monitoredProject, newLabels } from '../../pipeline/cli/small-monitor.fixture.ts';
import { smallData } from '../../pipeline/cli/small-project.fixture.ts';
import { parseLookResult } from '../../pipeline/report/parse-look-result.ts';
import { FakeGitHub } from '../shared/fake-github.fixture.ts';
import { builtAction, type Finished } from '../shared/runner.fixture.ts';

/* Looks at production by the bundle as the runner runs it, on this machine's backend. */
jest.setTimeout(180_000);
const action = await builtAction('run-pipeline');
const posting = await builtAction('post-report');
const workspace = monitoredProject('triggers: { decay: true }\n');
const cwd = workspace.folder;
const env = {
  GITHUB_REPOSITORY: 'octo/small',
  GITHUB_SERVER_URL: 'https://github.com',
  GITHUB_RUN_ID: '77',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_EVENT_NAME: 'schedule',
  GITHUB_SHA: 'f'.repeat(40),
  GITHUB_REF: 'refs/heads/main',
  GITHUB_WORKFLOW: 'Monitor',
};
const look = (given: Record<string, string> = {}) =>
  action.main({ cwd, env, with: { machine: 'monitor', ...given } });
const resultAt = async ({ outputs }: Finished) =>
  parseLookResult(await readFile(workspace.path(outputs.run ?? ''), 'utf8'));

beforeAll(async () => {
  const { code, stderr } = await workspace.start('run', '--mode', 'promote', '--json').finished;
  expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
});

test('a look gives its finding, its page and a JSON of what everybody may see, and starts nothing itself', async () => {
  const healthy = await look({ at: inDays(5) });
  expect([healthy.code, healthy.log]).toEqual([0, expect.stringMatching(/✓ Judge/)]);
  expect(healthy.outputs).toMatchObject({ status: 'succeeded', finding: 'healthy', package: 'small/1' });
  expect(await readFile(workspace.path(healthy.outputs.page ?? ''), 'utf8')).toContain('Healthy');
  expect(healthy.summary).toContain('Healthy');
  expect(await resultAt(healthy)).toMatchObject({
    model: 'small',
    finding: 'healthy',
    retrain: { wanted: false },
    cool_down: 7 * 86_400,
    report: { finding: { finding: 'healthy' } },
    links: [{ label: 'Workflow run', url: 'https://github.com/octo/small/actions/runs/77' }],
  });
  expect(JSON.stringify(await resultAt(healthy))).not.toMatch(/"n\d+"/);
});

test('decay asks for a run, which the issue asks for once; the look itself has started none', async () => {
  // The runner's state is only read, so each look begins where main's last run ended.
  const fresh = monitoredProject('triggers: { decay: true }\n');
  const { code } = await fresh.start('run', '--mode', 'promote', '--json').finished;
  expect(code).toBe(0);
  // Other rows than the package was trained on: the same rows would make the same model.
  fresh.write({ 'truth.csv': newLabels(400, 'other'), 'data.csv': smallData(500) });
  const decayed = await action.main({
    cwd: fresh.folder,
    env,
    with: { machine: 'monitor', at: inDays(5) },
  });
  expect([decayed.code, decayed.outputs.finding]).toEqual([0, 'decayed']);
  const path = fresh.path(decayed.outputs.run ?? '');
  const result = parseLookResult(await readFile(path, 'utf8'));
  expect(result.retrain).toEqual({ wanted: true, why: expect.stringContaining('small/1') });
  const { stdout } = await fresh.mlops('history', '--json');
  expect(JSON.parse(stdout)).toMatchObject({ runs: [expect.anything()] });

  const github = await FakeGitHub.start({ repository: 'octo/small' });
  try {
    const post = () =>
      posting.main({
        cwd: fresh.folder,
        env: { ...env, GITHUB_API_URL: github.url },
        with: { look: path, token: 'ghs_token' },
      });
    expect((await post()).outputs).toMatchObject({ retrain: 'true' });
    expect((await post()).outputs).toMatchObject({ retrain: 'false' });
    expect(github.issues.map(({ state, title }) => [state, title])).toEqual([
      ['open', expect.stringMatching(/^small: Decayed/)],
    ]);
    expect(github.issues[0]?.body).toContain('What to do next');
  } finally {
    await github.stop();
  }
});

test('a look that could not look fails the step, and its JSON says why', async () => {
  workspace.write({ 'truth.csv': 'id,other\nn1,yes\n' });
  const failed = await look({ at: inDays(6) });
  expect([failed.code, failed.outputs.status, failed.outputs.finding]).toEqual([1, 'failed', '']);
  expect(await resultAt(failed)).toMatchObject({
    finding: null,
    failure: { step: 'Summarise' },
    retrain: { wanted: false },
  });
  expect(failed.log).toContain('Look failed in Summarise');
});

test.each([
  [{ set: 'training.max_runtime=2h' }, 'input set: got a value with machine monitor'],
  [{ package: 'small/1' }, 'input package: got a value with machine monitor'],
  [{ at: 'tomorrow' }, 'expected a time such as 2026-03-04T05:06:07Z'],
])('%j is refused', async (given, message) => {
  const refused = await look(given as Record<string, string>);
  expect([refused.code, refused.log]).toEqual([1, expect.stringContaining(message)]);
});
