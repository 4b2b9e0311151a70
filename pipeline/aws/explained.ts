import { SetupError } from '../errors.ts';

/** AWS did not answer a call in time, or failed, after every retry. */
export class AwsError extends Error {
  override readonly name = 'AwsError';
}

/** The fields of an SDK client's error that are read here. */
interface ServiceError extends Error {
  $metadata?: { httpStatusCode?: number; requestId?: string; attempts?: number };
  code?: string;
}

/**
 * Turns a call's error into one that says what to do about credentials, permissions, throttling or the network.
 * Errors that the caller has to distinguish (not found, a condition failed) are returned unchanged.
 */
export function explained(error: unknown, call: string): unknown {
  if (!(error instanceof Error)) return error;
  const {
    name,
    message,
    code = '',
    $metadata: { httpStatusCode = 0, attempts = 1 } = {},
  } = error as ServiceError;
  const because = (text: string) => `${call}: ${text} (${name}: ${message})`;
  const options = { cause: error };

  if (missing.test(name) || /could not load credentials/i.test(message)) {
    return new SetupError(
      because(
        'found no AWS credentials; expected AWS_PROFILE, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a role: ' +
          'try `aws sso login` or `aws configure`',
      ),
      options,
    );
  }
  if (/region is missing/i.test(message)) {
    return new SetupError(because('found no AWS region; expected AWS_REGION'), options);
  }
  if (expired.has(name)) {
    return new SetupError(
      because(
        'the AWS credentials have expired; sign in again (`aws sso login`) and start the command again',
      ),
      options,
    );
  }
  if (invalid.has(name)) {
    return new SetupError(
      because('AWS does not know these credentials; expected credentials of the account in mlops.yaml'),
      options,
    );
  }
  if (denied.has(name) || (httpStatusCode === 403 && name !== 'NotFound')) {
    return new SetupError(
      because(
        'AWS refused it: the role or user lacks the permission; use the role that the deployment made for it, ' +
          'or let `mlops doctor --backend aws` say what is missing',
      ),
      options,
    );
  }
  if (throttled.test(name) || httpStatusCode === 429) {
    return new AwsError(
      because(`AWS throttled all ${attempts} attempts; wait some minutes and start the command again`),
      options,
    );
  }
  if (limits.test(name)) {
    return new SetupError(
      because(
        'a quota of the account is used up; raise it under Service Quotas in the console, or free what uses it',
      ),
      options,
    );
  }
  if (network.has(code) || network.has(name)) {
    return new AwsError(
      because('AWS could not be reached; check the network, the region and AWS_ENDPOINT_URL'),
      options,
    );
  }
  if (httpStatusCode >= 500) {
    return new AwsError(
      because(`AWS failed in all ${attempts} attempts; see health.aws.amazon.com and try again later`),
      options,
    );
  }
  return error;
}

const missing = /^(CredentialsProviderError|CredentialsError|NoCredentials)$/;
const expired = new Set(['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired']);
const invalid = new Set([
  'InvalidClientTokenId',
  'UnrecognizedClientException',
  'InvalidAccessKeyId',
  'SignatureDoesNotMatch',
  'InvalidSignatureException',
  'AuthFailure',
]);
const denied = new Set([
  'AccessDenied',
  'AccessDeniedException',
  'UnauthorizedOperation',
  'NotAuthorized',
  'KMSAccessDeniedException',
]);
const throttled =
  /^(Throttl.*|TooManyRequestsException|RequestLimitExceeded|ProvisionedThroughputExceededException|SlowDown|BandwidthLimitExceeded|LimitExceededThrottling)$/;
const limits =
  /^(ResourceLimitExceeded|ServiceQuotaExceededException|ExecutionLimitExceeded|LimitExceededException)$/;
const network = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EPIPE',
  'TimeoutError',
]);
