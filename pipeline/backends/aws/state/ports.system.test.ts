import { CreateBucketCommand, DeleteObjectCommand, PutBucketVersioningCommand } from '@aws-sdk/client-s3';
import { expect, test } from '@jest/globals';
import { dynamoDbClient, s3Client } from '../../../aws/clients.ts';
import { RewrittenError } from '../../../errors.ts';
import { ledgerContract, storageContract } from '../../../ports.contract.ts';
import { startFakeCloud } from '../fakecloud.fixture.ts';
import { DynamoDbLedger } from './dynamodb-ledger.ts';
import { S3Storage } from './s3-storage.ts';
import { createLedger } from './stand-in.fixture.ts';

const cloud = await startFakeCloud(4611);

storageContract('S3Storage', async () => {
  await cloud.reset();
  for (const name of ['bucket', 'bucket2']) await versionedBucket(name);
  return () => new S3Storage(s3Client());
});

ledgerContract('DynamoDbLedger', async () => {
  await cloud.reset();
  await createLedger('ledger');
  return () => new DynamoDbLedger(dynamoDbClient(), 'ledger');
});

test('of a versioned object, only one that was written once is copied', async () => {
  await cloud.reset();
  await versionedBucket('versioned');
  const storage = new S3Storage(s3Client());
  await storage.write('s3://versioned/job/model.tar.gz', 'trained');
  // A key that starts with another's name is another object.
  for (const content of ['1', '2']) await storage.write('s3://versioned/job/model.tar.gz.old', content);
  const copied = await storage.take('s3://versioned/job/model.tar.gz', 's3://versioned/kept/model.tar.gz');
  expect(copied).toEqual(await storage.describe('s3://versioned/kept/model.tar.gz'));

  await storage.write('s3://versioned/job/model.tar.gz', 'replaced');
  await expect(
    storage.take('s3://versioned/job/model.tar.gz', 's3://versioned/kept/again.tar.gz'),
  ).rejects.toThrow(RewrittenError);
  await s3Client().send(new DeleteObjectCommand({ Bucket: 'versioned', Key: 'kept/model.tar.gz' }));
  await storage.write('s3://versioned/kept/model.tar.gz', 'trained');
  await expect(
    storage.take('s3://versioned/kept/model.tar.gz', 's3://versioned/kept/again.tar.gz'),
  ).rejects.toThrow(RewrittenError);
  const now = await storage.describe('s3://versioned/kept/model.tar.gz');
  expect(now?.sha256).toBe(copied.sha256);
  expect(now?.version).not.toBe(copied.version);
});

/** A bucket as the stack makes it. */
async function versionedBucket(Bucket: string): Promise<void> {
  await s3Client().send(new CreateBucketCommand({ Bucket }));
  await s3Client().send(
    new PutBucketVersioningCommand({ Bucket, VersioningConfiguration: { Status: 'Enabled' } }),
  );
}
