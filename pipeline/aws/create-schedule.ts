import { stsClient } from './clients.ts';
import { explained } from './explained.ts';
import { endpoint, sign } from './signed-call.ts';

/** A schedule that calls a target once and is then deleted. */
interface OneTime {
  region: string;
  group: string;
  /** At most 64 characters. */
  name: string;
  at: Date;
  target: { Arn: string; RoleArn: string; Input: string; DeadLetterConfig: { Arn: string } };
}

/**
 * Schedules one call (https://docs.aws.amazon.com/scheduler/latest/APIReference/API_CreateSchedule.html). False if a schedule of
 * this name is pending.
 * @throws the service's error, explained
 */
export async function createSchedule({ region, group, name, at, target }: OneTime): Promise<boolean> {
  const body = JSON.stringify({
    ActionAfterCompletion: 'DELETE',
    FlexibleTimeWindow: { Mode: 'OFF' },
    GroupName: group,
    ScheduleExpression: `at(${at.toISOString().slice(0, 19)})`,
    ScheduleExpressionTimezone: 'UTC',
    Target: { ...target, RetryPolicy: { MaximumEventAgeInSeconds: 3600, MaximumRetryAttempts: 10 } },
  });
  const { credentials, sha256 } = stsClient(region).config;
  const { url, signingRegion } = endpoint('scheduler', region);
  url.pathname = `/schedules/${encodeURIComponent(name)}`;
  const { host: _, ...headers } = await sign({
    signer: { service: 'scheduler', region: signingRegion, credentials, sha256 },
    host: url.host,
    path: url.pathname,
    headers: { 'content-type': 'application/json' },
    body,
  });
  let response: Response;
  try {
    response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) });
  } catch (error) {
    const { cause } = error as Error;
    throw explained(cause instanceof Error ? cause : error, 'scheduler CreateSchedule');
  }
  if (response.ok) return true;
  const text = await response.text();
  if (response.status === 409) return false;
  const type = response.headers.get('x-amzn-errortype')?.split(':')[0] ?? 'Error';
  const error = Object.assign(new Error(text), {
    name: type,
    $metadata: { httpStatusCode: response.status },
  });
  throw explained(error, 'scheduler CreateSchedule');
}
