import { describe, expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import {
  type Engine,
  identityOf,
  type Resource,
  testApp,
  testEnvironment,
  toolkitOf,
} from '../environment.fixture.ts';
import { type Call, isAllowed } from '../iam/evaluate.fixture.ts';
import { longestEnvironment, longRegions } from '../iam/long-names.fixture.ts';
import { rolesOf } from '../iam/roles.fixture.ts';
import { allow } from '../iam/statement.ts';
import { boundary } from './boundary.ts';
import { deployPolicy } from './deploy-role.ts';
import { executionPolicies } from './execution-policies.ts';
import { githubBoundary } from './github-boundary.ts';
import { managedPolicy } from './managed-policy.ts';
import { pullRequestPolicy } from './pull-request-role.ts';

const environment = testEnvironment('staging');
const { names } = environment;
const iam = (resource: string) => `arn:aws:iam::111111111111:${resource}`;
const own = iam(`policy/${names.permissionsBoundary}`);
const everything = [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] as const;

/** CloudFormation in a deployment, and a role that a deployment made with all the permissions it could write down. */
const deployments = {
  CloudFormation: { policy: Object.values(executionPolicies(environment)).flat() },
  'a role that a deployment made': { policy: everything, boundary: boundary(environment) },
};

const identityRoles = [
  names.deployRole.arn,
  names.pullRequestRole.arn,
  iam(`role/cdk-${names.qualifier}-cfn-exec-role-111111111111-eu-west-1`),
  iam(`role/cdk-${names.qualifier}-deploy-role-111111111111-eu-west-1`),
];

const withBoundary = { 'iam:PermissionsBoundary': own };
const forbidden: [string, Call][] = [
  ...identityRoles.flatMap((resource): [string, Call][] =>
    [
      'UpdateAssumeRolePolicy',
      'PutRolePolicy',
      'AttachRolePolicy',
      'DetachRolePolicy',
      'DeleteRolePolicy',
      'PutRolePermissionsBoundary',
      'DeleteRolePermissionsBoundary',
      'DeleteRole',
      'UpdateRole',
      'PassRole',
    ].map((action) => [
      `${action} on ${resource}`,
      {
        action: `iam:${action}`,
        resource,
        context: { ...withBoundary, 'iam:PassedToService': 'lambda.amazonaws.com' },
      },
    ]),
  ),
  ...['CreatePolicyVersion', 'SetDefaultPolicyVersion', 'DeletePolicy', 'DeletePolicyVersion'].flatMap(
    (action): [string, Call][] =>
      [own, iam(`policy/${names.stack}--execution`), iam(`policy/${names.stack}--github-boundary`)].map(
        (resource) => [`${action} on ${resource}`, { action: `iam:${action}`, resource }],
      ),
  ),
  ['a role without boundary', { action: 'iam:CreateRole', resource: iam('role/churn--staging--x') }],
  [
    'a role with another boundary',
    {
      action: 'iam:CreateRole',
      resource: iam('role/churn--staging--x'),
      context: { 'iam:PermissionsBoundary': iam('policy/AdministratorAccess') },
    },
  ],
  [
    'a role of another name',
    { action: 'iam:CreateRole', resource: iam('role/admin'), context: withBoundary },
  ],
  [
    'a policy on a role without the boundary',
    { action: 'iam:PutRolePolicy', resource: iam('role/churn--staging--x') },
  ],
  [
    'another boundary on its own role',
    {
      action: 'iam:PutRolePermissionsBoundary',
      resource: iam('role/churn--staging--job'),
      context: { 'iam:PermissionsBoundary': iam('policy/AdministratorAccess') },
    },
  ],
  [
    'no boundary on its own role',
    {
      action: 'iam:DeleteRolePermissionsBoundary',
      resource: iam('role/churn--staging--job'),
      context: withBoundary,
    },
  ],
  ['a user', { action: 'iam:CreateUser', resource: iam('user/churn--staging--x'), context: withBoundary }],
  ['an access key', { action: 'iam:CreateAccessKey', resource: iam('user/someone') }],
  [
    'a provider',
    { action: 'iam:CreateOpenIDConnectProvider', resource: iam('oidc-provider/evil.example.com') },
  ],
  [
    'its audience',
    {
      action: 'iam:AddClientIDToOpenIDConnectProvider',
      resource: iam('oidc-provider/token.actions.githubusercontent.com'),
    },
  ],
  ['another role', { action: 'sts:AssumeRole', resource: iam('role/admin') }],
];

test.each(Object.entries(deployments))(
  '%s changes no identity and makes no role without the boundary',
  (_, bounds) => {
    for (const [what, call] of forbidden) expect([what, isAllowed(call, bounds)]).toEqual([what, false]);
  },
);

test('what is forbidden would be possible without the boundary: the cases are real', () => {
  for (const [what, call] of forbidden)
    expect([what, isAllowed(call, { policy: everything })]).toEqual([what, true]);
});

test('CloudFormation makes what the stack holds, with the boundary, by its names only', () => {
  const may = (call: Call) => isAllowed(call, deployments.CloudFormation);
  const job = iam('role/churn--staging--job');
  expect(may({ action: 'iam:CreateRole', resource: job, context: withBoundary })).toBe(true);
  expect(may({ action: 'iam:PutRolePolicy', resource: job, context: withBoundary })).toBe(true);
  expect(
    may({
      action: 'iam:PassRole',
      resource: job,
      context: { 'iam:PassedToService': 'lambda.amazonaws.com' },
    }),
  ).toBe(true);
  expect(
    may({ action: 'iam:PassRole', resource: job, context: { 'iam:PassedToService': 'ec2.amazonaws.com' } }),
  ).toBe(false);
  expect(may({ action: 's3:CreateBucket', resource: `arn:aws:s3:::${names.dataBucket}` })).toBe(true);
  expect(may({ action: 's3:CreateBucket', resource: 'arn:aws:s3:::other' })).toBe(false);
  expect(may({ action: 's3:GetObject', resource: `arn:aws:s3:::${names.dataBucket}/rows.csv` })).toBe(false);
  expect(may({ action: 'states:StartExecution', resource: names.machines.promote.arn })).toBe(false);
});

const roles = {
  pullRequest: { policy: pullRequestPolicy(environment), boundary: githubBoundary(environment) },
  deploy: { policy: deployPolicy(environment), boundary: githubBoundary(environment) },
};
const ecr = (repository: string) => `arn:aws:ecr:eu-west-1:111111111111:repository/${repository}`;
const execution_ = (machine: string) => `arn:aws:states:eu-west-1:111111111111:execution:${machine}:run-1`;

test('a pull request starts and stops evaluate runs and pushes candidates; a deployment does the rest', () => {
  const both: Call[] = [
    { action: 'states:StartExecution', resource: names.machines.evaluate.arn },
    { action: 'states:StopExecution', resource: execution_(names.machines.evaluate.name) },
    { action: 'ecr:PutImage', resource: ecr(names.candidateRepository) },
    { action: 's3:GetObject', resource: `arn:aws:s3:::${names.artifactsBucket}/churn/runs/x/verdict.json` },
    {
      action: 's3:PutObject',
      resource: `arn:aws:s3:::${names.artifactsBucket}/churn/inputs-evaluate/abc/data/rows.csv`,
      context: { 's3:if-none-match': '*' },
    },
    { action: 'dynamodb:Query', resource: names.ledgerTableArn },
    {
      action: 'sagemaker:StopTrainingJob',
      resource: `arn:aws:sagemaker:eu-west-1:111111111111:training-job/${names.jobPrefix}-1a2b3c4d-train-1`,
    },
  ];
  const log = 'arn:aws:logs:eu-west-1:111111111111:log-group:/aws/sagemaker/TrainingJobs:log-stream';
  both.push({
    action: 'logs:GetLogEvents',
    resource: `${log}:${names.jobPrefix}-1a2b3c4d-train-1/algo-1-17`,
  });
  both.push({ action: 'logs:DescribeLogStreams', resource: `${log}:` });
  const deployOnly: Call[] = [
    { action: 'states:StartExecution', resource: names.machines.promote.arn },
    { action: 'states:StopExecution', resource: execution_(names.machines.promote.name) },
    { action: 'ecr:PutImage', resource: ecr(names.releaseRepository) },
    { action: 'lambda:InvokeFunction', resource: names.functions.promote.arn },
    {
      action: 'sts:AssumeRole',
      resource: iam(`role/cdk-${names.qualifier}-deploy-role-111111111111-eu-west-1`),
    },
  ];
  const neither: Call[] = [
    ...['PutItem', 'UpdateItem', 'DeleteItem'].map((action) => ({
      action: `dynamodb:${action}`,
      resource: names.ledgerTableArn,
      context: { 'dynamodb:LeadingKeys': ['champion'] },
    })),
    // Sealed verdicts (gate.reuse: sealed), and the scores from which they could be made again.
    ...[
      'sealed/churn/run-1/verdict.json',
      'scores/churn/x/holdout.csv.out',
      'jobs-evaluate/churn/p-1-candidate-1/h.out',
    ].map((object) => ({
      action: 's3:GetObject',
      resource: `arn:aws:s3:::${names.artifactsBucket}/churn/${object}`,
    })),
    { action: 's3:PutObject', resource: `arn:aws:s3:::${names.artifactsBucket}/churn/models/x/model.tar.gz` },
    {
      action: 's3:PutObject',
      resource: `arn:aws:s3:::${names.artifactsBucket}/churn/inputs-evaluate/abc/data/rows.csv`,
    },
    {
      action: 's3:DeleteObject',
      resource: `arn:aws:s3:::${names.artifactsBucket}/churn/inputs-evaluate/abc/data/rows.csv`,
    },
    {
      action: 'sagemaker:UpdateModelPackage',
      resource: 'arn:aws:sagemaker:eu-west-1:111111111111:model-package/a/1',
    },
    {
      action: 'sts:AssumeRole',
      resource: iam(`role/cdk-${names.qualifier}-lookup-role-111111111111-eu-west-1`),
    },
    { action: 'iam:PassRole', resource: names.jobRoles.promote.arn },
    { action: 'logs:GetLogEvents', resource: `${log}:somebody-elses-job/algo-1-17` },
    {
      action: 'logs:GetLogEvents',
      resource: 'arn:aws:logs:eu-west-1:111111111111:log-group:/aws/lambda/other:log-stream:x',
    },
  ];
  const decide = (calls: Call[], role: keyof typeof roles) =>
    calls.map((call) => [call.action, call.resource, isAllowed(call, roles[role])]);
  const all = (calls: Call[], value: boolean) => calls.map((call) => [call.action, call.resource, value]);
  expect(decide(both, 'pullRequest')).toEqual(all(both, true));
  expect(decide(both, 'deploy')).toEqual(all(both, true));
  expect(decide(deployOnly, 'pullRequest')).toEqual(all(deployOnly, false));
  expect(decide(deployOnly, 'deploy')).toEqual(all(deployOnly, true));
  for (const role of ['pullRequest', 'deploy'] as const)
    expect(decide(neither, role)).toEqual(all(neither, false));
});

describe.each(['processing', 'glue', 'fargate'] as const)('at the longest names, on %s', (engine: Engine) => {
  test.each(longRegions.flatMap((region) => [[region, 'three'] as const, [region, 'dispatch'] as const]))(
    '%s, %s: the policies fit',
    (region, models) => {
      const longest = longestEnvironment(engine, region, models);
      const roles = rolesOf(longest);
      const size = (text: string) => text.replaceAll(/\s/g, '').length;
      const sum = (texts: readonly string[]) => texts.reduce((total, text) => total + size(text), 0);
      // IAM's quotas: a managed policy, those of a role, and all inline policies of a role.
      for (const [name, { managed, inline }] of Object.entries(roles)) {
        expect([name, managed.filter((policy) => size(policy) > 6_144)]).toEqual([name, []]);
        expect([name, managed.length <= 10, sum(inline) <= 10_240]).toEqual([name, true, true]);
      }
      const templates = [identityOf, toolkitOf].map((make) => Template.fromStack(make(longest)).toJSON());
      const policies = templates
        .flatMap(({ Resources }) => Object.values(Resources as Record<string, Resource>))
        .filter(({ Type }) => Type === 'AWS::IAM::ManagedPolicy')
        .map(({ Properties }) => Properties as { ManagedPolicyName: string; PolicyDocument: object });
      expect(policies.map(({ ManagedPolicyName }) => ManagedPolicyName.replace(/.*--/, ''))).toEqual([
        'boundary',
        'github-boundary',
        'clean-smoke',
        ...Object.keys(executionPolicies(longest)).map((topic) => `execution-${topic}`),
        'readers',
      ]);
      for (const { ManagedPolicyName, PolicyDocument } of policies)
        expect([ManagedPolicyName, size(JSON.stringify(PolicyDocument)) <= 6_144]).toEqual([
          ManagedPolicyName,
          true,
        ]);
      // The stacks deploy without a bootstrap, so their templates are sent as they are.
      for (const template of templates) expect(JSON.stringify(template, null, 1).length).toBeLessThan(51_200);
    },
  );
});

test('a policy that IAM would refuse for its length is refused before anything is deployed', () => {
  const statement = allow(['s3:GetObject'], [`arn:aws:s3:::${'x'.repeat(6_144)}`]);
  expect(() => managedPolicy(testApp(), 'Long', 'churn--staging--long', '', [statement])).toThrow(
    /churn--staging--long: got 6\d{3} characters, expected at most 6144/,
  );
});
