import { CreateBucketCommand, DeleteObjectCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { expect, jest, test } from '@jest/globals';
import { s3Client, sageMakerClient } from '../../../aws/clients.ts';
import { packageKey } from '../../../package-key.ts';
import { description, registryContract } from '../../../ports.contract.ts';
import { startMoto } from '../moto.fixture.ts';
import { S3Storage } from './s3-storage.ts';
import { SageMakerRegistry } from './sagemaker-registry.ts';

// An emulator in Python on a busy machine.
jest.setTimeout(60_000);
const cloud = await startMoto(4612);

async function open(client = sageMakerClient()) {
  await cloud.reset();
  await s3Client().send(new CreateBucketCommand({ Bucket: 'bucket' }));
  return (group: string) =>
    new SageMakerRegistry(client, {
      group,
      arnPrefix: 'arn:aws:sagemaker:us-east-1:123456789012',
      storage: new S3Storage(s3Client()),
      folder: `s3://bucket/churn/packages/${group}/`,
    });
}

registryContract('SageMakerRegistry', () => open());

test('among 500 packages a run finds its own with one description, and another that it has none with a few', async () => {
  const client = sageMakerClient();
  const calls: string[] = [];
  client.middlewareStack.add(
    (next, { commandName = '' }) =>
      (args) => {
        calls.push(commandName.replace('Command', ''));
        return next(args);
      },
    { step: 'initialize', name: 'count' },
  );
  const registry = (await open(client))('churn');
  const made = await registry.register(description('first'));
  for (let n = 0; n < 499; n++) await registry.register(description(`${n}`));

  const counted = async (work: () => Promise<unknown>): Promise<string[]> => {
    calls.length = 0;
    await work();
    return [...calls];
  };
  expect(await counted(() => registry.find(packageKey(made)))).toEqual(['DescribeModelPackage']);
  const searched = await counted(() => registry.find('none'));
  expect(searched[0]).toBe('ListModelPackages');
  expect(searched.length).toBeLessThanOrEqual(9);
  expect(await counted(() => registry.list(5))).toEqual(['ListModelPackages']);
  const listed = await counted(async () => expect(await registry.list()).toHaveLength(500));
  expect(listed).toEqual(Array.from({ length: 5 }, () => 'ListModelPackages'));
});

test('a package whose run was killed before it noted it is found again', async () => {
  const registry = (await open())('churn');
  const made = await registry.register(description('killed'));
  await s3Client().send(new DeleteObjectCommand({ Bucket: 'bucket', Key: await noteKey() }));
  expect(await registry.find(packageKey(made))).toEqual(made);
});

async function noteKey(): Promise<string> {
  const { Contents = [] } = await s3Client().send(
    new ListObjectsV2Command({ Bucket: 'bucket', Prefix: 'churn/packages/churn/by-key/' }),
  );
  return Contents[0]?.Key ?? '';
}
