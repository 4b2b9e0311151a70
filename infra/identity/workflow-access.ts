import { logGroups } from '../../pipeline/backends/aws/console-links.ts';
import type { Environment } from '../environment.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { decryptData, logInToEcr, readData, useKey } from '../iam/access.ts';
import { arnOf, artifactsArn, executionArn, imageRepositories, ownJobsArn, s3Arn } from '../iam/arn.ts';
import { allow, deny, type Statement } from '../iam/statement.ts';

/*
 * Statements for both roles of GitHub's workflows, each within its limits.
 */

/** Starts, follows and stops runs of these machines. */
export function run(
  environment: Environment,
  machines: readonly ('evaluate' | 'promote' | 'release' | 'monitor')[],
): Statement[] {
  const { names } = environment;
  const { releaseMachine: release, monitorMachine: monitor } = names;
  const all = { ...names.machines, release, monitor };
  const chosen = machines.map((machine) => all[machine]);
  return [
    allow(
      ['states:DescribeStateMachine', 'states:ListExecutions', 'states:StartExecution'],
      chosen.map(({ arn }) => arn),
    ),
    allow(
      ['states:DescribeExecution', 'states:GetExecutionHistory', 'states:StopExecution'],
      chosen.map(({ name }) => executionArn(environment, name)),
    ),
  ];
}

/** Reads the inputs and results of runs, adds inputs of runs in these modes, and stops their jobs. */
export function read(environment: Environment, modes: readonly ('evaluate' | 'promote')[]): Statement[] {
  const { names, settings, sources } = environment;
  const sagemaker = (resource: string) => arnOf(environment, 'sagemaker', resource);
  const logs = Object.values(logGroups).map((group) => arnOf(environment, 'logs', `log-group:${group}`));
  return [
    allow(['s3:ListBucket'], [s3Arn(environment, names.artifactsBucket)]),
    allow(['s3:GetObject'], [artifactsArn(environment, '*')]),
    // Sealed verdicts (gate.reuse: sealed) and all scores, those that transform jobs wrote included: no report needs them.
    deny(
      ['s3:GetObject'],
      ['sealed/*', 'scores/*', ...['candidate', 'champion', 'anchor'].map((who) => `jobs-*/*-${who}-*`)].map(
        (folder) => artifactsArn(environment, folder),
      ),
    ),
    // The names of a run's inputs are hashes of their content: each is written once and never replaced.
    allow(
      ['s3:PutObject'],
      modes.map((mode) => artifactsArn(environment, `inputs-${mode}/*`)),
      { Condition: { StringEquals: { 's3:if-none-match': '*' } } },
    ),
    ...readData(environment, sources),
    ...decryptData(settings),
    allow(['dynamodb:GetItem', 'dynamodb:Query'], [names.ledgerTableArn]),
    allow(
      ['sagemaker:DescribeModelPackage', 'sagemaker:ListModelPackages'],
      [
        sagemaker(`model-package-group/${names.packageGroups}`),
        sagemaker(`model-package/${names.packageGroups}/*`),
      ],
    ),
    // A cancelled workflow has seconds to stop the run's jobs itself; close-run comes later.
    allow(
      [
        'sagemaker:DescribeHyperParameterTuningJob',
        'sagemaker:DescribeProcessingJob',
        'sagemaker:DescribeTrainingJob',
        'sagemaker:DescribeTransformJob',
        'sagemaker:ListTrainingJobsForHyperParameterTuningJob',
        'sagemaker:StopHyperParameterTuningJob',
        'sagemaker:StopProcessingJob',
        'sagemaker:StopTrainingJob',
        'sagemaker:StopTransformJob',
      ],
      ['hyper-parameter-tuning-job', 'processing-job', 'training-job', 'transform-job'].map((type) =>
        ownJobsArn(environment, type),
      ),
    ),
    allow(['sagemaker:DeleteModel'], [ownJobsArn(environment, 'model')]),
    ...engineAccess(environment).stop(environment),
    // All jobs of an account share their log groups: all streams can be listed, but only this environment's be read.
    allow(
      ['logs:DescribeLogStreams'],
      logs.map((group) => `${group}:*`),
    ),
    allow(
      ['logs:GetLogEvents'],
      logs.map((group) => `${group}:log-stream:${names.jobPrefix}-*`),
    ),
    ...(settings.kms_key ? [useKey(settings.kms_key)] : []),
  ];
}

/** Pushes images. */
export function push(environment: Environment, ...repositories: string[]): Statement[] {
  return [
    logInToEcr,
    allow(
      ['ecr:CompleteLayerUpload', 'ecr:InitiateLayerUpload', 'ecr:PutImage', 'ecr:UploadLayerPart'],
      repositories.map((repository) => arnOf(environment, 'ecr', `repository/${repository}`)),
    ),
  ];
}

/** Reads the images of reviewed pull requests in other environments: of all that these have, nothing else. */
export function pullReviewed({ reviewed }: Environment): Statement[] {
  if (reviewed.length === 0) return [];
  return [
    allow(['ecr:BatchCheckLayerAvailability', 'ecr:BatchGetImage', 'ecr:GetDownloadUrlForLayer'], reviewed),
  ];
}

/** Pulls images, and looks at them. A run looks at the image that mlops.yaml names before anything is paid. */
export function pull(environment: Environment, repositories: readonly string[]): Statement[] {
  return [
    allow(
      [
        'ecr:BatchCheckLayerAvailability',
        'ecr:BatchGetImage',
        'ecr:DescribeImages',
        'ecr:GetDownloadUrlForLayer',
      ],
      [
        ...repositories.map((repository) => arnOf(environment, 'ecr', `repository/${repository}`)),
        ...imageRepositories(environment),
      ],
    ),
  ];
}
