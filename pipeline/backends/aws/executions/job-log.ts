import {
  type CloudWatchLogsClient,
  DescribeLogStreamsCommand,
  GetLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import type { FailedJob } from '../../backend.ts';
import { logGroups } from '../console-links.ts';

/** Longer lines are cut, because a program may print a whole record. */
const longestLine = 500;

/** The last lines of a job's log, from all its instances in order of time; empty if it wrote none. */
export async function jobLog(
  client: CloudWatchLogsClient,
  { kind, name }: FailedJob,
  lines: number,
): Promise<string[]> {
  if (kind === 'tuning') return [];
  const logGroupName = logGroups[kind];
  try {
    const { logStreams = [] } = await client.send(
      new DescribeLogStreamsCommand({ logGroupName, logStreamNamePrefix: `${name}/`, limit: 50 }),
    );
    const pages = await Promise.all(
      logStreams.map(({ logStreamName = '' }) =>
        client.send(
          new GetLogEventsCommand({ logGroupName, logStreamName, limit: lines, startFromHead: false }),
        ),
      ),
    );
    return pages
      .flatMap(({ events = [] }) => events)
      .sort((a, b) => (a.timestamp ?? 0) - (b.timestamp ?? 0))
      .slice(-lines)
      .map(({ message = '' }) => message.trimEnd().slice(0, longestLine));
  } catch (error) {
    // The account's first job creates the group.
    if ((error as Error).name === 'ResourceNotFoundException') return [];
    throw error;
  }
}
