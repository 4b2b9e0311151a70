import { readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { renderHtml } from '../../pipeline/report/html.ts';
import {
  failedRun,
  HOSTILE_TEXTS,
  heldRun,
  hostileRun,
  rejectedRun,
  sampleReport,
  unenforcedRun,
} from '../../pipeline/report/report.fixture.ts';
import type { Report } from '../../pipeline/report/report.ts';
import {
  folder,
  github,
  heading,
  logs,
  merge,
  moved,
  ofHead,
  post,
  postBundled,
  sha,
  token,
} from './post-report.fixture.ts';

// GitHub-flavoured Markdown by the parser that comes with mermaid.
const require = createRequire(createRequire(import.meta.url).resolve('mermaid'));
const { marked } = (await import(pathToFileURL(require.resolve('marked')).href)) as {
  marked: { parse: (text: string) => string };
};

test('the first report is a comment, the next one takes its place, in four calls', async () => {
  const first = await postBundled(ofHead(sampleReport()));
  expect(first.code).toBe(0);
  expect(heading()).toEqual(['## 🟢 Promote: attrition']);
  expect(github.calls()).toEqual([
    'GET /pulls/7',
    'GET /issues/7/comments',
    'POST /issues/7/comments',
    'GET /issues/7/comments',
    'POST /check-runs',
  ]);
  const second = await post(ofHead(rejectedRun()));
  expect(heading()).toEqual(['## 🔴 Reject: attrition']);
  expect(github.calls()).toEqual([
    'GET /pulls/7',
    'GET /issues/7/comments',
    `PATCH /issues/comments/${first.outputs['comment-id']}`,
    'POST /check-runs',
  ]);
  expect(second.outputs).toMatchObject({
    'comment-id': first.outputs['comment-id'],
    'comment-url': expect.stringContaining('/pull/7#issuecomment-'),
  });
});

test('comment, check, summary and page say the same', async () => {
  const report = ofHead(rejectedRun());
  const { outputs, summary, log } = await post(report);
  const why = report.verdict?.reason.slice(0, 20) ?? '';
  const [comment] = github.comments(7);
  expect(comment?.body).toContain(why);
  expect(comment?.body).toContain('[Workflow run](<https://github.com/octo/attrition/actions/runs/77>)');
  expect(summary).toContain('## 🔴 Reject: attrition');
  expect(summary).toContain(why);
  expect(log).toContain(`attrition: Reject. ${why}`);
  const page = await readFile(outputs.report ?? '', 'utf8');
  expect(page).toBe(
    renderHtml({
      ...report,
      links: [
        ...report.links,
        { label: 'Workflow run', url: 'https://github.com/octo/attrition/actions/runs/77' },
      ],
    }),
  );
  const [check] = github.checks;
  expect(check).toMatchObject({
    name: 'Model report: attrition',
    head_sha: sha,
    conclusion: 'failure',
    details_url: outputs['comment-url'],
  });
  expect(check?.output.title).toContain('Reject: ');
  // Where mlops.yaml asks for it: the threshold itself, and the gate's slices.
  expect(check?.annotations).toEqual(
    expect.arrayContaining([
      expect.objectContaining({
        path: 'mlops.yaml',
        start_line: 6,
        annotation_level: 'failure',
        title: 'threshold roc_auc',
      }),
    ]),
  );
});

test.each([
  ['hold', 'neutral', heldRun()],
  ['a failed run', 'failure', failedRun()],
  ['a verdict that nobody is held to', 'neutral', unenforcedRun()],
])('the check of %s is %s', async (_, conclusion, report) => {
  await post(ofHead(report));
  expect(github.checks.map((check) => check.conclusion)).toEqual([conclusion]);
});

test('the comment is found on a later page, and others are left alone', async () => {
  for (let i = 0; i < 230; i++) github.addComment(7, `Talk ${i}`);
  const mark = '<!-- mlops-report:attrition:Pull%20request -->';
  github.addComment(7, `> ${mark}\nquoted`, 'github-actions[bot]');
  github.addComment(7, '<!-- mlops-report:attrition:Deploy -->\nof another workflow', 'github-actions[bot]');
  github.addComment(
    7,
    '<!-- mlops-report:churn:Pull%20request -->\nof another project',
    'github-actions[bot]',
  );
  const { id } = github.addComment(7, `${mark}\nold`, 'github-actions[bot]');
  const { outputs } = await post(ofHead(sampleReport()));
  expect(outputs['comment-id']).toBe(String(id));
  expect(github.comments(7)).toHaveLength(234);
  expect(github.comments(7).filter(({ body }) => body.includes('Promote'))).toHaveLength(1);
  expect(github.calls()).toHaveLength(6);
});

test("the mark in somebody else's comment misleads nobody", async () => {
  const forged = '<!-- mlops-report:attrition:Pull%20request -->\n## 🟢 Promote';
  github.addComment(7, forged, 'mallory');
  await post(ofHead(rejectedRun()));
  await post(ofHead(heldRun()));
  const [first, ...own] = github.comments(7);
  expect(first).toMatchObject({ author: 'mallory', body: forged });
  expect(own.map(({ author }) => author)).toEqual(['github-actions[bot]']);
  expect(own[0]?.body).toContain('🟡 Hold');
});

test.each([
  ['an app', 'ghs_app', 'our-app[bot]'],
  ['a person', 'github_pat_x', 'octocat'],
])("the comment of %s's token is found again, within four calls and the check", async (_, other, login) => {
  github.addToken(other, { login });
  await post(ofHead(sampleReport()), { inputs: { token: other } });
  github.calls();
  await post(ofHead(heldRun()), { inputs: { token: other } });
  expect(github.comments(7)).toMatchObject([{ author: login, body: expect.stringContaining('Hold') }]);
  expect(github.calls()).toHaveLength(5);
});

test('each workflow and environment has its comment', async () => {
  for (let i = 0; i < 2; i++) {
    await post(ofHead(sampleReport()));
    await post(ofHead(sampleReport()), { inputs: { environment: 'staging' } });
    await post(ofHead(sampleReport()), { workflow: 'Nightly --> <b>' });
  }
  expect(github.comments(7).map(({ body }) => body.split('\n')[0])).toEqual([
    '<!-- mlops-report:attrition:Pull%20request -->',
    '<!-- mlops-report:attrition:Pull%20request:staging -->',
    '<!-- mlops-report:attrition:Nightly%20--%3E%20%3Cb%3E -->',
  ]);
});

test('nothing is written for a commit that is not the head any more, and log and summary say so', async () => {
  await post(ofHead(sampleReport()));
  github.moveHead(7, moved);
  github.calls();
  const { code, log, summary, outputs } = await post(ofHead(rejectedRun()));
  expect(code).toBe(0);
  expect(heading()).toEqual(['## 🟢 Promote: attrition']);
  expect(github.calls()).toEqual(['GET /pulls/7']);
  for (const text of [log, summary]) expect(text).toContain('is now fffffff, and this run was for 0123456');
  expect(summary).toContain('🔴 Reject');
  expect(outputs['comment-id']).toBe('');
});

test("another commit's report is not written either", async () => {
  const report = sampleReport();
  if (report.run.commit) report.run.commit.sha = moved;
  const { log } = await post(report);
  expect(github.comments(7)).toEqual([]);
  expect(log).toContain('this run was for fffffff');
});

test('a run that failed or was cancelled replaces the old verdict', async () => {
  await post(ofHead(sampleReport()));
  await post(ofHead(failedRun()));
  expect(heading()).toEqual(['## ❌ Failed in Train: attrition']);
  const cancelled = ofHead({ ...sampleReport(), verdict: null });
  await post({ ...cancelled, run: { ...cancelled.run, status: 'cancelled' } });
  expect(heading()).toEqual(['## ⚪ Cancelled: attrition']);
  expect(github.checks.map(({ conclusion }) => conclusion)).toEqual(['success', 'failure', 'cancelled']);
});

test.each([
  ['is empty', null, 'no report was left'],
  ['is half a file', JSON.stringify(sampleReport()).slice(0, 900), 'expected JSON'],
  ['holds NaN', JSON.stringify(sampleReport()).replace('0.8554', 'NaN'), 'expected JSON'],
])("where the run's JSON %s, the comment says that the run died", async (_, run, reason) => {
  await post(ofHead(sampleReport()));
  const { code, outputs } = await post(run);
  expect(code).toBe(0);
  expect(heading()).toEqual(['## ❌ Failed in Run: attrition']);
  expect(github.comments(7)[0]?.body).toContain(reason);
  expect(await readFile(resolve(folder, outputs.report ?? ''), 'utf8')).toContain('Failed in Run');
});

test("gate-promotion's verdict counts, where there is one", async () => {
  const verdict = join(folder, 'verdict.json');
  await writeFile(verdict, JSON.stringify(heldRun().verdict));
  await post(ofHead(sampleReport()), { inputs: { verdict } });
  expect(heading()).toEqual(['## 🟡 Hold: attrition']);
  await post(ofHead(sampleReport()), { inputs: { verdict: join(folder, 'none.json') } });
  expect(heading()).toEqual(['## 🟢 Promote: attrition']);
});

test('a push reports on the pull request that it merged, whatever its head is', async () => {
  github.addPullRequest({ number: 8, head: moved, merged: merge });
  await post(sampleReport(), { on: { name: 'push', sha: merge }, workflow: 'Deploy' });
  expect(heading(8)).toEqual(['## 🟢 Promote: attrition']);
  expect(github.checks).toMatchObject([{ head_sha: merge }]);
  expect(github.calls()).toHaveLength(5);
  await post(sampleReport(), {
    on: { name: 'push', sha: merge },
    inputs: { 'pull-request': 8 },
    workflow: 'Deploy',
  });
  expect(github.comments(8)).toHaveLength(1);

  const { log } = await post(sampleReport(), { on: { name: 'push', sha: 'b'.repeat(40) } });
  expect(log).toContain('No comment: bbbbbbb merged no pull request.');
});

test('a retrain opens an issue, keeps it up to date, and closes it when all is well again', async () => {
  const on = { name: 'schedule' };
  const healthy = await post(sampleReport(), { on });
  expect([github.issues, healthy.outputs['comment-id']]).toEqual([[], '']);
  const held = await post(heldRun(), { on });
  await post(failedRun(), { on });
  expect(github.issues).toMatchObject([
    {
      number: Number(held.outputs['comment-id']),
      title: 'attrition: Failed in Train',
      state: 'open',
      user: { login: 'github-actions[bot]' },
    },
  ]);
  await post(sampleReport(), { on });
  expect(github.issues).toMatchObject([
    { title: 'attrition: Promote', state: 'closed', state_reason: 'completed' },
  ]);
  await post(rejectedRun(), { on });
  expect(github.issues.map(({ state }) => state)).toEqual(['closed', 'open']);
});

const approval = (report: Report): Report => ({
  ...report,
  run: {
    ...report.run,
    commit: { sha: merge, ref: 'main', dirty: false },
    promotion: {
      promoted: true,
      package: 'attrition/2',
      detail: 'attrition/2 is the champion now. The hold was approved.',
    },
  },
});

test('an approval goes on with the comment of the workflow that held, on what the pull request merged', async () => {
  github.addPullRequest({ number: 7, head: sha, branch: 'feature', merged: merge });
  const push = { name: 'push', sha: merge };
  await post(heldRun(), { on: push, workflow: 'Deploy' });
  const dispatch = { name: 'workflow_dispatch', sha: merge };
  const inputs = { 'pull-request': 7, workflow: 'Deploy' };
  await post(approval(heldRun()), { on: dispatch, workflow: 'Approve', inputs });
  const [comment, ...more] = github.comments(7);
  expect(more).toEqual([]);
  expect(comment?.body).toContain('The hold was approved.');
  // The head of a pull request that is not merged is another matter.
  github.addPullRequest({ number: 7, head: sha, branch: 'feature' });
  const { log } = await post(approval(heldRun()), { on: dispatch, workflow: 'Approve', inputs });
  expect(log).toContain('this run was for aaaaaaa');
});

test('an approval closes the issue of the retrain that held', async () => {
  const on = { name: 'workflow_dispatch' };
  await post(heldRun(), { on, workflow: 'Retrain' });
  await post(approval(heldRun()), { on, workflow: 'Approve', inputs: { workflow: 'Retrain' } });
  expect(github.issues.map(({ state }) => state)).toEqual(['closed']);
  expect(github.issues[0]?.body).toContain('The hold was approved.');
});

test("an issue that only looks like the project's is left alone, and a pull request is none", async () => {
  const body = '<!-- mlops-report:attrition:Pull%20request -->\nmine';
  github.addIssue({ title: 'Forged', body, login: 'mallory' });
  github.addIssue({ title: 'Old', body, login: 'github-actions[bot]', state: 'closed' });
  await post(sampleReport(), { on: { name: 'workflow_dispatch' } });
  expect(github.issues.map(({ state }) => state)).toEqual(['open', 'closed']);
  expect(github.issues.map((issue) => issue.body)).toEqual([body, body]);
});

test("what a fork's run says is not a check", async () => {
  const on = {
    name: 'workflow_run',
    event: { workflow_run: { head_sha: sha, html_url: 'https://github.com/octo/attrition/actions/runs/76' } },
  };
  await post(ofHead(sampleReport()), { on, inputs: { 'pull-request': 7 } });
  expect(github.checks).toMatchObject([{ conclusion: 'neutral', head_sha: sha }]);
  expect(github.comments(7)[0]?.body).toContain('actions/runs/76');
  github.moveHead(7, moved);
  const { log } = await post(null, { on, inputs: { 'pull-request': 7 } });
  expect(log).toContain('this run was for 0123456');
});

test('a token that may not write is told which permission it needs, and the verdict stays', async () => {
  github.addToken(token, { login: 'github-actions[bot]', permissions: { 'pull-requests': 'read' } });
  const { code, log, summary, outputs } = await post(ofHead(rejectedRun()));
  expect(code).toBe(0);
  expect(log).toMatch(/^::warning title=The report was not posted::.*`permissions: pull-requests: write`/m);
  expect(summary).toContain('🔴 Reject');
  expect(summary).toContain('pull-requests: write');
  expect(outputs.report).toMatch(/report\.html$/);
  expect(outputs['comment-id']).toBe('');
});

test('where no check may be written, the annotations stand at the job', async () => {
  github.addToken(token, { login: 'github-actions[bot]', permissions: { 'pull-requests': 'write' } });
  const { code, log } = await post(ofHead(rejectedRun()));
  expect(code).toBe(0);
  expect(heading()).toEqual(['## 🔴 Reject: attrition']);
  expect(log).toMatch(/^::warning title=No check was made::.*checks: write/m);
  expect(log).toMatch(/^::error title=threshold roc_auc,file=mlops\.yaml,line=6::/m);
});

test.each([
  ['a wrong token', { inputs: { token: 'bad' } }, /does not know the token/],
  [
    'a pull request that is not there',
    { inputs: { 'pull-request': '99' } },
    /octo\/attrition has no pull request #99/,
  ],
])('%s is told, and the step succeeds', async (_, options, message) => {
  const { code, log, summary } = await postBundled(ofHead(sampleReport()), options);
  expect(code).toBe(0);
  expect(log).toMatch(message);
  expect(summary).toMatch(/🟢 Promote/);
});

test('wrong inputs fail the step before anything is asked', async () => {
  const { code, log } = await postBundled(ofHead(sampleReport()), {
    inputs: { token: '', target: 'mail', 'pull-request': '#7' },
  });
  expect(code).toBe(1);
  expect(log).toBe(
    '::error title=Input::input target: got "mail", expected one of comment, summary, both%0Ainput pull-request: got "#7", expected the number of a pull request\n',
  );
  expect((await postBundled(ofHead(sampleReport()), { inputs: { token: '' } })).log).toBe(
    '::error title=Input::input token: got nothing, expected the token of the workflow, github.token\n',
  );
  expect(github.calls()).toEqual([]);
});

test('a summary alone asks GitHub nothing and needs no token', async () => {
  const { code, summary } = await postBundled(ofHead(sampleReport()), {
    inputs: { target: 'summary', token: '' },
  });
  expect([code, github.calls()]).toEqual([0, []]);
  expect(summary).toContain('🟢 Promote');
});

test("a runner's proxy does not keep the action from loading", async () => {
  const { code, summary } = await postBundled(ofHead(sampleReport()), {
    inputs: { target: 'summary' },
    env: { GITHUB_API_URL: 'https://api.github.com', HTTPS_PROXY: 'http://proxy.example:3128' },
  });
  expect(code).toBe(0);
  expect(summary).toContain('🟢 Promote');
});

test.each([
  // The client tries again after 1 + 4 + 9 + 16 s.
  ['of half a minute', post, 4],
  ['that the bundle meets', postBundled, 1],
])('an outage %s is sat out', async (_, posting, cuts) => {
  github.cut(cuts);
  const { code } = await posting(ofHead(sampleReport()));
  expect(code).toBe(0);
  expect(heading()).toEqual(['## 🟢 Promote: attrition']);
});

test('GitHub down for good: the summary is written, the step warns, and the verdict stays', async () => {
  github.goDown(1e9);
  const { code, log, summary, outputs } = await post(ofHead(rejectedRun()));
  expect(code).toBe(0);
  expect(outputs).toMatchObject({ 'comment-id': '', report: expect.stringContaining('report.html') });
  expect(commandsIn(log)).toEqual([
    expect.stringMatching(/^::warning title=The report was not posted::GitHub could not be reached: /),
  ]);
  expect(summary).toMatch(/^<!--.*-->\n## 🔴 Reject: attrition/);
  expect(summary).toMatch(/> \[!NOTE\]\n> The report was not posted: GitHub could not be reached: .*$/m);
});

test('what users write neither pings, nor breaks out, nor commands the runner', async () => {
  const texts = [
    ...HOSTILE_TEXTS,
    '$(touch pwned)',
    `\${{ secrets.TOKEN }}`,
    '\n::set-output name=x::y\n::error::z',
    '::stop-commands::x',
  ];
  const all = texts.join(' ');
  for (const [text, posting] of [
    [all, postBundled],
    ...[all, ...texts.slice(-4)].map((each) => [each, post] as const),
  ] as const) {
    const hostile = hostileRun(text);
    const report = ofHead({
      ...hostile,
      project: `attrition ${text}`,
      run: { ...hostile.run, started_at: '2026-11-22T20:00:00Z' },
    });
    const { code, log, summary, outputs } = await posting(report, {
      workflow: text.replaceAll('\u0000', ''),
    });
    expect(code).toBe(0);
    const { body } = github.comments(7).at(-1) ?? { body: '' };
    for (const markdown of [body, summary]) {
      // GitHub looks for no mention in a block of code.
      expect(markdown.replace(/^(`{3,})text\n[\s\S]*?^\1$/gm, '')).not.toMatch(/@[a-z]/i);
      const html = marked.parse(markdown);
      expect(html).not.toMatch(/<script|<img|href="(?!https:\/\/(github\.com\/octo|example\.com))/i);
      const rows = [...html.matchAll(/<tr>[\s\S]*?<\/tr>/g)].length;
      expect(rows).toBeGreaterThan(5);
    }
    expect(await readFile(outputs.report ?? '', 'utf8')).not.toMatch(/<script|<img/i);
    expect(commandsIn(log)).toEqual([]);
    const [check] = github.checks.slice(-1);
    // Its name and title are plain text, the rest is Markdown.
    expect(`${check?.name} ${check?.output.title} ${check?.output.summary}`).not.toMatch(/@[a-z]/i);
    expect(check?.output.summary).not.toMatch(/<script/i);
  }
});

/** Lines of a log that the runner obeys: those between stop-commands and its end do nothing. */
function commandsIn(log: string): string[] {
  const obeyed = log.replaceAll(/^::stop-commands::(\S+)\n[\s\S]*?^::\1::$/gm, '');
  return obeyed.split('\n').filter((line) => /^\s*::(?!add-mask::)/.test(line));
}

test('five at once end in one comment', async () => {
  github.latency = 100;
  const finished = await Promise.all([1, 2, 3, 4, 5].map(() => post(ofHead(sampleReport()))));
  expect(finished.map(({ code }) => code)).toEqual([0, 0, 0, 0, 0]);
  expect(heading()).toEqual(['## 🟢 Promote: attrition']);
});

test('the token is in nothing that was printed or written', () => {
  expect(logs.length).toBeGreaterThan(50);
  // The one line that tells the runner what to mask.
  const printed = logs.map((text) => text.replace(/^::add-mask::.*$/gm, ''));
  for (const text of printed)
    expect(text).not.toMatch(/16C7e42F292c6912E7710c838347Ae178B4a|X-Amz-Signature/);
});
