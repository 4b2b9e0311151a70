import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { FakeGitHub } from '../shared/fake-github.fixture.ts';
import { connect } from '../shared/github.ts';
import { whyRefused } from '../shared/github-error.ts';
import { commentsOf } from './places.ts';
import { Sticky } from './sticky.ts';

/* GitHub at its worst; a second takes 5 ms. */
jest.setTimeout(60_000);
const second = 5;
const mark = '<!-- mlops-report:attrition:Pull%20request -->';

let github: FakeGitHub;
let waits: string[];
beforeEach(async () => {
  waits = [];
  github = await FakeGitHub.start();
  github.addPullRequest({ number: 7, head: 'a'.repeat(40) });
});
afterEach(async () => {
  await github.stop();
});

const poster = (): Sticky => {
  const token = 'ghs_token';
  const octokit = connect({ token, apiUrl: github.url, second, onWait: (message) => waits.push(message) });
  const place = commentsOf(octokit, { owner: 'octo', repo: 'attrition' }, 7);
  return new Sticky(place, { mark, octokit, token });
};
const bodies = () => github.comments(7).map(({ body }) => body);

test('fifty posters at once end in one comment, and all of them name it', async () => {
  github.latency = 200;
  const posted = await Promise.all(
    Array.from({ length: 50 }, (_, i) => poster().put(`${mark}\nreport ${i}`)),
  );
  const [comment, ...more] = github.comments(7);
  expect(more).toEqual([]);
  expect(comment?.body).toMatch(/report \d+$/);
  expect(new Set(posted.map(({ id }) => id))).toEqual(new Set([comment?.id]));
  // As many as were needed to race at all.
  expect(github.calls().filter((call) => call === 'POST /issues/7/comments').length).toBeGreaterThan(10);
});

test('fifty that update at once leave the one comment', async () => {
  github.addComment(7, `${mark}\nold`, 'github-actions[bot]');
  github.latency = 100;
  await Promise.all(Array.from({ length: 50 }, (_, i) => poster().put(`${mark}\nreport ${i}`)));
  expect(bodies()).toEqual([expect.stringMatching(/report \d+$/)]);
});

test('what a poster left that was ended halfway is taken away', async () => {
  for (const text of ['first', 'second', 'third'])
    github.addComment(7, `${mark}\n${text}`, 'github-actions[bot]');
  github.addComment(7, `${mark}\nforged`, 'mallory');
  await poster().put(`${mark}\nnew`);
  expect(bodies()).toEqual([`${mark}\nnew`, `${mark}\nforged`]);
});

test('a comment that somebody deletes meanwhile is written anew', async () => {
  github.addComment(7, `${mark}\nold`, 'github-actions[bot]');
  github.refuse({ method: 'PATCH', times: 1, status: 404, message: 'Not Found' });
  await poster().put(`${mark}\nnew`);
  expect(bodies()).toContain(`${mark}\nnew`);
});

test('an outage of half a minute is sat out', async () => {
  github.goDown(30 * second);
  await poster().put(`${mark}\nnew`);
  expect(bodies()).toEqual([`${mark}\nnew`]);
});

test('a comment that was created though GitHub said 502 is not there twice', async () => {
  github.refuse({ method: 'GET', path: /comments/, after: 1, times: 2, status: 502 });
  github.refuse({ method: 'POST', times: 1, status: 502 });
  await poster().put(`${mark}\nnew`);
  expect(bodies()).toEqual([`${mark}\nnew`]);
});

test('GitHub down for good is told', async () => {
  github.goDown(1e9);
  const error = await poster()
    .put(`${mark}\nnew`)
    .catch((reason: unknown) => reason);
  expect(whyRefused(error, 'pull-requests: write')).toMatch(/^GitHub could not be reached: /);
});

test.each([403, 429] as const)(
  'a secondary rate limit (%i) is waited for as long as it says',
  async (status) => {
    github.limit({ method: 'POST', times: 1, status, seconds: 80 });
    const before = performance.now();
    await poster().put(`${mark}\nnew`);
    expect(performance.now() - before).toBeGreaterThan(80 * second);
    expect(bodies()).toEqual([`${mark}\nnew`]);
    expect(waits).toEqual([expect.stringMatching(/secondary rate limit \(POST .*retrying in 80 s/)]);
    expect(waits.join()).not.toContain('ghs_token');
  },
);

test('a rate limit that lasts longer than a job may wait is told', async () => {
  const reset = String(Math.floor(Date.now() / 1000) + 3000);
  const headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': reset };
  github.refuse({ status: 403, message: 'API rate limit exceeded for installation.', headers });
  const error = await poster()
    .put(`${mark}\nnew`)
    .catch((reason: unknown) => reason);
  expect(whyRefused(error, 'pull-requests: write')).toMatch(/^GitHub's rate limit is used up \(403: /);
  expect(github.requests).toHaveLength(1);
});

test('a refusal names the permission, at once', async () => {
  github.addToken('ghs_token', { login: 'github-actions[bot]', permissions: { 'pull-requests': 'read' } });
  const error = await poster()
    .put(`${mark}\nnew`)
    .catch((reason: unknown) => reason);
  expect(whyRefused(error, 'pull-requests: write')).toMatch(
    /^GitHub refused it \(403: Resource not accessible by integration\): give the job `permissions: pull-requests: write`/,
  );
  expect(github.requests).toHaveLength(2);
});
