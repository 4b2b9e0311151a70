import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, expect, test } from '@jest/globals';
import { expectHarmless, nasty } from '../../pipeline/report/harmless.fixture.ts';
import { sampleLook } from '../../pipeline/report/look-result.fixture.ts';
import type { LookResult } from '../../pipeline/report/look-result.ts';
import { FakeGitHub } from '../shared/fake-github.fixture.ts';
import { builtAction } from '../shared/runner.fixture.ts';

/* A look at production, posted by the bundle as the runner runs it. */

const folder = await mkdtemp(join(tmpdir(), 'mlops-post-look-'));
const action = await builtAction('post-report');
let github: FakeGitHub;

beforeEach(async () => {
  github = await FakeGitHub.start();
  await writeFile(
    join(folder, 'mlops.yaml'),
    'project: attrition\nproblem: binary\ndata: { source: rows.csv, target: left }\n',
  );
});
afterEach(() => github.stop());
afterAll(() => rm(folder, { recursive: true }));

async function post(look: LookResult | string | null, inputs: Record<string, string> = {}) {
  const path = join(folder, 'look.json');
  await rm(path, { force: true });
  if (look !== null) await writeFile(path, typeof look === 'string' ? look : JSON.stringify(look));
  return await action.main({
    cwd: folder,
    env: {
      GITHUB_API_URL: github.url,
      GITHUB_REPOSITORY: 'octo/attrition',
      GITHUB_SERVER_URL: 'https://github.com',
      GITHUB_RUN_ID: '77',
      GITHUB_EVENT_NAME: 'schedule',
      GITHUB_WORKFLOW: 'Monitor',
    },
    with: { look: path, token: 'ghs_token', ...inputs },
  });
}

const issues = () => github.issues.map(({ number, state, title }) => `${number} ${state} ${title}`);
const comments = () => github.comments(1).map(({ body }) => body.split('\n')[0]);

test('one issue: none while all is well, opened by trouble, updated, closed with a comment, and opened again', async () => {
  await post(sampleLook('healthy'));
  await post(sampleLook('cannot tell'));
  expect(issues()).toEqual([]);
  const opened = await post(sampleLook('watch'));
  expect(issues()).toEqual(['1 open attrition: To watch (attrition/7)']);
  expect(opened.outputs).toMatchObject({ 'comment-id': '1', retrain: 'false', reason: '' });
  await post(sampleLook('watch'));
  expect(comments()).toEqual([]);
  // A finding that is not known closes nothing.
  await post(sampleLook('cannot tell'));
  expect(issues()).toEqual(['1 open attrition: Cannot tell (attrition/7)']);
  await post(sampleLook('decayed'));
  await post(sampleLook('healthy', { package: 'attrition/8' }));
  expect(issues()).toEqual(['1 closed attrition: Healthy (attrition/8)']);
  await post(sampleLook('healthy', { package: 'attrition/8' }));
  await post(sampleLook(null));
  expect(issues()).toEqual(['1 open attrition: Look failed in Summarise']);
  expect(comments()).toEqual([
    '⚪ **Cannot tell (attrition/7).** Everything was judged.',
    '🔴 **Decayed (attrition/7).** ROC AUC is below 0.7.',
    '🟢 **Healthy (attrition/8).** Everything was judged.',
    '🔴 **Look failed in Summarise.** AlgorithmError: the disk is full',
  ]);
});

test('decay asks for one run a package, also after the issue was closed, and not within the cool-down', async () => {
  const retrain = async (look: LookResult) => (await post(look)).outputs.retrain;
  const decayed = (name: string, change: Partial<LookResult> = {}) =>
    sampleLook('decayed', { package: name, ...change });
  const first = await post(decayed('attrition/7'));
  expect(first.outputs).toMatchObject({ retrain: 'true', reason: 'Decay of attrition/7.' });
  expect(await retrain(decayed('attrition/7'))).toBe('false');
  await post(sampleLook('healthy'));
  expect(await retrain(decayed('attrition/7'))).toBe('false');
  expect(await retrain(decayed('attrition/8'))).toBe('false');
  expect(await retrain(decayed('attrition/8', { cool_down: 0 }))).toBe('true');
  const not = { wanted: false, why: 'triggers.decay is false.' };
  expect(await retrain(decayed('attrition/9', { cool_down: 0, retrain: not }))).toBe('false');
  expect(await retrain(decayed('attrition/9', { cool_down: 0, superseded: true }))).toBe('false');
});

