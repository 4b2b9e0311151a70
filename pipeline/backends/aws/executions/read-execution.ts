import {
  DescribeExecutionCommand,
  GetExecutionHistoryCommand,
  type HistoryEvent,
  type SFNClient,
} from '@aws-sdk/client-sfn';
import type { Request } from '../../../machines/request.ts';
import type { ClosedExecution } from '../../../steps/train/close-run.ts';
import type { ExecutionHistory } from './execution-history.ts';

/** An execution as DescribeExecution describes it. */
export interface Execution {
  arn: string;
  name: string;
  status: 'RUNNING' | 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  request: Request;
  started_at: string;
  finished_at: string;
  error: { name: string; cause: string } | null;
}

/** null if there is no execution with that ARN. */
export async function describeExecution(client: SFNClient, arn: string): Promise<Execution | null> {
  try {
    const found = await client.send(new DescribeExecutionCommand({ executionArn: arn }));
    const { status = 'RUNNING', startDate = new Date(0), stopDate = startDate, error, cause } = found;
    return {
      arn,
      name: found.name ?? arn.slice(arn.lastIndexOf(':') + 1),
      // An execution that waits for its redrive counts as running.
      status: status === 'PENDING_REDRIVE' ? 'RUNNING' : status,
      request: (JSON.parse(found.input ?? '{}') as { request: Request }).request,
      started_at: startDate.toISOString(),
      finished_at: stopDate.toISOString(),
      error:
        error === undefined && cause === undefined ? null : { name: error ?? 'Error', cause: cause ?? '' },
    };
  } catch (error) {
    if ((error as Error).name === 'ExecutionDoesNotExist') return null;
    throw error;
  }
}

/** Small enough for a fast poll, and large enough for all events between two polls. */
const pageSize = 100;

/** The events after the given one, read backwards from the newest, so that a poll of a long run also costs one call. */
export async function eventsSince(
  client: SFNClient,
  arn: string,
  lastId: number,
  { includeExecutionData = true } = {},
): Promise<HistoryEvent[]> {
  const events: HistoryEvent[] = [];
  let token: string | undefined;
  do {
    const page = await client.send(
      new GetExecutionHistoryCommand({
        executionArn: arn,
        reverseOrder: true,
        includeExecutionData,
        maxResults: pageSize,
        ...(token !== undefined && { nextToken: token }),
      }),
    );
    const found = page.events ?? [];
    events.push(...found.filter(({ id = 0 }) => id > lastId));
    token = found.some(({ id = 0 }) => id <= lastId + 1) ? undefined : page.nextToken;
  } while (token !== undefined);
  return events.reverse();
}

/** The facts about an ended execution that close-run needs. */
export function closedOf(execution: Execution, history: ExecutionHistory): ClosedExecution {
  const { name, arn, status, started_at, finished_at, request, error } = execution;
  return {
    execution: name,
    arn,
    status: status === 'RUNNING' ? 'ABORTED' : status,
    started_at,
    finished_at,
    request,
    error: error ?? history.end?.error ?? null,
    state: history.state,
    steps: history.steps,
  };
}
