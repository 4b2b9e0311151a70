import { execFile } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { FakeGitHub } from '../actions/shared/fake-github.fixture.ts';
import { makeHouses } from '../fixtures/houses.fixture.ts';
import { ActFixture, repositoryName } from './workflows/act.fixture.ts';
import { goTool } from './workflows/tools.fixture.ts';

/*
 * The README followed to its end: a copy of the template with another model, project, problem, data and columns, and
 * without the examples. Every command that the README gives, and the first pull request, end well.
 */
jest.setTimeout(900_000);

let github: FakeGitHub;
let act: ActFixture;

beforeAll(async () => {
  github = await FakeGitHub.start({ repository: repositoryName });
  act = await ActFixture.create({
    act: await goTool('act'),
    token: `ghs_${'0123456789abcdefghijklmnopqrstuvwxyz'}`,
    env: { GITHUB_API_URL: github.url },
  });
  makeHouses(act.checkout);
  await act.land(await act.commit('Our own model'));
});
afterAll(async () => {
  await github?.stop();
  await act?.remove();
});

/** `npm ARGS` in the user's repository, as from a shell: nothing of these tests in its environment. */
async function npm(...args: string[]): Promise<{ code: number; log: string }> {
  const { HOME, PATH = '' } = process.env;
  // Without this checkout's own programs, the Node of its packages above all.
  const path = PATH.split(delimiter).filter((folder) => !folder.includes('node_modules'));
  const pip = Object.entries(process.env).filter(([name]) =>
    /^(PIP|npm_config|HTTPS?_PROXY|NODE_EXTRA)/i.test(name),
  );
  const env = {
    HOME,
    ...Object.fromEntries(pip),
    PATH: [...path, dirname(process.execPath)].join(delimiter),
  };
  return await new Promise((settle) => {
    execFile('npm', args, { cwd: act.checkout, env, maxBuffer: 50_000_000 }, (error, stdout, stderr) =>
      settle({ code: error === null ? 0 : Number(error.code ?? 1), log: stdout + stderr }),
    );
  });
}

test('npm ci installs without a warning', async () => {
  const { code, log } = await npm('ci');
  expect(code === 0 ? '' : log).toBe('');
  expect(log).not.toMatch(/warn/i);
});

test("npm test is green, and says that it checks what is the user's", async () => {
  const { code, log } = await npm('test');
  expect(code === 0 ? '' : log).toBe('');
  expect(log).toContain("The project's own tests, because mlops.yaml is not what the template comes with");
  expect(log).toContain('data/houses.csv: valid; 400 rows, 4 columns');
  expect(log).toContain('pytest of the model: skipped, because model/ has no requirements-dev.txt');
  expect(log).toMatch(/^1 passed, 0 failed$/m);
});

test('npm run lint is green, and says what the model has no lint for', async () => {
  const { code, log } = await npm('run', 'lint');
  expect(code === 0 ? '' : log).toBe('');
  for (const tool of ['ruff', 'mypy'])
    expect(log).toContain(`${tool} of the model: skipped, because model/ has no requirements-dev.txt`);
});

test('npm start makes the first champion', async () => {
  const { code, log } = await npm('start');
  expect(code === 0 ? '' : log).toBe('');
  expect(log).toMatch(/^ *PROMOTE {2}RMSE is /m);
  expect(log).toContain('houses/1 is the champion now.');
});

test('a broken mlops.yaml fails npm test and lint with its line, and without a stack', async () => {
  const file = join(act.checkout, 'mlops.yaml');
  const text = readFileSync(file, 'utf8');
  writeFileSync(file, text.replace('problem: regression', 'problem: regresion'));
  for (const args of [['test'], ['run', 'lint:project']]) {
    const { code, log } = await npm(...args);
    expect(code).not.toBe(0);
    expect(log).toMatch(/problem: got "regresion".*\(line 5, column 10\)/);
    expect(log).not.toMatch(/^\s+at /m);
  }
  writeFileSync(file, text);
});

test('the first pull request is evaluated and reported', async () => {
  const { head, merge } = await act.propose(1, 'less-shrinkage', async () => {
    const file = join(act.checkout, 'mlops.yaml');
    writeFileSync(file, readFileSync(file, 'utf8').replace('shrinkage: 1 ', 'shrinkage: 10 '));
  });
  github.addPullRequest({ number: 1, head, branch: 'less-shrinkage' });
  const repository = {
    full_name: repositoryName,
    name: 'attrition',
    default_branch: 'main',
    visibility: 'private',
    owner: { login: 'octo' },
  };
  const event = (workflow: string) =>
    act.run(workflow, {
      name: 'pull_request',
      sha: merge,
      ref: 'refs/pull/1/merge',
      payload: {
        action: 'opened',
        number: 1,
        repository,
        pull_request: {
          number: 1,
          head: { sha: head, ref: 'less-shrinkage', repo: { full_name: repositoryName } },
          base: { sha: '0'.repeat(40), ref: 'main', repo: { full_name: repositoryName } },
        },
      },
    });
  const run = await event('pull-request.yml');
  expect(run.ok ? '' : run.log).toBe('');
  expect(run.jobs).toEqual({ 'Evaluate on the runner': 'success', Report: 'success' });
  const [comment, ...more] = github.comments(1);
  expect(more).toEqual([]);
  expect(comment?.body).toContain('houses');
  expect(comment?.body).toContain('RMSE');

  // CI runs what fits this repository: no check of the template.
  const ci = await event('ci.yml');
  expect(ci.ok ? '' : ci.log).toBe('');
  expect(ci.jobs).toEqual({ 'mlops.yaml and model': 'success' });
});
