import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import { parse } from 'yaml';
import { resourcesOf, testEnvironment, toolkitStackOf } from '../environment.fixture.ts';
import type { Statement } from '../iam/statement.ts';
import { publishingPolicy, stackPolicy, toolkitVersion } from './toolkit-roles.ts';

/** The toolkit against the template of `cdk bootstrap` in the locked aws-cdk, which it takes the place of. */
const stock = parse(
  readFileSync(
    new URL('../../node_modules/aws-cdk/lib/api/bootstrap/bootstrap-template.yaml', import.meta.url),
    'utf8',
  ),
) as {
  Resources: Record<string, { Properties: Record<string, unknown> }>;
  Outputs: Record<string, { Value: string }>;
};
const environment = testEnvironment('staging');
const staging = resourcesOf(toolkitStackOf('staging'));

const actionsOf = (statements: readonly Statement[]) => [
  ...new Set(statements.flatMap(({ Action }) => [Action].flat())),
];
const stockPolicy = (id: string): Statement[] => {
  const { Policies, PolicyDocument } = (stock.Resources[id]?.Properties ?? {}) as {
    Policies?: { PolicyDocument: { Statement: Statement[] } }[];
    PolicyDocument?: { Statement: Statement[] };
  };
  return (PolicyDocument ?? Policies?.[0]?.PolicyDocument)?.Statement ?? [];
};

/** Actions of the CDK's own roles that these leave out, each with its reason. */
const left = {
  deploy: {
    'cloudformation:CreateStack': 'deployments are change sets',
    'cloudformation:UpdateStack': 'deployments are change sets',
    'cloudformation:CreateStackRefactor': 'no stack is refactored',
    'cloudformation:ExecuteStackRefactor': 'no stack is refactored',
    's3:GetObject*': 'the template is read, and no more',
    's3:GetBucket*': 'as above',
    's3:List*': 'as above',
    's3:Abort*': 'there is no CodePipeline in another account',
    's3:DeleteObject*': 'as above',
    's3:PutObject*': 'as above',
    'kms:Decrypt': "only with the environment's key",
    'kms:DescribeKey': 'as above',
    'kms:Encrypt': 'as above',
    'kms:ReEncrypt*': 'as above',
    'kms:GenerateDataKey*': 'as above',
    'ssm:GetParameters': 'the template asks for no version (generateBootstrapVersionRule)',
    'sts:GetCallerIdentity': 'needs no permission',
  },
  publishing: {
    's3:GetObject*': 'objects, not their versions and tags',
    's3:GetBucket*': 'the location',
    's3:List*': 'the bucket',
    's3:DeleteObject*': 'nothing is collected',
    's3:PutObject*': 'objects, not their tags',
    's3:Abort*': 's3:AbortMultipartUpload',
    'kms:Decrypt': "only with the environment's key",
    'kms:DescribeKey': 'as above',
    'kms:Encrypt': 'as above',
    'kms:ReEncrypt*': 'as above',
    'kms:GenerateDataKey*': 'as above',
  },
};

test.each([
  ['deploy', 'DeploymentActionRole', stackPolicy(environment)],
  ['publishing', 'FilePublishingRoleDefaultPolicy', publishingPolicy(environment)],
] as const)('the %s role has every permission of the CDK’s own, or a reason not to', (role, id, ours) => {
  const theirs = actionsOf(stockPolicy(id));
  expect(theirs.length).toBeGreaterThan(5);
  const own = actionsOf(ours);
  expect(theirs.filter((action) => !own.includes(action)).sort()).toEqual(
    Object.keys(left[role])
      .filter((action) => theirs.includes(action))
      .sort(),
  );
  // A newer template may ask for less: then a reason is out of date.
  expect(Object.keys(left[role]).filter((action) => !theirs.includes(action))).toEqual([]);
});

test('it has the version, the names and the encryption that the command line finds', () => {
  expect(stock.Outputs.BootstrapVersion?.Value).toBe(toolkitVersion);
  const { qualifier } = environment.names;
  const template = Template.fromJSON({ Resources: staging });
  template.hasResourceProperties('AWS::SSM::Parameter', {
    Name: `/cdk-bootstrap/${qualifier}/version`,
    Value: toolkitVersion,
  });
  const names = (type: string, key: string) =>
    Object.values(staging)
      .filter(({ Type }) => Type === type)
      .map(({ Properties }) => Properties[key]);
  const parameters: Record<string, string> = {
    Qualifier: qualifier,
    'AWS::AccountId': '111111111111',
    'AWS::Region': 'eu-west-1',
  };
  const written = (id: string, key: string) =>
    JSON.stringify(stock.Resources[id]?.Properties[key])
      .match(/cdk-\$\{Qualifier\}-[\w${}:-]+/)?.[0]
      .replaceAll(/\$\{([\w:]+)\}/g, (_, parameter: string) => parameters[parameter] ?? parameter);
  expect(names('AWS::S3::Bucket', 'BucketName')).toEqual([written('StagingBucket', 'BucketName')]);
  expect(names('AWS::IAM::Role', 'RoleName').sort()).toEqual(
    ['CloudFormationExecutionRole', 'DeploymentActionRole', 'FilePublishingRole']
      .map((id) => written(id, 'RoleName'))
      .sort(),
  );
});

test('its roles are assumed by the deploy role alone, and by CloudFormation', () => {
  const trust = Object.values(staging)
    .filter(({ Type }) => Type === 'AWS::IAM::Role')
    .map(({ Properties }) => (Properties.AssumeRolePolicyDocument as { Statement: object[] }).Statement);
  const deployRole = {
    Action: 'sts:AssumeRole',
    Effect: 'Allow',
    Principal: { AWS: environment.names.deployRole.arn },
  };
  expect(trust).toEqual([
    [deployRole],
    [deployRole],
    [{ Action: 'sts:AssumeRole', Effect: 'Allow', Principal: { Service: 'cloudformation.amazonaws.com' } }],
  ]);
});
