import { createHash, createHmac } from 'node:crypto';
import { stsClient } from './clients.ts';
import { explained } from './explained.ts';

export interface Credentials {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken?: string;
}

/** A call of a service that the pipeline asks once or twice, and carries no client for. */
export interface Call {
  service: 'cloudformation' | 'ecs' | 'glue' | 'iam' | 'servicequotas' | 'ssm';
  region: string;
  /** As the service's API calls it: GetParameter. */
  action: string;
  /** Text values only where the service speaks the Query protocol (CloudFormation, IAM). */
  parameters: Record<string, string | number | readonly string[]>;
}

const query = { cloudformation: '2010-05-15', iam: '2010-05-08' } as const;
const json = {
  ecs: 'AmazonEC2ContainerServiceV20141113',
  glue: 'AWSGlue',
  servicequotas: 'ServiceQuotasV20190624',
  ssm: 'AmazonSSM',
} as const;

/**
 * The body of the service's answer: JSON, or XML from CloudFormation and IAM.
 * @throws the service's error by its name, explained where a person can act on it
 */
export async function signedCall({ service, region, action, parameters }: Call): Promise<string> {
  const name = `${service} ${action}`;
  try {
    const credentials = await stsClient(region).config.credentials();
    const { url, signingRegion } = endpoint(service, region);
    const isQuery = service === 'cloudformation' || service === 'iam';
    const texts = Object.entries(parameters).map(([key, value]): [string, string] => [key, String(value)]);
    const body = isQuery
      ? new URLSearchParams([['Action', action], ['Version', query[service]], ...texts]).toString()
      : JSON.stringify(parameters);
    const headers = sign({
      service,
      region: signingRegion,
      host: url.host,
      headers: isQuery
        ? { 'content-type': 'application/x-www-form-urlencoded' }
        : { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${json[service]}.${action}` },
      body,
      credentials,
      now: new Date(),
    });
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) });
    const text = await response.text();
    if (response.ok) return text;
    throw serviceError(text, response.status);
  } catch (error) {
    // fetch hides the reason (ECONNREFUSED) behind an error of its own.
    const { cause } = error as Error;
    throw explained(cause instanceof Error ? cause : error, name);
  }
}

function endpoint(service: Call['service'], region: string): { url: URL; signingRegion: string } {
  const china = region.startsWith('cn-');
  const domain = china ? 'amazonaws.com.cn' : 'amazonaws.com';
  // IAM is one service in each partition, and signed for one region of it.
  const global = china ? 'cn-north-1' : region.startsWith('us-gov-') ? 'us-gov-west-1' : 'us-east-1';
  const host =
    service !== 'iam'
      ? `${service}.${region}.${domain}`
      : global === 'us-east-1'
        ? `iam.${domain}`
        : global === 'cn-north-1'
          ? `iam.${global}.${domain}`
          : `iam.us-gov.${domain}`;
  return {
    url: new URL(process.env.AWS_ENDPOINT_URL || `https://${host}`),
    signingRegion: service === 'iam' ? global : region,
  };
}

/**
 * The headers of a POST to `/`, signed with Signature Version 4
 * (https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html).
 */
export function sign(request: {
  service: string;
  region: string;
  host: string;
  headers: Record<string, string>;
  body: string;
  credentials: Credentials;
  now: Date;
}): Record<string, string> {
  const { service, region, host, body, credentials, now } = request;
  const time = now.toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
  const headers: Record<string, string> = {
    ...request.headers,
    'x-amz-date': time,
    ...(credentials.sessionToken !== undefined && { 'x-amz-security-token': credentials.sessionToken }),
  };
  const all = Object.entries({ ...headers, host }).sort(([a], [b]) => (a < b ? -1 : 1));
  const signed = all.map(([name]) => name).join(';');
  const canonical = [
    'POST',
    '/',
    '',
    ...all.map(([name, value]) => `${name}:${value}`),
    '',
    signed,
    sha256(body),
  ];
  const scope = [time.slice(0, 8), region, service, 'aws4_request'];
  const text = ['AWS4-HMAC-SHA256', time, scope.join('/'), sha256(canonical.join('\n'))].join('\n');
  const key = scope.reduce<string | Buffer>(
    (secret, part) => hmac(secret, part),
    `AWS4${credentials.secretAccessKey}`,
  );
  const signature = hmac(key, text).toString('hex');
  return {
    ...headers,
    authorization: `AWS4-HMAC-SHA256 Credential=${credentials.accessKeyId}/${scope.join('/')}, SignedHeaders=${signed}, Signature=${signature}`,
  };
}

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string): Buffer => createHmac('sha256', key).update(text).digest();

/** As the SDK's clients throw it: the code is its name. */
function serviceError(text: string, httpStatusCode: number): Error {
  const code =
    /<Code>([^<]+)<\/Code>/.exec(text)?.[1] ?? /"__type"\s*:\s*"(?:[^"#]*#)?([^"]+)"/.exec(text)?.[1];
  const message =
    /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? /"[mM]essage"\s*:\s*"([^"]*)"/.exec(text)?.[1];
  const error = new Error(message ?? `HTTP ${httpStatusCode}`);
  error.name = code ?? 'Error';
  return Object.assign(error, { $metadata: { httpStatusCode } });
}
