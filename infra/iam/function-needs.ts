import type { Place } from '../environment.ts';
import { readArtifacts, readData } from './access.ts';
import { arnOf, artifactsArn, executionArn, ownJobsArn, s3Arn } from './arn.ts';
import { allow, onlyKinds, type Statement } from './statement.ts';

/** The access that a function needs through the ports (pipeline/ports.ts). */
export interface Needs {
  /** Kinds of ledger items that it gets and lists; `look-*` means all kinds that start with `look-`. */
  readonly reads?: readonly string[];
  /** Kinds that it also writes. */
  readonly writes?: readonly string[];
  /** Folders of the artifacts that it writes. It reads all of them. */
  readonly folders?: readonly string[];
  readonly registry?: 'read' | 'register' | 'approve';
  /** Sees all versions of artifacts. */
  readonly versions?: true;
  /** Reads the data that a run is made from. */
  readonly data?: true;
  /** Describes jobs and stops them. */
  readonly jobs?: 'read' | 'stop';
  /** Asks endpoints, and counts their requests. */
  readonly endpoints?: true;
  /** Tags images, so that they stay. */
  readonly images?: true;
  /** Describes executions. */
  readonly executions?: true;
  /** Tells people of runs that they have to look at. */
  readonly notices?: true;
  /** An event calls it: what it fails on goes to the queue of lost events. */
  readonly events?: true;
}

/** The statements of a function's needs. `sources` are the `s3://` URIs of mlops.yaml outside the environment's buckets. */
export function statementsOf(needs: Needs, place: Place, sources: readonly string[]): Statement[] {
  const { names } = place;
  const {
    reads = [],
    writes = [],
    folders = [],
    versions,
    registry,
    data,
    jobs,
    endpoints,
    images,
    executions,
    notices,
    events,
  } = needs;
  const readable = [...reads, ...writes];
  return [
    ...(readable.length > 0
      ? [allow(['dynamodb:GetItem', 'dynamodb:Query'], [names.ledgerTableArn], onlyKinds(readable))]
      : []),
    ...(writes.length > 0
      ? [allow(['dynamodb:PutItem', 'dynamodb:UpdateItem'], [names.ledgerTableArn], onlyKinds(writes))]
      : []),
    ...readArtifacts(place),
    ...(versions
      ? [
          allow(['s3:ListBucketVersions'], [s3Arn(place, names.artifactsBucket)], {
            Condition: { StringLike: { 's3:prefix': [`${place.project}/*`] } },
          }),
        ]
      : []),
    ...(folders.length > 0
      ? [
          allow(
            ['s3:AbortMultipartUpload', 's3:PutObject'],
            folders.map((folder) => artifactsArn(place, `${folder}/*`)),
          ),
        ]
      : []),
    ...(data ? readData(place, sources) : []),
    ...(registry ? registryStatements(registry, place) : []),
    ...(jobs ? jobsStatements(jobs, place) : []),
    ...(endpoints
      ? [
          allow(['sagemaker:InvokeEndpoint'], [ownJobsArn(place, 'endpoint')]),
          allow(['cloudwatch:GetMetricData'], ['*'], { because: metrics }),
        ]
      : []),
    ...(images ? [tagImages(place)] : []),
    ...(executions
      ? [
          allow(
            ['states:DescribeExecution', 'states:GetExecutionHistory'],
            [...Object.values(names.machines), names.releaseMachine, names.monitorMachine].map(({ name }) =>
              executionArn(place, name),
            ),
          ),
        ]
      : []),
    ...(notices ? [allow(['sns:Publish'], [names.notificationTopicArn])] : []),
    ...(events ? [allow(['sqs:SendMessage'], [names.lostEventsArn])] : []),
  ];
}

const metrics = 'IAM sees no resource in this call, which reads numbers alone';

/** A tag is an image that is put again under another name. The repositories' tags never change. */
const tagImages = (place: Place): Statement =>
  allow(
    ['ecr:BatchGetImage', 'ecr:PutImage'],
    [place.names.candidateRepository, place.names.releaseRepository].map((repository) =>
      arnOf(place, 'ecr', `repository/${repository}`),
    ),
  );

function registryStatements(depth: 'read' | 'register' | 'approve', place: Place): Statement[] {
  const packages = arnOf(place, 'sagemaker', `model-package/${place.names.packageGroups}/*`);
  const group = arnOf(place, 'sagemaker', `model-package-group/${place.names.packageGroups}`);
  return [
    // ListModelPackages has the group as its resource only if the request names one.
    allow(['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'], [group, packages]),
    ...(depth === 'register'
      ? [
          allow(['sagemaker:CreateModelPackage', 'sagemaker:AddTags'], [group, packages]),
          // A model's first package creates its group.
          allow(['sagemaker:CreateModelPackageGroup'], [group]),
        ]
      : []),
    ...(depth === 'approve' ? [allow(['sagemaker:UpdateModelPackage'], [packages])] : []),
  ];
}

const jobTypes = ['ProcessingJob', 'TrainingJob', 'TransformJob', 'HyperParameterTuningJob'];

function jobsStatements(depth: 'read' | 'stop', place: Place): Statement[] {
  const arns = ['processing-job', 'training-job', 'transform-job', 'hyper-parameter-tuning-job'].map((type) =>
    ownJobsArn(place, type),
  );
  return [
    allow(
      [
        'sagemaker:ListTrainingJobsForHyperParameterTuningJob',
        ...jobTypes.map((type) => `sagemaker:Describe${type}`),
        ...(depth === 'stop' ? jobTypes.map((type) => `sagemaker:Stop${type}`) : []),
      ],
      arns,
    ),
    ...(depth === 'stop' ? [allow(['sagemaker:DeleteModel'], [ownJobsArn(place, 'model')])] : []),
  ];
}
