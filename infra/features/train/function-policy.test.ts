import { expect, test } from '@jest/globals';
import type { TrainFunction } from '../../../pipeline/names.ts';
import { testEnvironment } from '../../environment.fixture.ts';
import { type Call, isAllowed } from '../../iam/evaluate.fixture.ts';
import { pullRequestPolicy } from '../../identity/pull-request-role.ts';
import { functionPolicy } from './function-policy.ts';
import { trainFunctionNames } from './train-functions.ts';

const place = testEnvironment('staging');
const { names } = place;
const functions: readonly TrainFunction[] = trainFunctionNames;
const repository = (name: string, account = '111111111111'): string =>
  `arn:aws:ecr:eu-west-1:${account}:repository/${name}`;
const tag = (resource: string): Call => ({ action: 'ecr:PutImage', resource });

test('register and promote may tag images of the environment, and nobody any other', () => {
  for (const name of functions) {
    const policy = functionPolicy(name, place, []);
    const may = name === 'register' || name === 'promote';
    for (const own of [names.candidateRepository, names.releaseRepository])
      expect([name, own, isAllowed(tag(repository(own)), { policy })]).toEqual([name, own, may]);
    for (const other of [
      repository('churn/production/release'),
      repository('shared/xgboost', '222222222222'),
      repository(names.releaseRepository, '222222222222'),
    ])
      expect([name, other, isAllowed(tag(other), { policy })]).toEqual([name, other, false]);
    // A pushed layer would be another image.
    expect(
      isAllowed({ action: 'ecr:UploadLayerPart', resource: repository(names.releaseRepository) }, { policy }),
    ).toBe(false);
  }
});

test('whoever starts a run may look at the image that mlops.yaml names, and not change it', () => {
  const policy = pullRequestPolicy(place);
  const shared = repository('shared/xgboost', '222222222222');
  expect(isAllowed({ action: 'ecr:BatchGetImage', resource: shared }, { policy })).toBe(true);
  expect(isAllowed(tag(shared), { policy })).toBe(false);
});
