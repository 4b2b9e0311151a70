import { Template } from 'aws-cdk-lib/assertions';
import { Code } from 'aws-cdk-lib/aws-lambda';
import { App, type Stack } from 'aws-cdk-lib/core';
import { parseConfig } from '../pipeline/config/load.ts';
import { type Environment, environmentOf } from './environment.ts';
import { EnvironmentStack } from './environment-stack.ts';
import { loadEngine } from './features/train/prepare/load-engine.ts';
import { type Identity, IdentityStack } from './identity/identity-stack.ts';
import { toolkitStack } from './identity/toolkit-roles.ts';
import { ToolkitStack } from './identity/toolkit-stack.ts';

const plain = `
project: churn
problem: binary
data: { source: s3://warehouse/churn/rows, target: left }
model: { image: 222222222222.dkr.ecr.eu-west-1.amazonaws.com/shared/xgboost@sha256:${'0'.repeat(64)} }
notifications: { email: [ops@example.com] }
environments:
  staging: { account: "111111111111", region: eu-west-1 }
  production:
    account: "111111111111"
    region: eu-west-1
    approval: true
    vpc: { subnets: [subnet-0a1b2c3d, subnet-1a1b2c3d], security_groups: [sg-0a1b2c3d], availability_zones: [eu-west-1a, eu-west-1b] }
    kms_key: arn:aws:kms:eu-west-1:111111111111:key/00000000-0000-0000-0000-000000000000
    permissions_boundary: arn:aws:iam::111111111111:policy/company
    network_isolation: true
    tags: { cost-centre: "42" }
`;

export type Engine = Environment['engine'];

/** What `production` has beside: runs that start by themselves, looks at production, and an endpoint. */
const further = `
monitoring: { schedule: weekly, truth: "s3://outcomes/churn", decay: { min: 0.7 } }
triggers: { data_landed: true, scoring_landed: true, schedule: daily, time_zone: Europe/Berlin, decay: true }
inference: { mode: endpoint, instance: { type: ml.m5.large, count: 2 }, strategy: canary }
`;

/** `staging` sets nothing, `production` everything that an account may demand, with triggers, monitoring and an endpoint. */
export const testEnvironment = (
  name: 'staging' | 'production',
  engine: Engine = 'processing',
  region = 'eu-west-1',
): Environment =>
  environmentOf(
    [
      parseConfig(
        `${plain}prepare: { engine: ${engine} }\n${name === 'production' ? further : ''}\n`.replaceAll(
          'eu-west-1',
          region,
        ),
      ),
    ],
    name,
  );

/** `staging` whose data start the workflow Retrain on GitHub. */
export const dispatchEnvironment = (): Environment =>
  environmentOf(
    [
      parseConfig(
        `${plain.replace(
          'staging: { account: "111111111111", region: eu-west-1 }',
          'staging: { account: "111111111111", region: eu-west-1, repository_dispatch: { repository: octo/churn, ' +
            'connection: "arn:aws:events:eu-west-1:111111111111:connection/churn--staging--github/1a2b-3c4d" } }',
        )}triggers: { data_landed: true, scoring_landed: true, quiet: off }\n`,
      ),
    ],
    'staging',
  );

export const testIdentity: Identity = {
  subjectPrefix: 'repo:octo@1/churn@2',
  branch: 'trunk',
  provider: 'create',
  monthlyBudget: 50,
};

const engines = {
  processing: await loadEngine('processing'),
  glue: await loadEngine('glue'),
  fargate: await loadEngine('fargate'),
};

/** Functions with a line of code each, because cli/bundles.test.ts tests the real bundles. */
export const stackOf = (environment: Environment, app = testApp()): EnvironmentStack =>
  new EnvironmentStack(app, environment.names.stack, {
    env: { account: environment.account, region: environment.region },
    environment,
    engine: engines[environment.engine],
    code: () => Code.fromInline('exports.handler = async () => {}'),
  });

export const identityOf = (environment: Environment, app = testApp()): IdentityStack =>
  new IdentityStack(app, environment.names.identityStack, {
    env: { account: environment.account, region: environment.region },
    environment,
    identity: testIdentity,
  });

export const toolkitOf = (environment: Environment, app = testApp()): ToolkitStack =>
  new ToolkitStack(app, toolkitStack(environment), {
    env: { account: environment.account, region: environment.region },
    environment,
  });

export const environmentStack = (
  name: 'staging' | 'production',
  app = testApp(),
  engine: Engine = 'processing',
): EnvironmentStack => stackOf(testEnvironment(name, engine), app);

export const identityStack = (
  name: 'staging' | 'production',
  app = testApp(),
  engine: Engine = 'processing',
): IdentityStack => identityOf(testEnvironment(name, engine), app);

export const toolkitStackOf = (
  name: 'staging' | 'production',
  app = testApp(),
  engine: Engine = 'processing',
): ToolkitStack => toolkitOf(testEnvironment(name, engine), app);

/** Leaves out the CLI's validation of templates, which takes longer than everything else. */
export function testApp(): App {
  process.env.CDK_VALIDATION = 'false';
  return new App({ analyticsReporting: false });
}

export interface Resource {
  readonly Type: string;
  readonly Properties: Record<string, unknown>;
  readonly DeletionPolicy?: string;
  readonly UpdateReplacePolicy?: string;
}

export const resourcesOf = (stack: Stack): Record<string, Resource> =>
  Template.fromStack(stack).toJSON().Resources;
