import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { sageMakerClient } from '../../../aws/clients.ts';
import { stopJobs } from './stop-jobs.ts';

/** What a service was asked, and what it answers. */
const asked: { target: string; body: unknown }[] = [];
const answers = new Map<string, { status: number; body: object }>();
const server = createServer((request, response) => {
  let text = '';
  request.on('data', (chunk: Buffer) => {
    text += chunk;
  });
  request.on('end', () => {
    const target = String(request.headers['x-amz-target']);
    asked.push({ target, body: JSON.parse(text) });
    const { status, body } = answers.get(target) ?? { status: 200, body: {} };
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(body));
  });
});

beforeAll(async () => {
  await new Promise<void>((listening) => server.listen(0, '127.0.0.1', listening));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterAll(() => {
  server.close();
});

const task = 'arn:aws:ecs:us-east-1:111111111111:task/churn--test/0a1b';
const glue = { kind: 'glue', name: 'churn--test--prepare/jr_1', state: 'Prepare', waits: true } as const;
const ecs = { kind: 'ecs', name: task, state: 'Prepare', waits: true } as const;
const stop = () => stopJobs(sageMakerClient('us-east-1'), [glue, ecs]);
const stopRun = 'AWSGlue.BatchStopJobRun';
const stopTask = 'AmazonEC2ContainerServiceV20141113.StopTask';

test('a Glue run and an ECS task are stopped by their services', async () => {
  await stop();
  expect(asked).toEqual(
    expect.arrayContaining([
      { target: stopRun, body: { JobName: 'churn--test--prepare', JobRunIds: ['jr_1'] } },
      { target: stopTask, body: { cluster: 'churn--test', task, reason: 'its run was stopped' } },
    ]),
  );
});

const refusal = (ErrorCode: string) => ({
  status: 200,
  body: { Errors: [{ JobRunId: 'jr_1', ErrorDetail: { ErrorCode, ErrorMessage: 'no' } }] },
});

test('what has ended is fine', async () => {
  answers.set(stopRun, refusal('JobRunInTerminalStateException'));
  answers.set(stopTask, { status: 400, body: { __type: 'InvalidParameterException', message: 'not found' } });
  await stop();
});

test('what could not be stopped is told', async () => {
  answers.set(stopRun, refusal('InternalServiceException'));
  answers.set(stopTask, { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } });
  await expect(stop()).rejects.toThrow(
    /glue job churn--test--prepare\/jr_1 was not stopped.*\n.*ecs job .*0a1b/,
  );
});
