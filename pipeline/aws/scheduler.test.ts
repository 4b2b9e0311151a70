import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from '@jest/globals';
import { createSchedule } from './create-schedule.ts';
import { getSchedule } from './get-schedule.ts';

/** Answers as EventBridge Scheduler, and keeps what it was asked. */
async function answering<T>(
  status: number,
  body: object,
  ask: () => Promise<T>,
): Promise<{ asked: string[]; answer: T | Error }> {
  const asked: string[] = [];
  const server = createServer(async (request: IncomingMessage, response) => {
    let text = '';
    for await (const part of request) text += part;
    asked.push(`${request.method} ${request.url} ${text}`);
    response.writeHead(status, { 'x-amzn-errortype': 'Refused:' }).end(JSON.stringify(body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const before = { ...process.env };
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  try {
    return { answer: await ask().catch((error: Error) => error), asked };
  } finally {
    process.env = before;
    server.close();
  }
}

const find = () => getSchedule('eu-west-1', 'churn--staging', 'churn--look');
const make = () =>
  createSchedule({
    region: 'eu-west-1',
    group: 'churn--staging',
    name: 'churn-training-0',
    at: new Date('2026-03-04T05:06:07.890Z'),
    target: { Arn: 'a', RoleArn: 'r', Input: '{}', DeadLetterConfig: { Arn: 'q' } },
  });

test('a schedule is asked for by its group and name', async () => {
  const found = { ScheduleExpression: 'cron(0 3 * * ? *)', State: 'DISABLED' };
  expect(await answering(200, found, find)).toEqual({
    asked: ['GET /schedules/churn--look?groupName=churn--staging '],
    answer: { expression: 'cron(0 3 * * ? *)', isEnabled: false },
  });
  expect((await answering(404, {}, find)).answer).toBeNull();
  expect((await answering(403, {}, find)).answer).toMatchObject({
    message: expect.stringContaining('scheduler GetSchedule'),
  });
});

test('a schedule is made once: one of its name that is pending is an answer', async () => {
  const { asked, answer } = await answering(200, {}, make);
  expect(answer).toBe(true);
  expect(asked).toEqual([expect.stringMatching(/^POST \/schedules\/churn-training-0 \{/)]);
  expect(JSON.parse(asked[0]?.replace(/^\S+ \S+ /, '') ?? '')).toMatchObject({
    ScheduleExpression: 'at(2026-03-04T05:06:07)',
    GroupName: 'churn--staging',
    ActionAfterCompletion: 'DELETE',
  });
  expect((await answering(409, {}, make)).answer).toBe(false);
  expect((await answering(500, {}, make)).answer).toBeInstanceOf(Error);
});
