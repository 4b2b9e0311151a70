import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { expectHarmless, nasty } from '../../pipeline/report/harmless.fixture.ts';
import { sampleRelease } from '../../pipeline/report/release.fixture.ts';
import { sampleResult } from '../../pipeline/report/release-result.fixture.ts';
import type { ReleaseResult } from '../../pipeline/report/release-result.ts';
import { FakeGitHub } from '../shared/fake-github.fixture.ts';
import { builtAction } from '../shared/runner.fixture.ts';

/* A release or rollback, posted by the bundle as the runner runs it. */

const folder = await mkdtemp(join(tmpdir(), 'mlops-post-release-'));
const action = await builtAction('post-report');
const merge = 'a'.repeat(40);
let github: FakeGitHub;

beforeEach(async () => {
  github = await FakeGitHub.start();
  github.addPullRequest({ number: 7, head: 'b'.repeat(40), merged: merge });
  await writeFile(join(folder, 'mlops.yaml'), 'project: attrition\n');
});
afterEach(() => github.stop());
afterAll(() => rm(folder, { recursive: true }));

const failed = (cause: string): Partial<ReleaseResult> => ({
  status: 'failed',
  release: null,
  report: null,
  predictions: null,
  failure: { step: 'Deliver', error: 'DeliveryError', cause, log: [], hint: 'Fix the model.' },
});

async function post(
  result: ReleaseResult | string | null,
  { event = 'push', ...inputs }: Record<string, string> = {},
) {
  const path = join(folder, 'result.json');
  await rm(path, { force: true });
  if (result !== null) await writeFile(path, typeof result === 'string' ? result : JSON.stringify(result));
  return await action.main({
    cwd: folder,
    env: {
      GITHUB_API_URL: github.url,
      GITHUB_REPOSITORY: 'octo/attrition',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: '77',
      GITHUB_EVENT_NAME: event,
      GITHUB_WORKFLOW: 'Deploy',
      GITHUB_SHA: merge,
    },
    with: { release: path, token: 'ghs_token', ...inputs },
  });
}

test('a release has one comment of its own on the merged pull request, which the next one updates', async () => {
  const page = 'https://octo.github.io/attrition/';
  const first = await post(sampleResult(), { 'artifact-url': page });
  expect(first.code).toBe(0);
  const [comment, ...more] = github.comments(7);
  expect(more).toEqual([]);
  expect(comment?.body).toContain('200 predictions');
  expect(comment?.body).toContain(`[Page](<${page}>)`);
  expect(first.summary).toContain('200 predictions');
  const again = await post(sampleResult(failed('no answer for row 3')));
  expect(again.outputs['comment-id']).toBe(first.outputs['comment-id']);
  expect(github.comments(7)[0]?.body).toMatch(/Release failed in Deliver.*\n\n.*no answer for row 3/);
  // Another environment's release has its own.
  await post(sampleResult(), { environment: 'production' });
  expect(github.comments(7)).toHaveLength(2);
});

test('a rollback says what it left, why, and who approved it, and nothing that users write does anything', async () => {
  const reason = `${nasty} @everyone [x](https://evil.example/x) <img src=x> ![y](https://evil.example/y)`;
  const { summary } = await post(
    sampleResult({
      kind: 'rollback',
      reason,
      actor: 'ada @bob',
      left: { package: 'attrition/3', commit: merge },
      report: sampleRelease({ kind: 'rollback', reason }),
    }),
    { event: 'workflow_dispatch', 'pull-request': '7' },
  );
  const body = github.comments(7)[0]?.body ?? '';
  for (const text of [summary, body]) {
    expect(text).toContain('Away from attrition/3, approved by ada');
    expect(text).not.toMatch(/(^|[^`\\])@(everyone|bob)/);
    expect(text).not.toMatch(/[^\\]\]\(https:\/\/evil|<img/);
    expectHarmless(text, { markdown: true });
  }
});

test('without a pull request a failure opens an issue, which the next good release closes; a good one opens none', async () => {
  const on = { event: 'schedule' };
  await post(sampleResult(), on);
  expect(github.issues).toEqual([]);
  await post(sampleResult(failed('no answer')), on);
  expect(github.issues.map(({ state, title }) => [state, title])).toEqual([
    ['open', 'attrition: Release failed in Deliver'],
  ]);
  await post(sampleResult(), on);
  expect(github.issues.map(({ state }) => state)).toEqual(['closed']);
});

test.each([
  ['nothing', null],
  ['no JSON', '{'],
  ['another thing', '{"version":1,"kind":"release"}'],
  ['a number that is none', JSON.stringify(sampleResult()).replace('"rows":200', '"rows":1e999')],
])('where the release left %s, it is told as a failure', async (_, text) => {
  const { code, summary, log } = await post(text);
  expect(code).toBe(0);
  for (const told of [summary, github.comments(7)[0]?.body, log])
    expect(told).toContain('it died or was cancelled before it wrote its result');
});

test('what laying out the rows quotes is in no comment, whoever wrote it into the result', async () => {
  const report = sampleRelease();
  const { predictions } = report;
  if (predictions === null) throw new Error('expected predictions');
  predictions.rejected = { rows: 1, examples: ['zzcell'] };
  predictions.warnings = ['zzcell'];
  predictions.unseen = [{ column: 'Department', rows: 1, examples: ['zzcell'] }];
  const { summary } = await post(sampleResult({ report }));
  for (const text of [summary, github.comments(7)[0]?.body]) expect(text).not.toContain('zzcell');
});
