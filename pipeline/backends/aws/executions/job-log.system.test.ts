import {
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { cloudWatchLogsClient } from '../../../aws/clients.ts';
import { region, startFakeCloud } from '../fakecloud.fixture.ts';
import { jobLog } from './job-log.ts';

jest.setTimeout(60_000);
const cloud = await startFakeCloud(4617);
const group = '/aws/sagemaker/TrainingJobs';
beforeEach(() => cloud.reset());

/** Writes a line a second, the first one at `from`. */
async function write(logStreamName: string, lines: string[], from = 0): Promise<void> {
  const client = await cloudWatchLogsClient(region);
  await client.send(new CreateLogGroupCommand({ logGroupName: group })).catch(() => {});
  await client.send(new CreateLogStreamCommand({ logGroupName: group, logStreamName }));
  const start = Date.now() - 3_600_000;
  const logEvents = lines.map((message, index) => ({ message, timestamp: start + (from + index) * 1000 }));
  await client.send(new PutLogEventsCommand({ logGroupName: group, logStreamName, logEvents }));
}
const numbered = (text: string, count: number) =>
  Array.from({ length: count }, (_, index) => `${text} ${index}`);
const read = async (name: string) =>
  await jobLog(await cloudWatchLogsClient(region), { kind: 'training', name }, 20);

test("the last lines of a job, not of one whose name begins so, its instances' in the order of time", async () => {
  await write('churn-1-train-1/algo-1-17', numbered('first', 30));
  await write('churn-1-train-1/algo-2-17', ['second a', 'second b'], 25.5);
  await write('churn-1-train-12/algo-1-17', numbered('another job', 30), 100);
  const lines = await read('churn-1-train-1');
  expect(lines).toHaveLength(20);
  expect(lines.slice(-6)).toEqual(['second a', 'first 26', 'second b', 'first 27', 'first 28', 'first 29']);
});

test('a line is cut where it is a whole record', async () => {
  await write('churn-2/algo-1-17', ['x'.repeat(2000)]);
  expect((await read('churn-2'))[0]).toHaveLength(500);
});

test('a job that never began has no log, nor has an account without jobs', async () => {
  expect(await read('churn-3')).toEqual([]);
  await write('other/algo-1-17', ['line']);
  expect(await read('churn-3')).toEqual([]);
});
