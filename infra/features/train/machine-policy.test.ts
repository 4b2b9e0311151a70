import { expect, test } from '@jest/globals';
import type { StateMachine } from '../../../pipeline/machines/asl.ts';
import { environmentStack, type Resource, resourcesOf, testEnvironment } from '../../environment.fixture.ts';
import { actionsOf } from '../../iam/actions-of.ts';
import { type Call, isAllowed } from '../../iam/evaluate.fixture.ts';
import type { Statement } from '../../iam/statement.ts';

const place = testEnvironment('staging');
const { names } = place;
const resources = resourcesOf(environmentStack('staging'));
const policies = {
  evaluate: policyOf(resources, names.machineRoles.evaluate.name),
  promote: policyOf(resources, names.machineRoles.promote.name),
};

function policyOf(all: Record<string, Resource>, roleName: string): Statement[] {
  const role = Object.values(all).find(
    ({ Type, Properties }) => Type === 'AWS::IAM::Role' && Properties.RoleName === roleName,
  );
  const written = role?.Properties.Policies as { PolicyDocument: { Statement: Statement[] } }[] | undefined;
  const policy = written?.[0];
  if (policy === undefined) throw new Error(`${roleName}: got no policy`);
  return policy.PolicyDocument.Statement;
}

const sagemaker = (resource: string) => `arn:aws:sagemaker:eu-west-1:111111111111:${resource}`;
const rule = (name: string): Call[] =>
  ['PutTargets', 'PutRule', 'DescribeRule'].map((action) => ({
    action: `events:${action}`,
    resource: `arn:aws:events:eu-west-1:111111111111:rule/StepFunctionsGetEventsForSageMaker${name}Rule`,
  }));
const job = (name: string, type: string, ruleName: string): Call[] => [
  ...[`Create${name}`, `Describe${name}`, `Stop${name}`, 'ListTags', 'AddTags'].map((action) => ({
    action: `sagemaker:${action}`,
    resource: sagemaker(`${type}/${names.jobPrefix}-1a2b3c4d-x-1`),
  })),
  ...rule(ruleName),
];
const write = (kind: string): Call => ({
  action: 'dynamodb:PutItem',
  resource: names.ledgerTableArn,
  context: { 'dynamodb:LeadingKeys': [`${kind}/attrition`] },
});
/** The document names versions; without one it is the newest code. */
const invoke = (name: keyof typeof names.functions, version = ':7'): Call => ({
  action: 'lambda:InvokeFunction',
  resource: `${names.functions[name].arn}${version}`,
});

/** Written by hand from the service's documentation: what the states of the train machine call. */
const documentCalls: Call[] = [
  ...(['plan', 'keep', 'inspect', 'gate', 'register', 'record'] as const).map((name) => invoke(name)),
  ...job('ProcessingJob', 'processing-job', 'ProcessingJobs'),
  ...job('TrainingJob', 'training-job', 'TrainingJobs'),
  ...job('TransformJob', 'transform-job', 'TransformJobs'),
  ...job('HyperParameterTuningJob', 'hyper-parameter-tuning-job', 'TuningJobs'),
  { action: 'sagemaker:CreateModel', resource: sagemaker(`model/${names.jobPrefix}-1a2b3c4d-candidate-1`) },
  { action: 'sagemaker:AddTags', resource: sagemaker(`model/${names.jobPrefix}-1a2b3c4d-candidate-1`) },
  { action: 'sagemaker:DeleteModel', resource: sagemaker(`model/${names.jobPrefix}-1a2b3c4d-candidate-1`) },
];

/** Each machine gives its jobs a role of its own. */
const passJobRole = (mode: 'evaluate' | 'promote'): Call => ({
  action: 'iam:PassRole',
  resource: names.jobRoles[mode].arn,
  context: { 'iam:PassedToService': 'sagemaker.amazonaws.com' },
});

