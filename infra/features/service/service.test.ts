import { expect, test } from '@jest/globals';
import { parseConfig } from '../../../pipeline/config/load.ts';
import { environmentStack, resourcesOf, stackOf } from '../../environment.fixture.ts';
import { environmentOf } from '../../environment.ts';
import { type Call, isAllowed } from '../../iam/evaluate.fixture.ts';
import { rolesOf } from '../../iam/roles.fixture.ts';
import { callersPolicy } from './service-policy.ts';

const environment = environmentOf(
  [
    parseConfig(
      'project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\ninference: { mode: serverless }\n' +
        'environments:\n  staging: { account: "111111111111", region: eu-west-1 }\n',
    ),
  ],
  'staging',
);
const { names } = environment;
const resources = Object.values(resourcesOf(stackOf(environment)));
const role = rolesOf(environment)[names.functions.predict.name];
const endpoint = (name: string) => `arn:aws:sagemaker:eu-west-1:111111111111:endpoint/${name}`;

test('the service is a function whose URL asks IAM; nothing of it costs at rest', () => {
  const urls = resources.filter(({ Type }) => Type === 'AWS::Lambda::Url');
  expect(urls.map(({ Properties }) => Properties.AuthType)).toEqual(['AWS_IAM']);
  const types = resources.map(({ Type }) => Type);
  expect(types.filter((type) => /^AWS::(SageMaker|ApiGateway)/.test(type))).toEqual([]);
  const served = resources.find(({ Properties }) => Properties.FunctionName === names.functions.predict.name);
  expect(served?.Properties.Environment).toMatchObject({ Variables: { MLOPS_SERVED: 'churn' } });
});

test('a project of batches has no service', () => {
  const staging = JSON.stringify(resourcesOf(environmentStack('staging')));
  expect(staging).not.toContain('AWS::Lambda::Url');
  expect(staging).not.toContain('--predict');
});

test('the function asks endpoints of the environment and writes captures; it moves no pointer', () => {
  const may = (call: Call) =>
    role !== undefined &&
    isAllowed(call, { policy: role.policy, ...(role.boundary && { boundary: role.boundary }) });
  const put = (path: string): Call => ({
    action: 's3:PutObject',
    resource: `arn:aws:s3:::${names.artifactsBucket}/churn/${path}`,
  });
  expect(may({ action: 'sagemaker:InvokeEndpoint', resource: endpoint(`${names.jobPrefix}-churn`) })).toBe(
    true,
  );
  expect(may(put('captures/churn/2026/01/01/1.jsonl'))).toBe(true);
  for (const call of [
    { action: 'sagemaker:InvokeEndpoint', resource: endpoint('other') },
    { action: 'sagemaker:UpdateEndpoint', resource: endpoint(`${names.jobPrefix}-churn`) },
    put('pointers/churn.json'),
    put('predictions/model=churn/release=1/x.parquet'),
    {
      action: 'dynamodb:PutItem',
      resource: names.ledgerTableArn,
      context: { 'dynamodb:LeadingKeys': ['pointer/churn'] },
    },
  ])
    expect([call, may(call)]).toEqual([call, false]);
});

test('a caller calls the one function, through its URL', () => {
  const policy = callersPolicy(environment);
  const call = (action: string, resource: string, context: Record<string, string>) =>
    isAllowed({ action: `lambda:${action}`, resource, context }, { policy });
  const { arn } = names.functions.predict;
  expect(call('InvokeFunctionUrl', arn, { 'lambda:FunctionUrlAuthType': 'AWS_IAM' })).toBe(true);
  expect(call('InvokeFunction', arn, { 'lambda:InvokedViaFunctionUrl': 'true' })).toBe(true);
  expect(call('InvokeFunction', arn, {})).toBe(false);
  expect(call('InvokeFunction', names.functions.point.arn, { 'lambda:InvokedViaFunctionUrl': 'true' })).toBe(
    false,
  );
});

test('an endpoint of instances has an alarm that its updates in steps wait on', () => {
  const production = Object.values(resourcesOf(environmentStack('production')));
  const alarm = production.find(
    ({ Properties }) => Properties.AlarmName === 'churn--production--endpoint-errors-churn',
  );
  expect(alarm?.Properties).toMatchObject({
    MetricName: 'Invocation5XXErrors',
    Period: 60,
    Threshold: 1,
    TreatMissingData: 'notBreaching',
  });
  const machine = production.find(
    ({ Properties }) => Properties.StateMachineName === 'churn--production--release',
  );
  expect(machine?.Properties.DefinitionString).toContain('churn--production--endpoint-errors-{}');
});
