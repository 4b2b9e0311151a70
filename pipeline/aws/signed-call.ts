import { SignatureV4 } from '@smithy/signature-v4';
import { stsClient } from './clients.ts';
import { explained } from './explained.ts';

/** A call of a service that the pipeline uses so rarely that it has no client for it. */
export interface Call {
  service: 'cloudformation' | 'ecs' | 'glue' | 'iam' | 'servicequotas' | 'sns' | 'ssm';
  region: string;
  /** The action's name in the service's API: GetParameter. */
  action: string;
  /** For the Query protocol (CloudFormation, IAM, SNS) only text values. */
  parameters: Record<string, string | number | readonly string[]>;
}

/** The versions of the services that use the Query protocol. */
const query = { cloudformation: '2010-05-15', iam: '2010-05-08', sns: '2010-03-31' } as const;
const json = {
  ecs: 'AmazonEC2ContainerServiceV20141113',
  glue: 'AWSGlue',
  servicequotas: 'ServiceQuotasV20190624',
  ssm: 'AmazonSSM',
} as const;

/** A list in an answer of the Query protocol; an empty list is an empty text. */
export type Members<Member> = '' | { member: Member[] };

export const membersOf = <Member>(list: Members<Member> | undefined): Member[] =>
  (list || { member: [] }).member;

/**
 * Returns the service's answer. All values from the services that answer in XML (CloudFormation, IAM, SNS) are texts.
 * @throws the service's error by its name, with advice if there is any
 */
export async function signedCall<Answer>({ service, region, action, parameters }: Call): Promise<Answer> {
  const name = `${service} ${action}`;
  try {
    const { credentials, sha256 } = stsClient(region).config;
    const { url, signingRegion } = endpoint(service, region);
    const version = service in query ? query[service as keyof typeof query] : undefined;
    const isQuery = version !== undefined;
    const texts = Object.entries(parameters).map(([key, value]): [string, string] => [key, String(value)]);
    const body = isQuery
      ? new URLSearchParams([['Action', action], ['Version', version], ...texts]).toString()
      : JSON.stringify(parameters);
    const { host, ...headers } = await sign({
      signer: { service, region: signingRegion, credentials, sha256 },
      host: url.host,
      headers: isQuery
        ? { 'content-type': 'application/x-www-form-urlencoded' }
        : {
            'content-type': 'application/x-amz-json-1.1',
            'x-amz-target': `${json[service as keyof typeof json]}.${action}`,
          },
      body,
    });
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) });
    const text = await response.text();
    const answer = await parsed(text, isQuery);
    if (!response.ok) throw serviceError(answer, response.status);
    return (isQuery ? (answer[`${action}Response`]?.[`${action}Result`] ?? {}) : answer) as Answer;
  } catch (error) {
    // fetch wraps the reason (ECONNREFUSED) in its own error.
    const { cause } = error as Error;
    throw explained(cause instanceof Error ? cause : error, name);
  }
}

/** The address of a service, and the region that its calls are signed for. */
export function endpoint(
  service: Call['service'] | 'lambda' | 'lakeformation' | 'scheduler',
  region: string,
): { url: URL; signingRegion: string } {
  const china = region.startsWith('cn-');
  const domain = china ? 'amazonaws.com.cn' : 'amazonaws.com';
  // IAM has one endpoint per partition; its calls are signed for one fixed region.
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
    url: new URL(
      process.env[`AWS_ENDPOINT_URL_${service.toUpperCase()}`] ||
        process.env.AWS_ENDPOINT_URL ||
        `https://${host}`,
    ),
    signingRegion: service === 'iam' ? global : region,
  };
}

/** The headers of a request, signed with Signature Version 4. */
export async function sign({
  signer,
  method = 'POST',
  host,
  path = '/',
  query = {},
  headers,
  body,
  now = new Date(),
}: {
  signer: Omit<ConstructorParameters<typeof SignatureV4>[0], 'applyChecksum'>;
  /** @default POST */
  method?: 'GET' | 'POST';
  host: string;
  /** @default the root, as for all services but Lambda, Lake Formation and EventBridge Scheduler */
  path?: string;
  /** @default none */
  query?: Readonly<Record<string, string>>;
  headers: Record<string, string>;
  body: string;
  now?: Date;
}): Promise<Record<string, string>> {
  // Only S3 requires the body's checksum in a header.
  const signature = new SignatureV4({ ...signer, applyChecksum: false });
  const request = {
    method,
    protocol: 'https:',
    hostname: host,
    path,
    query: { ...query },
    headers: { ...headers, host },
    body,
  };
  const signed = await signature.sign(request, { signingDate: now });
  return signed.headers;
}

/** The parts of an answer that are read here. */
interface Parsed {
  [name: string]: Parsed | undefined;
}

/** Returns an empty object for any other text, which a proxy may send. */
async function parsed(text: string, isXml: boolean): Promise<Parsed> {
  try {
    if (!isXml) return JSON.parse(text);
    // Loaded on demand: most services answer in JSON.
    const { XMLParser } = await import('fast-xml-parser');
    return new XMLParser({ parseTagValue: false, isArray: (tag) => tag === 'member' }).parse(text);
  } catch {
    return {};
  }
}

/** An error like those of the SDK's clients, named by its code. */
function serviceError(answer: Parsed, httpStatusCode: number): Error {
  const {
    Code,
    Message,
    __type = Code,
    message = Message,
  } = (answer.ErrorResponse?.Error ?? answer) as Record<string, string | undefined>;
  const error = new Error(message ?? `HTTP ${httpStatusCode}`);
  error.name = __type?.replace(/^.*#/, '') ?? 'Error';
  return Object.assign(error, { $metadata: { httpStatusCode } });
}
