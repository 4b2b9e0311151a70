import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { modelImageCheck } from './model-image.ts';

/** ECR's answers to BatchGetImage, in the JSON protocol of its API reference. */
let answer: { status: number; body: object };
const asked: { target: string | undefined; body: unknown }[] = [];
const server = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk: Buffer) => {
    body += chunk.toString();
  });
  request.on('end', () => {
    asked.push({ target: request.headers['x-amz-target'] as string, body: JSON.parse(body) });
    response
      .writeHead(answer.status, { 'content-type': 'application/x-amz-json-1.1' })
      .end(JSON.stringify(answer.body));
  });
});
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
});
afterAll(() => {
  server.close();
});

const digest = `sha256:${'0'.repeat(64)}`;
const deployment = { project: 'churn', environment: 'staging', account: '111111111111', region: 'eu-west-1' };
const checks = (account: string) =>
  modelImageCheck(
    {
      model: { image: `${account}.dkr.ecr.eu-west-1.amazonaws.com/shared/xgboost@${digest}` },
    } as Parameters<typeof modelImageCheck>[0],
    deployment,
  );

test('only the image of another account is looked at', () => {
  expect(checks('111111111111')).toEqual([]);
  expect(
    modelImageCheck({ model: { image: null } } as Parameters<typeof modelImageCheck>[0], deployment),
  ).toEqual([]);
});

test('its repository is asked for the image, and says whether this account may pull it', async () => {
  const [check] = checks('222222222222');
  answer = { status: 200, body: { images: [{ imageId: { imageDigest: digest } }], failures: [] } };
  expect(await check?.()).toMatchObject({ outcome: 'ok' });
  expect(asked.at(-1)).toEqual({
    target: 'AmazonEC2ContainerRegistry_V20150921.BatchGetImage',
    body: {
      registryId: '222222222222',
      repositoryName: 'shared/xgboost',
      imageIds: [{ imageDigest: digest }],
    },
  });
  answer = { status: 200, body: { images: [], failures: [{ failureCode: 'ImageNotFound' }] } };
  expect(await check?.()).toMatchObject({ outcome: 'problem', detail: expect.stringContaining(digest) });
});

test('a refusal names the policy that the owner has to give', async () => {
  const [check] = checks('222222222222');
  answer = { status: 400, body: { __type: 'AccessDeniedException', message: 'no' } };
  expect(await check?.()).toMatchObject({
    outcome: 'problem',
    detail: 'repository shared/xgboost of account 222222222222 refuses this account: AccessDeniedException',
    mend: expect.stringMatching(/arn:aws:iam::111111111111:root ecr:BatchCheckLayerAvailability/),
  });
});
