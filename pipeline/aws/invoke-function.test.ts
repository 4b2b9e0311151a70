import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { invokeFunction } from './invoke-function.ts';

/** Answers as Lambda's API reference says: the function's answer, its error with a header, or the service's own error. */
let answers: { status: number; body: string; failed?: true }[] = [];
const asked: { url: string; authorization: string; body: string }[] = [];
const server = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', () => {
      const { url = '', headers } = request;
      asked.push({ url, authorization: headers.authorization ?? '', body: Buffer.concat(chunks).toString() });
      const { status, body, failed } = answers.shift() ?? { status: 500, body: '{}' };
      if (failed) response.setHeader('x-amz-function-error', 'Unhandled');
      response.writeHead(status).end(body);
    });
});
const before = { ...process.env };

beforeEach(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterEach(() => {
  server.close();
  process.env = { ...before };
});

const invoke = () =>
  invokeFunction({ name: 'churn--staging--promote', region: 'us-east-1', payload: { a: 1 } });

test('sends the payload, signed for Lambda, and returns the answer', async () => {
  answers = [{ status: 200, body: '{"promoted":true}' }];
  expect(await invoke()).toEqual({ promoted: true });
  expect(asked.at(-1)).toMatchObject({
    url: '/2015-03-31/functions/churn--staging--promote/invocations',
    authorization: expect.stringContaining('/us-east-1/lambda/aws4_request'),
    body: '{"a":1}',
  });
});

test("the function's own error keeps its name, and is not tried again", async () => {
  const before = asked.length;
  answers = [
    { status: 200, failed: true, body: '{"errorType":"ConflictError","errorMessage":"another came first"}' },
  ];
  await expect(invoke()).rejects.toMatchObject({ name: 'ConflictError', message: 'another came first' });
  expect(asked.length).toBe(before + 1);
});

test('a refusal of the service says what is missing', async () => {
  answers = [
    { status: 403, body: '{"Message":"User x is not authorized to perform: lambda:InvokeFunction"}' },
  ];
  await expect(invoke()).rejects.toThrow(/lambda Invoke churn--staging--promote.*not authorized to perform/);
});

test('an answer that is no JSON, as of a proxy, is an error', async () => {
  answers = [{ status: 200, body: '<html>' }];
  await expect(invoke()).rejects.toThrow("expected the function's answer");
});