test('where the issue cannot remember, nothing is asked for', async () => {
  github.refuse({ method: 'POST', path: /\/issues$/, status: 410, message: 'Issues are disabled' });
  const refused = await post(sampleLook('decayed'));
  expect([refused.code, refused.outputs.retrain]).toEqual([0, 'false']);
  expect(refused.log).toContain('The look was not posted');
  // Only a summary is written: an issue would ask again tomorrow.
  expect((await post(sampleLook('decayed'), { target: 'summary' })).outputs.retrain).toBe('false');
});

test('what a person has broken in the issue counts as asked for', async () => {
  await post(sampleLook('decayed'));
  const [issue] = github.issues;
  if (!issue) throw new Error('expected an issue');
  for (const broken of ['mlops-look:%7B', 'mlops-look:%7B%7D', 'other:']) {
    issue.body = (issue.body ?? '').replace(/mlops-look:\S+|other:/, broken);
    expect(
      (await post(sampleLook('decayed', { package: 'attrition/9', cool_down: 0 }))).outputs.retrain,
    ).toBe('false');
  }
});

test("an issue of the same mark that is somebody else's is not touched, and another environment has its own", async () => {
  await post(sampleLook('watch'));
  const body = github.issues[0]?.body ?? '';
  github.addIssue({ title: 'mine', body, login: 'mallory' });
  await post(sampleLook('decayed'));
  await post(sampleLook('watch'), { environment: 'production' });
  expect(issues()).toEqual([
    '1 open attrition: Decayed (attrition/7)',
    '2 open mine',
    '3 open attrition (production): To watch (attrition/7)',
  ]);
});

test.each([
  ['nothing', null],
  ['no JSON', '{'],
  ['another thing', '{"version":1,"finding":"healthy"}'],
  ['a finding of a look that failed', JSON.stringify(sampleLook('healthy', { status: 'failed' }))],
  ['a number that is none', JSON.stringify(sampleLook('healthy')).replace('604800', '1e999')],
])('a look that left %s is never a healthy one: it opens the issue', async (_, text) => {
  const { code, outputs, summary } = await post(text);
  expect([code, outputs.retrain]).toEqual([0, 'false']);
  expect(issues()).toEqual([expect.stringMatching(/^1 open attrition: Look failed in /)]);
  expect(summary).toContain('Look failed');
});

test('nothing that data or users have written does anything in issue, comment or summary', async () => {
  const text = `${nasty} @everyone [x](https://evil.example/x) <img src=x> --> ![y](https://evil.example/y)`;
  const look = sampleLook('decayed', {
    reason: text,
    package: text.slice(0, 40),
    retrain: { wanted: true, why: text },
  });
  await post(sampleLook('watch'));
  const { summary } = await post(look);
  for (const told of [summary, github.issues[0]?.body ?? '', github.comments(1)[0]?.body ?? '']) {
    expect(told).not.toMatch(/(^|[^`\\])@everyone/);
    expect(told).not.toMatch(/[^\\]\]\(https:\/\/evil|<img/);
  }
  expectHarmless(summary, { markdown: true });
});

test('a summary that is larger than an issue may be is cut there, and whole in the summary', async () => {
  const links = Array.from({ length: 2000 }, (_, i) => ({
    label: `link ${i}`,
    url: `https://x.example/${i}`,
  }));
  const { summary } = await post(sampleLook('watch', { links }));
  expect((github.issues[0]?.body ?? '').length).toBeLessThanOrEqual(65_536);
  expect(summary.length).toBeGreaterThan(65_536);
});
