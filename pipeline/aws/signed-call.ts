import { SignatureV4 } from '@smithy/signature-v4';
import { stsClient } from './clients.ts';
import { explained } from './explained.ts';

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

/** A list in an answer of the Query protocol; an empty one is an empty text. */
export type Members<Member> = '' | { member: Member[] };

export const membersOf = <Member>(list: Members<Member> | undefined): Member[] =>
  (list || { member: [] }).member;

/**
 * The service's answer; of CloudFormation and IAM, which answer in XML, the values are texts.
 * @throws the service's error by its name, explained where a person can act on it
 */
export async function signedCall<Answer>({ service, region, action, parameters }: Call): Promise<Answer> {
  const name = `${service} ${action}`;
  try {
    const { credentials, sha256 } = stsClient(region).config;
    const { url, signingRegion } = endpoint(service, region);
    const isQuery = service === 'cloudformation' || service === 'iam';
    const texts = Object.entries(parameters).map(([key, value]): [string, string] => [key, String(value)]);
    const body = isQuery
      ? new URLSearchParams([['Action', action], ['Version', query[service]], ...texts]).toString()
      : JSON.stringify(parameters);
    const { host, ...headers } = await sign({
      signer: { service, region: signingRegion, credentials, sha256 },
      host: url.host,
      headers: isQuery
        ? { 'content-type': 'application/x-www-form-urlencoded' }
        : { 'content-type': 'application/x-amz-json-1.1', 'x-amz-target': `${json[service]}.${action}` },
      body,
    });
    const response = await fetch(url, { method: 'POST', headers, body, signal: AbortSignal.timeout(20_000) });
    const text = await response.text();
    const answer = await parsed(text, isQuery);
    if (!response.ok) throw serviceError(answer, response.status);
    return (isQuery ? (answer[`${action}Response`]?.[`${action}Result`] ?? {}) : answer) as Answer;
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

/** The headers of a POST to `/`, signed with Signature Version 4. */
export async function sign({
  signer,
  host,
  headers,
  body,
  now = new Date(),
}: {
  signer: Omit<ConstructorParameters<typeof SignatureV4>[0], 'applyChecksum'>;
  host: string;
  headers: Record<string, string>;
  body: string;
  now?: Date;
}): Promise<Record<string, string>> {
  // Only S3 wants the body's checksum in a header of its own.
  const signature = new SignatureV4({ ...signer, applyChecksum: false });
  const request = {
    method: 'POST',
    protocol: 'https:',
    hostname: host,
    path: '/',
    headers: { ...headers, host },
    body,
  };
  const signed = await signature.sign(request, { signingDate: now });
  return signed.headers;
}

/** As far as an answer is read here. */
interface Parsed {
  [name: string]: Parsed | undefined;
}

/** Nothing where the text is neither: a proxy before the service may answer, too. */
async function parsed(text: string, isXml: boolean): Promise<Parsed> {
  try {
    if (!isXml) return JSON.parse(text);
    // Loaded where it is asked for: most services answer in JSON.
    const { XMLParser } = await import('fast-xml-parser');
    return new XMLParser({ parseTagValue: false, isArray: (tag) => tag === 'member' }).parse(text);
  } catch {
    return {};
  }
}

/** As the SDK's clients throw it: the code is its name. */
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
