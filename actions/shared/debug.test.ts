import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { sampleReport } from '../../pipeline/report/report.fixture.ts';
import { actionNames } from '../build.ts';
import { FakeGitHub } from './fake-github.fixture.ts';
import { type BuiltAction, builtAction, type Finished, type Step } from './runner.fixture.ts';

/* Every action bundled and run as the runner runs it with debug logging: it says what it does, and no secret. */
jest.setTimeout(120_000);

const secrets = {
  AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE',
  AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  AWS_SESSION_TOKEN: 'IQoJb3JpZ2luX2VjEXAMPLE==',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'eyJhbGciOiJSUzI1NiJ9.e30.signature',
  ACTIONS_RUNTIME_TOKEN: 'eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.runtime',
  GITHUB_TOKEN: 'ghs_16C7e42F292c6912E7710c838347Ae178B4a',
};
/** ECR answers with it. */
const password = 'the-password-of-the-registry';
const names = await actionNames();
const actions = new Map<string, BuiltAction>();
for (const name of names) actions.set(name, await builtAction(name));

let cwd = '';
let github: FakeGitHub;
let aws: Server;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlops-debug-'));
  const config = [
    'project: churn',
    'problem: binary',
    'data: { source: rows.csv, target: left }',
    'environments: { staging: { account: "123456789012", region: us-east-1 } }',
  ];
  await writeFile(join(cwd, 'mlops.yaml'), config.join('\n'));
  github = await FakeGitHub.start();
  github.addPullRequest({ number: 7, head: 'a'.repeat(40) });
  const token = Buffer.from(`AWS:${password}`).toString('base64');
  // ECR, and the registry that it names, which refuses everything.
  aws = createServer((request, response) => {
    request.resume().on('end', () => {
      const registry = request.url?.startsWith('/v2/') === true;
      const login = { authorizationToken: token, proxyEndpoint: awsUrl(), expiresAt: 4e9 };
      const answer = JSON.stringify(registry ? { errors: [] } : { authorizationData: [login] });
      response
        .writeHead(registry ? 403 : 200, {
          'content-type': 'application/x-amz-json-1.1',
          'content-length': answer.length,
        })
        .end(answer);
    });
  });
  await new Promise<void>((resolve) => aws.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await github?.stop();
  aws?.closeAllConnections();
  aws?.close();
  await rm(cwd, { recursive: true, force: true });
});

const awsUrl = () => `http://127.0.0.1:${(aws.address() as AddressInfo).port}`;

const run = (name: string, step: Partial<Step> = {}, debugged = true): Promise<Finished> =>
  (actions.get(name) as BuiltAction).main({
    cwd,
    ...step,
    env: {
      ...secrets,
      ...(debugged && { RUNNER_DEBUG: '1' }),
      GITHUB_REPOSITORY: github.repository,
      GITHUB_API_URL: github.url,
      GITHUB_EVENT_NAME: 'pull_request',
      GITHUB_RUN_ID: '5',
      AWS_REGION: 'us-east-1',
      AWS_ENDPOINT_URL: awsUrl(),
      RUNNER_TEMP: cwd,
      ...step.env,
    },
  });

/** What the log shows: the runner takes the commands that mask. */
const shownBy = ({ log }: Finished): string => log.replaceAll(/^::add-mask::.*$/gm, '');
const debugLines = (finished: Finished): string[] =>
  [...shownBy(finished).matchAll(/^::debug::(.*)$/gm)].map(([, line = '']) => line);

function expectNoSecret(finished: Finished): void {
  const basic = Buffer.from(`AWS:${password}`).toString('base64');
  for (const secret of [...Object.values(secrets), password, basic]) {
    expect(shownBy(finished)).not.toContain(secret);
    expect(finished.summary).not.toContain(secret);
  }
}

test.each(names)('%s: its inputs, and no secret', async (name) => {
  // The runner passes what a workflow should not have put there, too.
  const reason = `because of ${secrets.AWS_SECRET_ACCESS_KEY}`;
  const given = {
    run: 'no-such-file',
    token: secrets.GITHUB_TOKEN,
    reason,
    set: `a=${secrets.GITHUB_TOKEN}`,
  };
  const finished = await run(name, { with: given });
  const lines = debugLines(finished);
  expect(lines[0]).toMatch(/^Node v24\.\d+\.\d+ on /);
  expect(lines).toContainEqual(expect.stringMatching(/^input config: "mlops\.yaml", a file of \d+ bytes$/));
  expectNoSecret(finished);
  expect(debugLines(await run(name, { with: given }, false))).toEqual([]);
});

test('post-report: the calls to GitHub without their queries, and the sizes of what it read and made', async () => {
  const sha = 'a'.repeat(40);
  const sample = sampleReport();
  const report = { ...sample, run: { ...sample.run, commit: { sha, ref: 'x', dirty: false } } };
  await writeFile(join(cwd, 'report.json'), JSON.stringify(report));
  const event = { pull_request: { number: 7, head: { sha, ref: 'x' } } };
  const finished = await run('post-report', {
    event,
    with: { run: 'report.json', token: secrets.GITHUB_TOKEN },
  });
  const text = debugLines(finished).join('\n');
  expect(text).toMatch(/^input run: "report\.json", a file of \d+ bytes$/m);
  expect(text).toMatch(/^input token: "\*\*\*"$/m);
  expect(text).toContain(`call POST ${github.url}/repos/${github.repository}/issues/7/comments: 201`);
  expect(text).toMatch(/^output report: "report\.html", a file of \d+ bytes$/m);
  expect(text).not.toContain('per_page');
  expectNoSecret(finished);
});

test('push-model-image: the call to AWS by its action, not the password in the answer', async () => {
  await writeFile(join(cwd, 'Dockerfile'), 'FROM scratch\n');
  const finished = await run('push-model-image', { with: { context: '.', environment: 'staging' } });
  expect(debugLines(finished)).toContainEqual(
    expect.stringMatching(
      /^call POST http:\/\/127\.0\.0\.1:\d+\/ AmazonEC2ContainerRegistry_V20150921\.GetAuthorizationToken: 200, \d+ bytes$/,
    ),
  );
  expectNoSecret(finished);
});