test('both machines may make every call that the document makes', () => {
  for (const [mode, policy] of Object.entries(policies) as ['evaluate' | 'promote', Statement[]][])
    for (const call of [...documentCalls, passJobRole(mode)])
      expect([call, isAllowed(call, { policy })]).toEqual([call, true]);
  expect(isAllowed(passJobRole('promote'), { policy: policies.evaluate })).toBe(false);
  expect(isAllowed(passJobRole('evaluate'), { policy: policies.promote })).toBe(false);
  for (const name of ['lease', 'promote'] as const)
    expect(isAllowed(invoke(name), { policy: policies.promote })).toBe(true);
});

test('they may make no other: each action is one of these, each resource belongs to the environment', () => {
  const watching = /^(logs|xray):/;
  const needed = new Set(
    [...documentCalls, invoke('promote'), passJobRole('promote')].map(({ action }) => action),
  );
  for (const policy of Object.values(policies))
    for (const { Effect, Action, Resource } of policy) {
      if (Effect === 'Deny') continue;
      const actions = [Action].flat();
      expect(actions.filter((action) => !needed.has(action) && !watching.test(action))).toEqual([]);
      if (!actions.every((action) => watching.test(action))) expect([Resource].flat()).not.toContain('*');
    }
  for (const call of [
    { ...passJobRole('promote'), context: { 'iam:PassedToService': 'ec2.amazonaws.com' } },
    { ...passJobRole('promote'), resource: names.deployRole.arn },
    write('run'),
    write('model'),
    write('champion'),
    invoke('close-run'),
    invoke('plan', ''),
    { action: 'sagemaker:CreateTrainingJob', resource: sagemaker('training-job/other-1a2b3c4d-train-1') },
  ])
    expect([call, isAllowed(call, { policy: policies.promote })]).toEqual([call, false]);
});

test('train-evaluate cannot promote, take the lease, write the champion or approve, even if it were allowed elsewhere', () => {
  const everything = { Effect: 'Allow', Action: ['*'], Resource: ['*'] } as const;
  for (const call of [
    invoke('promote'),
    invoke('promote', ''),
    invoke('promote', ':$LATEST'),
    invoke('lease'),
    invoke('lease', ''),
    write('champion'),
    { ...write('champion'), action: 'dynamodb:UpdateItem' },
    { action: 'sagemaker:UpdateModelPackage', resource: sagemaker('model-package/churn--staging--churn/1') },
  ]) {
    expect([call, isAllowed(call, { policy: [...policies.evaluate, everything] })]).toEqual([call, false]);
    expect([call, isAllowed(call, { policy: [everything] })]).toEqual([call, true]);
  }
});

test('actions follow the document: without a state its calls are gone, an unknown task is refused', () => {
  const only = (Resource: string, Parameters: StateMachine['States'][string]): StateMachine => ({
    StartAt: 'A',
    States: { A: { Type: 'Task', Resource, Parameters, End: true } as never },
  });
  const put = {
    TableName: 'x',
    Item: { kind: { 'S.$': "States.Format('model/{}', $.request.model)" } },
  } as never;
  expect(actionsOf(only('arn:aws:states:::dynamodb:putItem', put), place)).toEqual([
    expect.objectContaining({
      Effect: 'Allow',
      Action: ['dynamodb:PutItem'],
      Resource: [names.ledgerTableArn],
    }),
  ]);
  expect(() => actionsOf(only('arn:aws:states:::sns:publish', {} as never), place)).toThrow(
    /sns:publish.*without a known policy/,
  );
  expect(() =>
    actionsOf(only('arn:aws:states:::lambda:invoke', { 'FunctionName.$': '$.f' } as never), place),
  ).toThrow(/FunctionName, expected a name written in the document/);
});

test('with a VPC, a key and tags the job role is passed as before and the key may be used', () => {
  const production = testEnvironment('production');
  const policy = policyOf(
    resourcesOf(environmentStack('production')),
    production.names.machineRoles.promote.name,
  );
  expect(
    isAllowed({ ...passJobRole('promote'), resource: production.names.jobRoles.promote.arn }, { policy }),
  ).toBe(true);
  const grant = (forService: boolean): Call => ({
    action: 'kms:CreateGrant',
    resource: production.settings.kms_key ?? '',
    context: { 'kms:GrantIsForAWSResource': String(forService) },
  });
  expect(isAllowed(grant(true), { policy })).toBe(true);
  expect(isAllowed(grant(false), { policy })).toBe(false);
});
