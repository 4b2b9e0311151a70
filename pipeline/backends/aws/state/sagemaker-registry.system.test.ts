import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { jest } from '@jest/globals';
import { s3Client, sageMakerClient } from '../../../aws/clients.ts';
import { registryContract } from '../../../ports.contract.ts';
import { startMoto } from '../moto.fixture.ts';
import { S3Storage } from './s3-storage.ts';
import { SageMakerRegistry } from './sagemaker-registry.ts';

// An emulator in Python on a busy machine.
jest.setTimeout(60_000);
const cloud = await startMoto(4612);

registryContract('SageMakerRegistry', async () => {
  await cloud.reset();
  await s3Client().send(new CreateBucketCommand({ Bucket: 'bucket' }));
  return (group) =>
    new SageMakerRegistry(sageMakerClient(), {
      group,
      arnPrefix: 'arn:aws:sagemaker:us-east-1:123456789012',
      storage: new S3Storage(s3Client()),
      folder: 's3://bucket/churn/packages/',
    });
});
