import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { dynamoDbClient, s3Client } from '../../../aws/clients.ts';
import { ledgerContract, storageContract } from '../../../ports.contract.ts';
import { startFakeCloud } from '../fakecloud.fixture.ts';
import { DynamoDbLedger } from './dynamodb-ledger.ts';
import { S3Storage } from './s3-storage.ts';
import { createLedger } from './stand-in.fixture.ts';

const cloud = await startFakeCloud(4611);

storageContract('S3Storage', async () => {
  await cloud.reset();
  for (const Bucket of ['bucket', 'bucket2']) await s3Client().send(new CreateBucketCommand({ Bucket }));
  return () => new S3Storage(s3Client());
});

ledgerContract('DynamoDbLedger', async () => {
  await cloud.reset();
  await createLedger('ledger');
  return () => new DynamoDbLedger(dynamoDbClient(), 'ledger');
});
