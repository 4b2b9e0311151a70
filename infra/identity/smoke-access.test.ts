import { expect, test } from '@jest/globals';
import { testEnvironment } from '../environment.fixture.ts';
import { isAllowed } from '../iam/evaluate.fixture.ts';
import { deployPolicy } from './deploy-role.ts';
import { githubBoundary } from './github-boundary.ts';
import { pullRequestPolicy } from './pull-request-role.ts';
import { cleanSmoke } from './smoke-access.ts';

const environment = testEnvironment('staging');
const { names } = environment;
/** The two policies of the deploy role. */
const deployment = [...deployPolicy(environment), ...cleanSmoke(environment)];
const boundary = githubBoundary(environment);
const keys = (kind: string) => ({ 'dynamodb:LeadingKeys': [kind] });
const object = (key: string) => `arn:aws:s3:::${names.artifactsBucket}/churn/${key}`;
const sagemaker = (resource: string) => `arn:aws:sagemaker:eu-west-1:111111111111:${resource}`;

const deletions = (model: string) => [
  { action: 's3:DeleteObject', resource: object(`models/${model}/f1/model.tar.gz`) },
  { action: 's3:DeleteObjectVersion', resource: object(`inputs-evaluate/${model}/data/1/data.csv`) },
  { action: 'dynamodb:DeleteItem', resource: names.ledgerTableArn, context: keys(`champion/${model}`) },
  { action: 'sagemaker:DeleteModelPackage', resource: sagemaker(`model-package/${names.stack}--${model}/1`) },
  {
    action: 'sagemaker:DeleteModelPackageGroup',
    resource: sagemaker(`model-package-group/${names.stack}--${model}`),
  },
];

test.each(deletions('smoke'))('a deployment cleans up after the smoke test: $action', (call) => {
  expect(isAllowed(call, { policy: deployment, boundary })).toBe(true);
  expect(isAllowed(call, { policy: pullRequestPolicy(environment), boundary })).toBe(false);
});

test.each([
  ...deletions('churn'),
  ...deletions('smoke-2'),
  { action: 's3:DeleteObject', resource: object('models/churn/smoke/model.tar.gz') },
  { action: 'dynamodb:DeleteItem', resource: names.ledgerTableArn },
  {
    action: 'ecr:BatchDeleteImage',
    resource: `arn:aws:ecr:eu-west-1:111111111111:repository/${names.releaseRepository}`,
  },
])('it deletes nothing else: $action on $resource', (call) => {
  expect(isAllowed(call, { policy: deployment, boundary })).toBe(false);
});
