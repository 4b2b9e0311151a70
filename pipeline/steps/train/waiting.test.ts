import { expect, test } from '@jest/globals';
import { waitingReason } from './waiting.ts';

const said = (text: string, code: string) =>
  `${text} (Service: AmazonSageMaker; Status Code: 400; Error Code: ${code}; Request ID: 1; Proxy: null)`;
const quota = (limit: number) =>
  `The account-level service limit 'ml.m5.large for training job usage' is ${limit} Instances, with current utilization of ${limit} Instances and a request delta of 1 Instances.`;

test.each([
  ['LeaseHeldError', 'run 77-1 has the lease', 'waiting for the lease held by 77-1'],
  [
    'SageMaker.ResourceLimitExceededException',
    quota(2),
    "waiting for room in the account's quota 'ml.m5.large for training job usage' of 2",
  ],
  [
    'SageMaker.AmazonSageMakerException',
    said(quota(4), 'ResourceLimitExceeded'),
    "waiting for room in the account's quota 'ml.m5.large for training job usage' of 4",
  ],
  [
    'SageMaker.AmazonSageMakerException',
    said('Rate exceeded', 'ThrottlingException'),
    'waiting because AWS throttles the account',
  ],
  ['Glue.ConcurrentRunsExceededException', 'too many', 'waiting for another prepare job to end'],
  [
    'ECS.AmazonECSException',
    "You've reached the limit on the number of vCPUs",
    expect.stringMatching(/quota/),
  ],
  ['SageMaker.ResourceLimitExceededException', quota(0), null],
  ['SageMaker.AmazonSageMakerException', said('Could not find model data', 'ValidationException'), null],
  ['States.TaskFailed', '{"FailureReason":"AlgorithmError: Rate exceeded"}', null],
  ['DataContractError', 'Rate exceeded', null],
] as const)('%s, %s', (error, cause, reason) => {
  expect(waitingReason(error, cause)).toEqual(reason);
});
