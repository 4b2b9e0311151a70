import { expect, test } from '@jest/globals';
import { AwsSolutionsChecks } from 'cdk-nag';
import { environmentStack, identityStack, testApp, toolkitStackOf } from './environment.fixture.ts';

/** Every exception stands with its reason beside what it is made for. */
test.each([
  ['environment', 'staging', 'processing', environmentStack],
  ['environment', 'production', 'processing', environmentStack],
  ['environment', 'staging', 'glue', environmentStack],
  ['environment', 'production', 'glue', environmentStack],
  ['environment', 'staging', 'fargate', environmentStack],
  ['environment', 'production', 'fargate', environmentStack],
  ['identity', 'staging', 'processing', identityStack],
  ['identity', 'production', 'processing', identityStack],
  ['identity', 'production', 'glue', identityStack],
  ['identity', 'staging', 'fargate', identityStack],
  ['toolkit', 'staging', 'fargate', toolkitStackOf],
  ['toolkit', 'production', 'glue', toolkitStackOf],
] as const)(
  'cdk-nag AwsSolutions has nothing to say of the %s stack of %s on %s',
  (_, name, engine, make) => {
    const app = testApp();
    make(name, app, engine);
    app.synth();
    const { violations } = new AwsSolutionsChecks(app).validateScope(app);
    expect(
      violations.map(({ ruleName, violatingResources }) => [
        ruleName,
        ...(violatingResources ?? []).map(({ constructPath }) => constructPath),
      ]),
    ).toEqual([]);
  },
);
