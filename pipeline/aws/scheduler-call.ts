import { stsClient } from './clients.ts';
import { explained } from './explained.ts';
import { endpoint, sign } from './signed-call.ts';

/** A call of EventBridge Scheduler on one schedule, which its address names. */
interface Call {
  region: string;
  /** The action's name, for errors. */
  action: string;
  method: 'GET' | 'POST';
  /** The schedule's name. */
  name: string;
  /** @default none */
  query?: Readonly<Record<string, string>>;
  body?: object;
  /** A refusal that is an answer. */
  answer: number;
}

/**
 * The answer of EventBridge Scheduler, which has no client here (https://docs.aws.amazon.com/scheduler/latest/APIReference). Null
 * for the refusal that is an answer.
 * @throws the service's error, explained
 */
export async function schedulerCall(call: Call): Promise<Record<string, unknown> | null> {
  const { region, method, name, query = {} } = call;
  const what = `scheduler ${call.action}`;
  const body = call.body === undefined ? '' : JSON.stringify(call.body);
  const { credentials, sha256 } = stsClient(region).config;
  const { url, signingRegion } = endpoint('scheduler', region);
  url.pathname = `/schedules/${encodeURIComponent(name)}`;
  const { host: _, ...headers } = await sign({
    signer: { service: 'scheduler', region: signingRegion, credentials, sha256 },
    method,
    host: url.host,
    path: url.pathname,
    query,
    headers: { 'content-type': 'application/json' },
    body,
  });
  for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
  let response: Response;
  try {
    response = await fetch(url, {
      method,
      headers,
      ...(body !== '' && { body }),
      signal: AbortSignal.timeout(20_000),
    });
  } catch (error) {
    const { cause } = error as Error;
    throw explained(cause instanceof Error ? cause : error, what);
  }
  const text = await response.text();
  if (response.ok) return text === '' ? {} : (JSON.parse(text) as Record<string, unknown>);
  if (response.status === call.answer) return null;
  const type = response.headers.get('x-amzn-errortype')?.split(':')[0] ?? 'Error';
  const error = Object.assign(new Error(text), {
    name: type,
    $metadata: { httpStatusCode: response.status },
  });
  throw explained(error, what);
}
