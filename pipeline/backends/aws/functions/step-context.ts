import { dynamoDbClient, ecrClient, s3Client, sageMakerClient } from '../../../aws/clients.ts';
import { ModelLedger } from '../../../model-ledger.ts';
import { packageGroup, resourceNames } from '../../../names.ts';
import type { Endpoints } from '../../../ports.ts';
import { artifactsOf, type StepContext } from '../../../steps/context.ts';
import { SageMakerJobs } from '../executions/sagemaker-jobs.ts';
import { DynamoDbLedger } from '../state/dynamodb-ledger.ts';
import { EcrImages } from '../state/ecr-images.ts';
import { S3Storage } from '../state/s3-storage.ts';
import { SageMakerRegistry } from '../state/sagemaker-registry.ts';

/** The resources of a step's ports. */
export interface StepResources {
  region: string;
  ledger: string;
  /** The stack, `PROJECT--ENV`; the names of package groups start with it. */
  stack: string;
  /** `arn:PARTITION:sagemaker:REGION:ACCOUNT`. */
  sageMakerArn: string;
  /** `s3://BUCKET/PROJECT`. */
  root: string;
  model: string;
  jobPrefix: string;
  /** The environment's ceiling for the cost of a run; null: none. */
  mostRunUsd: number | null;
}

/** Only the function smoke asks endpoints, and only its bundle has the clients for it. */
const noEndpoints: Endpoints = {
  invoke: () => Promise.reject(new Error('endpoints: expected only the function smoke to ask one')),
  traffic: () => Promise.reject(new Error('endpoints: expected only the function smoke to count requests')),
};

/** Makes the ports on the AWS services, without any call. */
export function awsContext(resources: StepResources): StepContext & { storage: S3Storage } {
  const { region, ledger, stack, sageMakerArn, root, model, jobPrefix, mostRunUsd } = resources;
  const sageMaker = sageMakerClient(region);
  const storage = new S3Storage(s3Client(region));
  return {
    storage,
    ledger: new ModelLedger(new DynamoDbLedger(dynamoDbClient(region), ledger), model),
    registry: new SageMakerRegistry(sageMaker, {
      group: packageGroup(stack, model),
      arnPrefix: sageMakerArn,
      storage,
      folder: artifactsOf({ root, model }, 'packages'),
    }),
    jobs: new SageMakerJobs(sageMaker),
    images: new EcrImages(ecrClient(region), { repositories: imageRepositories(resources) }),
    endpoints: noEndpoints,
    clock: { now: () => new Date() },
    model,
    root,
    jobPrefix,
    mostRunUsd,
    region,
  };
}

/** `HOST/REPOSITORY` of the environment's image repositories. */
function imageRepositories({ stack, region, sageMakerArn }: StepResources): string[] {
  const [project = '', environment = ''] = stack.split('--');
  const account = sageMakerArn.slice(sageMakerArn.lastIndexOf(':') + 1);
  const names = resourceNames({ project, environment, account, region });
  return [names.candidateRepository, names.releaseRepository].map((name) => `${names.registryHost}/${name}`);
}
