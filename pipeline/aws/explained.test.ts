import { expect, test } from '@jest/globals';
import { exitCodeOf } from '../cli/errors.ts';
import { explained } from './explained.ts';

const failure = (name: string, message = 'as AWS says it', metadata = {}) =>
  Object.assign(new Error(message), { name, $metadata: metadata });

test.each([
  ['no credentials', failure('CredentialsProviderError'), 'found no AWS credentials', 2],
  ['expired', failure('ExpiredTokenException'), 'have expired; sign in again', 2],
  ['unknown credentials', failure('InvalidClientTokenId'), 'does not know these credentials', 2],
  ['no permission', failure('AccessDeniedException'), 'user lacks the permission', 2],
  ['forbidden', failure('Forbidden', '', { httpStatusCode: 403 }), 'user lacks the permission', 2],
  ['no region', failure('Error', 'Region is missing'), 'expected AWS_REGION', 2],
  ['a quota', failure('ResourceLimitExceeded'), 'raise it under Service Quotas', 2],
  ['throttled', failure('ThrottlingException', '', { attempts: 8 }), 'throttled all 8 attempts; wait', 1],
  ['slow down', failure('SlowDown', '', { httpStatusCode: 503 }), 'AWS throttled all 1 attempts', 1],
  ['a fault of AWS', failure('InternalFailure', '', { httpStatusCode: 500 }), 'AWS failed', 1],
  ['no network', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }), 'could not be reached', 1],
])('%s: says what was called, what happened and what to do', (_name, error, text, exitCode) => {
  const told = explained(error, 'S3 GetObject') as Error;
  expect(told.message).toContain('S3 GetObject: ');
  expect(told.message).toContain(text);
  expect(exitCodeOf(told)).toBe(exitCode);
  expect(told.cause).toBe(error);
});

test.each(['ConditionalCheckFailedException', 'NoSuchKey', 'NotFound', 'ExecutionAlreadyExists'])(
  '%s passes as it is, for callers to tell apart',
  (name) => {
    const error = failure(name, 'x', { httpStatusCode: 400 });
    expect(explained(error, 'call')).toBe(error);
  },
);
