import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, jest } from '@jest/globals';
import type { Report } from '../../pipeline/report/report.ts';
import type { Context } from '../shared/context.ts';
import { FakeGitHub } from '../shared/fake-github.fixture.ts';
import { connect } from '../shared/github.ts';
import { withoutCommands } from '../shared/log.ts';
import { builtAction, type Finished } from '../shared/runner.fixture.ts';
import { run } from './run.ts';

/* The action against a GitHub that keeps what it is told: in this process, and bundled, as the runner runs it. */

export const token = 'ghs_16C7e42F292c6912E7710c838347Ae178B4a';
export const sha = '0123456789abcdef0123456789abcdef01234567';
export const moved = 'f'.repeat(40);
export const merge = 'a'.repeat(40);
const head = { sha, ref: 'feature', repo: { full_name: 'octo/attrition' } };
const pullRequest = {
  name: 'pull_request',
  event: { pull_request: { number: 7, head, base: { ref: 'main', sha: merge } } },
};

/** A new one for each test, with pull request #7. */
export let github: FakeGitHub;
/** Whatever was printed or written so far, of all tests. */
export const logs: string[] = [];
/** What a job checks out: an mlops.yaml. */
export const folder = await mkdtemp(join(tmpdir(), 'mlops-post-report-'));
const action = await builtAction('post-report');
const here = process.cwd();
let printed = '';

beforeAll(async () => {
  const config = [
    'project: attrition',
    'problem: binary',
    'gate:',
    '  primary: roc_auc',
    '  thresholds:',
    '    roc_auc: { min: 0.75 }',
    '  slices: off',
  ];
  await writeFile(join(folder, 'mlops.yaml'), config.join('\n'));
  process.chdir(folder);
});
beforeEach(async () => {
  github = await FakeGitHub.start();
  github.addPullRequest({ number: 7, head: sha, branch: 'feature' });
  jest.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    printed += String(chunk);
    return true;
  });
});
afterEach(async () => {
  jest.restoreAllMocks();
  await github.stop();
});
afterAll(async () => {
  process.chdir(here);
  await rm(folder, { recursive: true });
});

/** Of the commit that the pull request is at. */
export const ofHead = (report: Report): Report => ({
  ...report,
  run: { ...report.run, commit: { sha, ref: 'feature', dirty: false } },
});

let runs = 0;
async function written(report: Report | string): Promise<string> {
  const path = join(folder, `run-${++runs}`, 'report.json');
  await mkdir(dirname(path));
  await writeFile(path, typeof report === 'string' ? report : JSON.stringify(report));
  return path;
}

/** What the workflow's run is about. */
interface Told {
  on?: { name: string; event?: Context['payload']; sha?: string };
  workflow?: string;
}
type Posted = Omit<Finished, 'state'>;

/** The work of the action, whose client of GitHub waits a millisecond where it would wait a second. */
export async function post(
  report: Report | string | null,
  {
    on = pullRequest,
    workflow = 'Pull request',
    inputs = {},
  }: Told & { inputs?: Partial<Parameters<typeof run>[0]> } = {},
): Promise<Posted> {
  const from = printed.length;
  let summary = '';
  const { outputs, failed } = await run(
    {
      ...(report !== null && { run: await written(report) }),
      token,
      target: 'both',
      config: 'mlops.yaml',
      ...inputs,
    },
    {
      context: {
        repo: { owner: 'octo', repo: 'attrition' },
        workflow,
        runId: 77,
        runAttempt: 1,
        eventName: on.name,
        payload: on.event ?? {},
        sha: on.sha ?? merge,
        ref: 'refs/pull/7/merge',
        actor: 'octocat',
        serverUrl: 'https://github.com',
      },
      core: {
        summary: {
          addRaw: (text, newLine) => {
            summary += newLine ? `${text}\n` : text;
            return { write: async () => {} };
          },
        },
      },
      connect: (given) => connect({ token: given, apiUrl: github.url, second: 1, onWait: withoutCommands }),
      now: () => new Date(),
    },
  );
  return keep({ code: failed === undefined ? 0 : 1, log: printed.slice(from), summary, outputs });
}

/** The bundle, as the runner runs it. */
export async function postBundled(
  report: Report | string | null,
  {
    on = pullRequest,
    workflow = 'Pull request',
    inputs = {},
    env = {},
  }: Told & { inputs?: Record<string, string>; env?: Record<string, string> } = {},
): Promise<Posted> {
  const finished = await action.main({
    cwd: folder,
    event: on.event ?? {},
    with: { run: report === null ? '' : await written(report), token, ...inputs },
    env: {
      GITHUB_API_URL: github.url,
      GITHUB_REPOSITORY: 'octo/attrition',
      GITHUB_WORKFLOW: workflow,
      GITHUB_RUN_ID: '77',
      GITHUB_EVENT_NAME: on.name,
      GITHUB_SHA: on.sha ?? merge,
      ...env,
    },
  });
  return keep(finished);
}

function keep<T extends Posted>(finished: T): T {
  logs.push(finished.log, finished.summary, JSON.stringify(finished.outputs));
  return finished;
}

/** The first lines of the comments, each below its mark. */
export const heading = (number = 7): (string | undefined)[] =>
  github.comments(number).map(({ body }) => body.split('\n')[1]);
