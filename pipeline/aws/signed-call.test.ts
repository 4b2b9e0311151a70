import { expect, test } from '@jest/globals';
import { sign } from './signed-call.ts';

const request = {
  service: 'service',
  region: 'us-east-1',
  host: 'example.amazonaws.com',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: 'Param1=value1',
  credentials: {
    accessKeyId: 'AKIDEXAMPLE',
    secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  },
  now: new Date('2015-08-30T12:36:00.000Z'),
};

test("a request is signed as in AWS's test suite of Signature Version 4 (post-x-www-form-urlencoded)", () => {
  expect(sign(request).authorization).toBe(
    'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, ' +
      'SignedHeaders=content-type;host;x-amz-date, Signature=ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  );
});

test('the token of a role is signed too', () => {
  const { authorization, ...headers } = sign({
    ...request,
    credentials: { ...request.credentials, sessionToken: 'token' },
  });
  expect(headers['x-amz-security-token']).toBe('token');
  expect(authorization).toContain('SignedHeaders=content-type;host;x-amz-date;x-amz-security-token');
});
