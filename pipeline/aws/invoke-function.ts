import { setTimeout as delay } from 'node:timers/promises';
import { stsClient } from './clients.ts';
import { explained } from './explained.ts';
import { endpoint, sign } from './signed-call.ts';

/** A Lambda function works for 15 minutes at most. */
const longest = 15 * 60_000;
const waits = [1000, 3000, 9000];

/**
 * Calls a Lambda function and returns its answer (https://docs.aws.amazon.com/lambda/latest/api/API_Invoke.html). Retries while
 * Lambda cannot be reached or is busy, so the function must bear to be called twice.
 * @throws the function's own error, by its name; the service's error, explained
 */
export async function invokeFunction<Answer>({
  name,
  region,
  payload,
}: {
  name: string;
  region: string;
  payload: object;
}): Promise<Answer> {
  const body = JSON.stringify(payload);
  for (let attempt = 0; ; attempt++) {
    const answer = await post(name, region, body).catch((error: unknown) => error as Error);
    const passing = answer instanceof Error || answer.status === 429 || answer.status >= 500;
    const wait = waits[attempt];
    if (passing && wait !== undefined) {
      await delay(wait);
      continue;
    }
    if (answer instanceof Error) {
      const { cause } = answer;
      throw explained(cause instanceof Error ? cause : answer, 'lambda Invoke');
    }
    return answerOf(name, answer);
  }
}

interface Answered {
  status: number;
  /** Whether the function itself failed. */
  failed: boolean;
  text: string;
}

async function post(name: string, region: string, body: string): Promise<Answered> {
  const { credentials, sha256 } = stsClient(region).config;
  const { url, signingRegion } = endpoint('lambda', region);
  url.pathname = `/2015-03-31/functions/${encodeURIComponent(name)}/invocations`;
  const { host: _, ...headers } = await sign({
    signer: { service: 'lambda', region: signingRegion, credentials, sha256 },
    host: url.host,
    path: url.pathname,
    headers: { 'content-type': 'application/json' },
    body,
  });
  const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(longest) });
  const text = await response.text();
  return { status: response.status, failed: response.headers.has('x-amz-function-error'), text };
}

function answerOf<Answer>(name: string, { status, failed, text }: Answered): Answer {
  let answer: Answer & { errorType?: string; errorMessage?: string; Message?: string; message?: string };
  try {
    answer = JSON.parse(text);
  } catch {
    throw new Error(
      `lambda Invoke ${name}: got status ${status} and no JSON, expected the function's answer`,
    );
  }
  if (failed || status >= 300) {
    const { errorType = 'LambdaError', errorMessage = answer.Message ?? answer.message ?? text } = answer;
    const error = Object.assign(new Error(errorMessage), {
      name: errorType,
      ...(!failed && { $metadata: { httpStatusCode: status } }),
    });
    throw failed ? error : explained(error, `lambda Invoke ${name}`);
  }
  return answer;
}
