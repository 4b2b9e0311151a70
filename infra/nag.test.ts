import { expect, test } from '@jest/globals';
import { AwsSolutionsChecks } from 'cdk-nag';
import {
  dispatchEnvironment,
  environmentStack,
  identityOf,
  identityStack,
  stackOf,
  testApp,
  toolkitOf,
  toolkitStackOf,
} from './environment.fixture.ts';

/** What cdk-nag has to say of an app, by rule. */
function findings(app: ReturnType<typeof testApp>): unknown[] {
  app.synth();
  const { violations } = new AwsSolutionsChecks(app).validateScope(app);
  return violations.map(({ ruleName, violatingResources }) => [
    ruleName,
    ...(violatingResources ?? []).map(({ constructPath }) => constructPath),
  ]);
}

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
    expect(findings(app)).toEqual([]);
  },
);

test.each([
  ['environment', stackOf],
  ['identity', identityOf],
  ['toolkit', toolkitOf],
])('nor of the %s stack with a dispatch to GitHub', (_, make) => {
  const app = testApp();
  make(dispatchEnvironment(), app);
  expect(findings(app)).toEqual([]);
});
