import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { stsClient } from './clients.ts';
import { type Members, membersOf, sign, signedCall } from './signed-call.ts';

const credentials = {
  accessKeyId: 'AKIDEXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
};
const { sha256 } = stsClient('us-east-1').config;
const signer = { service: 'service', region: 'us-east-1', credentials, sha256 };
const request = {
  signer,
  host: 'example.amazonaws.com',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'Param1=value1',
  now: new Date('2015-08-30T12:36:00.000Z'),
};

test("a request is signed as in AWS's test suite of Signature Version 4 (post-x-www-form-urlencoded)", async () => {
  expect((await sign(request)).authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
      'SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  );
});

test("a request with a query is signed as in AWS's test suite (get-vanilla-query-order-key-case)", async () => {
  const query = { Param2: 'value2', Param1: 'value1' };
  const get = { ...request, method: 'GET', query, headers: {}, body: '' } as const;
  expect((await sign(get)).authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
      'SignedHeaders=host;x-amz-date, Signature=b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  );
});

test('the token of a role is signed too', async () => {
  const { authorization, ...headers } = await sign({
    ...request,
    signer: { ...signer, credentials: { ...credentials, sessionToken: 'token' } },
  });
  expect(headers['x-amz-security-token']).toBe('token');
  expect(authorization).toContain('SignedHeaders=content-type;host;x-amz-date;x-amz-security-token');
});

/** Answers what it is told, as a service or a proxy before it does. */
async function answering<T>(status: number, body: string, ask: () => Promise<T>): Promise<T> {
  const server = createServer((_, response) => response.writeHead(status).end(body));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  try {
    return await ask();
  } finally {
    process.env = before;
    server.close();
  }
}

const region = 'us-east-1';
const stacks = () =>
  signedCall<{ Stacks?: Members<{ StackName: string }> }>({
    service: 'cloudformation',
    region,
    action: 'DescribeStacks',
    parameters: {},
  });
const xml = (list: string) =>
  `<DescribeStacksResponse xmlns="http://x"><DescribeStacksResult>${list}</DescribeStacksResult></DescribeStacksResponse>`;
const member = (name: string) => `<member><StackName>${name}</StackName></member>`;

test.each([
  ['<Stacks/>', []],
  [`<Stacks>${member('0&amp;1')}</Stacks>`, [{ StackName: '0&1' }]],
  [`<Stacks>${member('01')}${member('b')}</Stacks>`, [{ StackName: '01' }, { StackName: 'b' }]],
])('a list in XML has its members, whose values are texts: %s', async (list, expected) => {
  const { Stacks } = await answering(200, xml(list), stacks);
  expect(membersOf(Stacks)).toEqual(expected);
});

test("the service's error keeps its name, in XML and in JSON", async () => {
  const refused =
    '<ErrorResponse><Error><Type>Sender</Type><Code>ValidationError</Code><Message>x &lt; y</Message></Error></ErrorResponse>';
  await expect(answering(400, refused, stacks)).rejects.toMatchObject({
    name: 'ValidationError',
    message: 'x < y',
  });
  const parameter = () =>
    signedCall({ service: 'ssm', region, action: 'GetParameter', parameters: { Name: 'a' } });
  const missing = JSON.stringify({ __type: 'com.amazonaws.ssm#ParameterNotFound', message: 'none' });
  await expect(answering(400, missing, parameter)).rejects.toMatchObject({
    name: 'ParameterNotFound',
    message: 'none',
  });
  for (const ask of [stacks, parameter])
    await expect(answering(404, '<html>no', ask)).rejects.toMatchObject({ message: 'HTTP 404' });
});
