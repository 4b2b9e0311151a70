import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { dispatchEnvironment, resourcesOf, stackOf, testEnvironment } from '../environment.fixture.ts';
import { isAllowed } from '../iam/evaluate.fixture.ts';
import { rolesOf } from '../iam/roles.fixture.ts';
import { toolkitRole } from './toolkit-roles.ts';

/**
 * `npm run deploy -- --take-back` imports the resources that an earlier destroy kept: CloudFormation then reads each with the
 * handler of its type, whose permissions its schema lists (read-handlers.json). So it does for drift.
 */
const { types } = JSON.parse(readFileSync(new URL('read-handlers.json', import.meta.url), 'utf8')) as {
  types: Record<string, string[]>;
};

/** Permissions that a schema lists for properties that our resources do not have. */
const unneeded: Record<string, string> = {
  'iam:PassRole': 'what reads a rule passes no role',
  'glue:GetConnection': 'no database of ours is one of a connection; the Glue job in a VPC has its own',
  'lakeformation:CreateTable': 'a permission of Lake Formation, which IAM does not know',
  'kms:Decrypt': "only with the environment's key, which the policy of that key has",
  'kms:DescribeKey': 'as above',
  'lambda:GetFunctionScalingConfig': 'no function runs on instances of ours',
  'vpc-lattice:DescribeServiceNetworkVpcEndpointAssociation': 'the endpoint is a gateway',
};

const retained = ['AWS::S3::Bucket', 'AWS::ECR::Repository', 'AWS::DynamoDB::Table'];

/** Resources in the form of the ARN of each service, of which any that is allowed will do. */
function resourcesToRead(action: string, environment: ReturnType<typeof testEnvironment>): string[] {
  const { names } = environment;
  const arn = (service: string, resource: string) => `arn:aws:${service}:eu-west-1:111111111111:${resource}`;
  const [service = ''] = action.split(':');
  const byService: Record<string, string[]> = {
    athena: [arn('athena', `workgroup/${names.catalog.workgroup}`)],
    cloudwatch: [
      arn('cloudwatch', `alarm:${names.stack}--runs-failed`),
      `arn:aws:cloudwatch::111111111111:dashboard/${names.stack}`,
    ],
    dynamodb: [names.ledgerTableArn],
    ecr: [arn('ecr', `repository/${names.releaseRepository}`)],
    ecs: [names.prepare.clusterArn],
    events: [arn('events', `rule/${names.closeRunRule}`), names.githubDestinationArn],
    glue: [arn('glue', `job/${names.prepare.job}`), arn('glue', 'catalog')],
    iam: [names.jobRoles.promote.arn],
    lambda: [names.functions.plan.arn],
    logs: [arn('logs', `log-group:/aws/lambda/${names.functions.plan.name}`)],
    s3: [`arn:aws:s3:::${names.dataBucket}`],
    scheduler: [
      arn('scheduler', `schedule-group/${names.scheduleGroup}`),
      arn('scheduler', `schedule/${names.scheduleGroup}/churn`),
    ],
    sns: [arn('sns', names.notificationTopic)],
    sqs: [names.lostEventsArn],
    states: [names.machines.promote.arn],
  };
  return [...(byService[service] ?? []), '*'];
}

test.each([
  ['on processing in staging', () => testEnvironment('staging', 'processing')],
  ['on glue in staging', () => testEnvironment('staging', 'glue')],
  ['on glue in production', () => testEnvironment('production', 'glue')],
  ['on fargate in staging', () => testEnvironment('staging', 'fargate')],
  ['on fargate in production', () => testEnvironment('production', 'fargate')],
  ['with a dispatch to GitHub', dispatchEnvironment],
])('%s, CloudFormation may read every resource', (_, make) => {
  const environment = make();
  const role = rolesOf(environment)[toolkitRole(environment, 'cfn-exec')];
  if (role === undefined) throw new Error('there is no role of CloudFormation');
  const deployed = [...new Set(Object.values(resourcesOf(stackOf(environment))).map(({ Type }) => Type))];
  expect(deployed).toEqual(expect.arrayContaining(retained));
  const unread = deployed.flatMap((type) =>
    (types[type] ?? [])
      .filter((action) => !(action in unneeded))
      .filter(
        (action) =>
          !resourcesToRead(action, environment).some((resource) =>
            isAllowed({ action, resource }, { policy: role.policy }),
          ),
      )
      .map((action) => `${type}: ${action}`),
  );
  expect(unread).toEqual([]);
});

test('the extract has every type that a stack contains, but two that no handler reads', () => {
  const environments = (['processing', 'glue', 'fargate'] as const).flatMap((engine) =>
    (['staging', 'production'] as const).map((name) => testEnvironment(name, engine)),
  );
  const deployed = [...environments, dispatchEnvironment()].flatMap((environment) =>
    Object.values(resourcesOf(stackOf(environment))).map(({ Type }) => Type),
  );
  expect([...new Set(deployed)].filter((type) => !(type in types)).sort()).toEqual([
    'AWS::SNS::TopicPolicy',
    'AWS::SQS::QueuePolicy',
  ]);
});
