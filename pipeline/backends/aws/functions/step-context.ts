import { dynamoDbClient, s3Client, sageMakerClient } from '../../../aws/clients.ts';
import type { StepContext } from '../../../steps/context.ts';
import { SageMakerJobs } from '../executions/sagemaker-jobs.ts';
import { DynamoDbLedger } from '../state/dynamodb-ledger.ts';
import { S3Storage } from '../state/s3-storage.ts';
import { SageMakerRegistry } from '../state/sagemaker-registry.ts';

/** What a step's ports are made of. */
export interface StepResources {
  region: string;
  ledger: string;
  packageGroup: string;
  /** `arn:PARTITION:sagemaker:REGION:ACCOUNT`. */
  sageMakerArn: string;
  /** `s3://BUCKET/PROJECT`. */
  root: string;
  jobPrefix: string;
}

/** The ports on the services of AWS. No call is made here. */
export function awsContext(resources: StepResources): StepContext & { storage: S3Storage } {
  const { region, ledger, packageGroup, sageMakerArn, root, jobPrefix } = resources;
  const sageMaker = sageMakerClient(region);
  const storage = new S3Storage(s3Client(region));
  return {
    storage,
    ledger: new DynamoDbLedger(dynamoDbClient(region), ledger),
    registry: new SageMakerRegistry(sageMaker, {
      group: packageGroup,
      arnPrefix: sageMakerArn,
      storage,
      root,
    }),
    jobs: new SageMakerJobs(sageMaker),
    clock: { now: () => new Date() },
    root,
    jobPrefix,
    region,
  };
}
