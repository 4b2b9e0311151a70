import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutMetricDataCommand } from '@aws-sdk/client-cloudwatch';
import { afterAll, beforeEach, expect, jest, test } from '@jest/globals';
import { clientOf } from '../../../aws/clients.ts';
import { EndpointError } from '../../../errors.ts';
import { variantName } from '../../../names.ts';
import { startMoto } from '../moto.fixture.ts';
import { SageMakerEndpoints } from './sagemaker-endpoints.ts';

jest.setTimeout(60_000);
const region = 'us-east-1';
const cloud = await startMoto(4624);
const endpoints = new SageMakerEndpoints(region);

interface Answer {
  status: number;
  /** Of an error, as InvokeEndpoint names it. */
  error?: string;
  body: string | Uint8Array;
}

/** moto knows no error of InvokeEndpoint, so this server answers as the API describes it. */
const asked: { path: string | undefined; headers: IncomingMessage['headers']; body: string }[] = [];
const answers: Answer[] = [];
const server = createServer(async (request, response) => {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  asked.push({ path: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
  const { status, error, body } = answers.shift() ?? { status: 500, body: 'nothing more to answer' };
  response.writeHead(status, error === undefined ? {} : { 'x-amzn-errortype': error });
  response.end(body);
});
await new Promise<void>((ready) => {
  server.listen(0, '127.0.0.1', ready);
});
const local = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
afterAll(() => {
  server.close();
});

beforeEach(() => {
  delete process.env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME;
  asked.length = 0;
});

const rows = { contentType: 'text/csv', body: '41,Sales\n29,"Research, Development"\n' };

function answerWith(...next: Answer[]): void {
  process.env.AWS_ENDPOINT_URL_SAGEMAKER_RUNTIME = local;
  answers.splice(0, answers.length, ...next);
}

const failure = (error: string, status: number): Answer => ({
  status,
  error,
  body: JSON.stringify({ Message: `${error} as told`, OriginalStatusCode: 500 }),
});

test('an endpoint gets the rows as they are and its answer comes back as text', async () => {
  answerWith({ status: 200, body: '0.25\n0.5, é\n' });
  expect(await endpoints.invoke('churn--staging', rows)).toBe('0.25\n0.5, é\n');
  expect(asked).toMatchObject([
    {
      path: '/endpoints/churn--staging/invocations',
      headers: { 'content-type': 'text/csv', accept: 'text/csv' },
      body: rows.body,
    },
  ]);
});

test('the emulator, which somebody else wrote, understands the call', async () => {
  const results = [{ Body: '0.125\n', ContentType: 'text/csv' }];
  await fetch(`${cloud.endpoint}/moto-api/static/sagemaker/endpoint-results`, {
    method: 'POST',
    body: JSON.stringify({ account_id: '123456789012', region, results }),
  });
  expect(await endpoints.invoke('churn--staging', rows)).toBe('0.125\n');
});

test.each([
  ['ModelError', 424],
  ['ValidationError', 400],
])("%s is the endpoint's: the smoke test fails with it", async (error, status) => {
  answerWith(failure(error, status));
  const invoked = endpoints.invoke('churn--staging', rows);
  await expect(invoked).rejects.toThrow(EndpointError);
  await expect(invoked).rejects.toThrow(`${error}: `);
  await expect(invoked).rejects.toThrow(`${error} as told`);
});

test('an answer that is no UTF-8 is an error of the endpoint', async () => {
  answerWith({ status: 200, body: new Uint8Array([0x30, 0xff, 0x0a]) });
  await expect(endpoints.invoke('churn--staging', rows)).rejects.toThrow(EndpointError);
});

test('a missing right is no error of the endpoint', async () => {
  answerWith(failure('AccessDeniedException', 403));
  const error = await endpoints.invoke('churn--staging', rows).catch((thrown: Error) => thrown);
  expect(error).toBeInstanceOf(Error);
  expect(error).not.toBeInstanceOf(EndpointError);
  expect((error as Error).name).toBe('SetupError');
  expect((error as Error).message).toContain('InvokeEndpoint');
});

test('an endpoint that is busy for a moment is asked again', async () => {
  answerWith(failure('ServiceUnavailable', 503), { status: 200, body: '0.75\n' });
  expect(await endpoints.invoke('churn--staging', rows)).toBe('0.75\n');
  expect(asked).toHaveLength(2);
});

test('traffic is the sum over the minutes since the update, of this endpoint alone; none is 0', async () => {
  await cloud.reset();
  const { CloudWatchClient } = await import('@aws-sdk/client-cloudwatch');
  const client = clientOf(CloudWatchClient, region);
  const minutesAgo = (minutes: number) => new Date(Date.now() - minutes * 60_000);
  const count = async (endpoint: string, metric: string, values: readonly [number, number][]) => {
    await client.send(
      new PutMetricDataCommand({
        Namespace: 'AWS/SageMaker',
        MetricData: values.map(([minutes, Value]) => ({
          MetricName: metric,
          Dimensions: [
            { Name: 'EndpointName', Value: endpoint },
            { Name: 'VariantName', Value: variantName },
          ],
          Timestamp: minutesAgo(minutes),
          Value,
          Unit: 'Count' as const,
        })),
      }),
    );
  };
  await count('churn--staging', 'Invocations', [
    [90, 1000],
    [5, 40],
    [3, 2],
  ]);
  await count('churn--staging', 'Invocation5XXErrors', [[3, 1]]);
  await count('other', 'Invocations', [[3, 7]]);
  const since = minutesAgo(10);
  expect(await endpoints.traffic('churn--staging', since)).toEqual({ requests: 42, errors: 1 });
  expect(await endpoints.traffic('nobody', since)).toEqual({ requests: 0, errors: 0 });
});
