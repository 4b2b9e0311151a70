import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from '@jest/globals';
import { testEnvironment } from '../environment.fixture.ts';
import { deployedStack } from './deployed-stack.ts';

/** What AWS answers to each action, and what it was asked with. */
const answers = new Map<string, { status?: number; body: string }>();
const asked: URLSearchParams[] = [];
const server = createServer(async (request, response) => {
  const question = new URLSearchParams(await new Response(request as never).text());
  asked.push(question);
  const action = question.get('Action') ?? '';
  const page = question.get('NextToken') ?? '';
  const { status = 200, body } = answers.get(action + page) ?? { body: '' };
  response
    .writeHead(status, { 'content-type': 'text/xml' })
    .end(
      status === 200
        ? `<${action}Response><${action}Result>${body}</${action}Result></${action}Response>`
        : `<ErrorResponse><Error><Code>ValidationError</Code><Message>${body}</Message></Error></ErrorResponse>`,
    );
});
const before = { ...process.env };
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'own',
    AWS_SECRET_ACCESS_KEY: 'own',
  });
});
beforeEach(() => {
  answers.set('DescribeStacks', stackIn('UPDATE_COMPLETE'));
});
afterEach(() => {
  answers.clear();
  asked.length = 0;
});
afterAll(() => {
  process.env = before;
  server.close();
});

const said: string[] = [];
const ask = () =>
  deployedStack({
    environment: testEnvironment('staging'),
    stack: 'churn--staging',
    properties: {
      // biome-ignore-start lint/suspicious/noTemplateCurlyInString: placeholders of a cloud assembly
      assumeRoleArn: 'arn:${AWS::Partition}:iam::111111111111:role/deploy',
      cloudFormationExecutionRoleArn: 'arn:${AWS::Partition}:iam::111111111111:role/execution',
      // biome-ignore-end lint/suspicious/noTemplateCurlyInString: placeholders of a cloud assembly
      stackTemplateAssetObjectUrl: 's3://assets/key.json',
      tags: { team: 'blue' },
    },
    signal: AbortSignal.timeout(30_000),
    say: (line) => said.push(line),
  });
const actions = () => asked.map((question) => question.get('Action'));

const stackIn = (status: string) => ({
  body: `<Stacks><member><StackStatus>${status}</StackStatus></member></Stacks>`,
});
const template = { body: '<TemplateBody>{"Resources":{}}</TemplateBody>' };
const described = (status: string, rest: string) => ({ body: `<Status>${status}</Status>${rest}` });
const changes = (id: string) =>
  `<Changes><member><ResourceChange><LogicalResourceId>${id}</LogicalResourceId></ResourceChange></member></Changes>`;

test('a stack that is not there has no template, and no change set is made', async () => {
  answers.set('DescribeStacks', { status: 400, body: 'Stack with id churn--staging does not exist' });
  expect(await ask()).toEqual({ template: undefined });
  // The credentials themselves ask if the role may not be assumed.
  expect(actions()).toEqual(['AssumeRole', 'DescribeStacks']);
});

test.each(['ROLLBACK_COMPLETE', 'ROLLBACK_FAILED'])(
  'a stack whose creation failed (%s) holds nothing to compare with, and the log says what a deployment does',
  async (status) => {
    answers.set('DescribeStacks', stackIn(status));
    answers.set('GetTemplate', template);
    expect(await ask()).toEqual({ template: undefined });
    expect(actions()).toEqual(['AssumeRole', 'DescribeStacks']);
    expect(said.at(-1)).toContain(`its creation failed (${status})`);
  },
);

test('a stack that has no more than a change set is none', async () => {
  answers.set('DescribeStacks', stackIn('REVIEW_IN_PROGRESS'));
  expect(await ask()).toEqual({ template: undefined });
});

test.each(['UPDATE_ROLLBACK_COMPLETE', 'UPDATE_ROLLBACK_FAILED', 'DELETE_FAILED'])(
  'a stack that succeeded once is compared with, whatever came after (%s)',
  async (status) => {
    answers.set('DescribeStacks', stackIn(status));
    answers.set('GetTemplate', template);
    answers.set('DescribeChangeSet', described('CREATE_COMPLETE', ''));
    expect((await ask()).template).toEqual({ Resources: {} });
  },
);

test('a change set is made with the roles of the bootstrap, read to its end and deleted', async () => {
  answers.set('AssumeRole', {
    body: '<Credentials><AccessKeyId>role</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken></Credentials>',
  });
  answers.set('GetTemplate', template);
  answers.set('DescribeChangeSet', described('CREATE_COMPLETE', `${changes('A')}<NextToken>2</NextToken>`));
  answers.set('DescribeChangeSet2', described('CREATE_COMPLETE', changes('B')));
  const { changeSet } = await ask();
  expect(changeSet?.Changes?.map(({ ResourceChange }) => ResourceChange?.LogicalResourceId)).toEqual([
    'A',
    'B',
  ]);
  const [role, , , created] = asked;
  expect(role?.get('RoleArn')).toBe('arn:aws:iam::111111111111:role/deploy');
  expect(Object.fromEntries(created ?? [])).toMatchObject({
    Action: 'CreateChangeSet',
    ChangeSetType: 'UPDATE',
    RoleARN: 'arn:aws:iam::111111111111:role/execution',
    TemplateURL: `${process.env.AWS_ENDPOINT_URL}/assets/key.json`,
    'Tags.member.1.Key': 'team',
    'Tags.member.1.Value': 'blue',
  });
  expect(asked.at(-1)?.get('Action')).toBe('DeleteChangeSet');
  expect(asked.at(-1)?.get('ChangeSetName')).toBe(created?.get('ChangeSetName'));
});

test('a change set without changes is one that holds none', async () => {
  answers.set('GetTemplate', template);
  const reason = "The submitted information didn't contain changes.";
  answers.set('DescribeChangeSet', described('FAILED', `<StatusReason>${reason}</StatusReason>`));
  expect((await ask()).changeSet?.Changes).toEqual([]);
  expect(actions().at(-1)).toBe('DeleteChangeSet');
});

test('where CloudFormation makes none, the log says so and the templates are what is left', async () => {
  answers.set('GetTemplate', template);
  answers.set('DescribeChangeSet', described('FAILED', '<StatusReason>No export named x</StatusReason>'));
  expect(await ask()).toEqual({ template: { Resources: {} } });
  expect(said.at(-1)).toMatch(/made no change set.*No export named x/);
  expect(actions().at(-1)).toBe('DeleteChangeSet');
});
