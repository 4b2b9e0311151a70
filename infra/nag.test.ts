import { expect, test } from '@jest/globals';
import { AwsSolutionsChecks } from 'cdk-nag';
import { environmentStack, identityStack, testApp } from './environment.fixture.ts';

/** Every exception stands with its reason beside what it is made for. */
test.each([
  ['environment', 'staging', environmentStack],
  ['environment', 'production', environmentStack],
  ['identity', 'staging', identityStack],
  ['identity', 'production', identityStack],
] as const)('cdk-nag AwsSolutions has nothing to say of the %s stack of %s', (_, name, make) => {
  const app = testApp();
  make(name, app);
  app.synth();
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  expect(
    violations.map(({ ruleName, violatingResources }) => [
      ruleName,
      ...(violatingResources ?? []).map(({ constructPath }) => constructPath),
    ]),
  ).toEqual([]);
});
