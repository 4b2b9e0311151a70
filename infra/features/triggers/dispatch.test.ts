import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'yaml';
import { parseConfig } from '../../../pipeline/config/load.ts';
import { dispatchEnvironment, resourcesOf, stackOf, testEnvironment } from '../../environment.fixture.ts';
import { environmentOf } from '../../environment.ts';
import { type Call, isAllowed } from '../../iam/evaluate.fixture.ts';
import { rolesOf } from '../../iam/roles.fixture.ts';
import { boundary } from '../../identity/boundary.ts';
import { toolkitRole } from '../../identity/toolkit-roles.ts';

const environment = dispatchEnvironment();
const { names } = environment;
const resources = Object.values(resourcesOf(stackOf(environment)));
const ofType = (type: string) =>
  resources.filter(({ Type }) => Type === type).map(({ Properties }) => Properties);
const rule = (name: string) => ofType('AWS::Events::Rule').find(({ Name }) => Name === name);

interface Target {
  readonly Arn: { 'Fn::GetAtt': [string, string] };
  readonly RoleArn: { 'Fn::GetAtt': [string, string] };
  readonly HttpParameters: object;
  readonly RetryPolicy: object;
  readonly DeadLetterConfig: unknown;
  readonly InputTransformer: { InputPathsMap: Record<string, string>; InputTemplate: string };
}
const [target] = (rule('churn--staging--data-churn')?.Targets ?? []) as Target[];

test('the file that completes training data is told to GitHub, and to nobody on AWS', () => {
  expect(rule('churn--staging--data-churn')).toMatchObject({
    EventPattern: {
      source: ['aws.s3'],
      'detail-type': ['Object Created'],
      detail: { bucket: { name: ['warehouse'] }, object: { key: [{ wildcard: 'churn/rows*_SUCCESS' }] } },
    },
    Targets: [expect.anything()],
  });
  expect(ofType('AWS::Events::ApiDestination')).toEqual([
    {
      Name: names.githubDestination,
      Description: 'Starts the workflow Retrain of octo/churn',
      ConnectionArn: 'arn:aws:events:eu-west-1:111111111111:connection/churn--staging--github/1a2b-3c4d',
      HttpMethod: 'POST',
      InvocationEndpoint: 'https://api.github.com/repos/octo/churn/dispatches',
      InvocationRateLimitPerSecond: 1,
    },
  ]);
  expect(target).toMatchObject({
    HttpParameters: {
      HeaderParameters: { Accept: 'application/vnd.github+json', 'X-GitHub-Api-Version': '2022-11-28' },
    },
    RetryPolicy: { MaximumEventAgeInSeconds: 21_600, MaximumRetryAttempts: 20 },
    DeadLetterConfig: { Arn: { 'Fn::GetAtt': [expect.stringMatching(/^OperationsLost/), 'Arn'] } },
  });
  const byId = resourcesOf(stackOf(environment));
  expect(byId[target?.Arn['Fn::GetAtt'][0] ?? '']?.Type).toBe('AWS::Events::ApiDestination');
  expect(byId[target?.RoleArn['Fn::GetAtt'][0] ?? '']?.Properties.RoleName).toBe(names.dispatchRole.name);
});

test('what lands to be predicted is released on AWS as without a dispatch', () => {
  const [released] = (rule('churn--staging--scoring-churn')?.Targets ?? []) as Target[];
  expect(released?.Arn['Fn::GetAtt'][0]).toMatch(/^TriggersFunctions.*landed/i);
});

test('the request is one that the workflow Retrain takes', () => {
  const { InputPathsMap, InputTemplate } = target?.InputTransformer ?? {
    InputPathsMap: {},
    InputTemplate: '',
  };
  // As EventBridge fills it in.
  expect(Object.values(InputPathsMap)).toEqual(['$.time']);
  const body = JSON.parse(
    InputTemplate.replaceAll(/<([^>]+)>/g, (_, name: string) => {
      expect(InputPathsMap).toHaveProperty([name]);
      return '2026-11-27T20:00:00Z';
    }),
  );
  expect(body).toEqual({
    event_type: 'data-landed',
    client_payload: {
      environment: 'staging',
      reason: 'files landed below s3://warehouse/churn/rows at 2026-11-27T20:00:00Z',
    },
  });
  const text = (path: string) => readFileSync(new URL(`../../../${path}`, import.meta.url), 'utf8');
  const { on } = parse(text('.github/workflows/retrain.yml')) as {
    on: { repository_dispatch: { types: string[] } };
  };
  expect(on.repository_dispatch.types).toContain(body.event_type);
  const reader = text('scripts/workflows/tools/retrain-request.ts');
  for (const name of Object.keys(body.client_payload)) expect(reader).toContain(`asked('${name}')`);
});

test('EventBridge calls the one address, nobody else does, and no role reads a secret or changes the connection', () => {
  const roles = rolesOf(environment);
  const calls = (action: string, resource: string): Call => ({
    action,
    resource: `arn:aws:${action.split(':')[0]}:eu-west-1:111111111111:${resource}`,
  });
  const who = (call: Call) =>
    Object.entries(roles)
      .filter(([, { policy, boundary: bound }]) =>
        isAllowed(call, { policy, ...(bound && { boundary: bound }) }),
      )
      .map(([name]) => name);
  const cloudFormation = toolkitRole(environment, 'cfn-exec');
  const connection = 'connection/churn--staging--github';
  for (const id of ['', '/1a2b-3c4d']) {
    expect(who(calls('events:InvokeApiDestination', `api-destination/churn--staging--github${id}`))).toEqual([
      names.dispatchRole.name,
    ]);
    for (const action of ['Create', 'Update', 'Delete'])
      expect(
        who(calls(`events:${action}ApiDestination`, `api-destination/churn--staging--github${id}`)),
      ).toEqual([cloudFormation]);
    expect(who(calls('events:CreateApiDestination', `${connection}${id}`))).toEqual([cloudFormation]);
  }
  const pass = (service: string): Call => ({
    action: 'iam:PassRole',
    resource: names.dispatchRole.arn,
    context: { 'iam:PassedToService': `${service}.amazonaws.com` },
  });
  expect(who(pass('events'))).toEqual([cloudFormation]);
  for (const call of [
    calls('events:InvokeApiDestination', 'api-destination/other/1a2b'),
    calls('events:InvokeApiDestination', 'api-destination/churn--staging--github-2/1a2b'),
    calls('events:UpdateApiDestination', 'api-destination/other/1a2b'),
    calls('events:CreateApiDestination', 'connection/other/1a2b'),
    calls('events:UpdateConnection', `${connection}/1a2b-3c4d`),
    calls('secretsmanager:GetSecretValue', 'secret:events!connection/churn--staging--github/1a2b'),
  ])
    expect([call, who(call)]).toEqual([call, []]);
  // A role that a deployment made, with whatever it wrote down.
  const anything = [{ Effect: 'Allow', Action: ['*'], Resource: ['*'] }] as const;
  const made = { policy: anything, boundary: boundary(environment) };
  expect(isAllowed(calls('events:InvokeApiDestination', 'api-destination/other/1a2b'), made)).toBe(false);
  expect(isAllowed(calls('secretsmanager:GetSecretValue', 'secret:events!connection/x'), made)).toBe(false);
});

test('only EventBridge of this account takes the role', () => {
  const [trusted] = rolesOf(environment)[names.dispatchRole.name]?.trust ?? [];
  expect([trusted?.Principal, trusted?.Condition]).toEqual([
    { Service: 'events.amazonaws.com' },
    { StringEquals: { 'aws:SourceAccount': '111111111111' } },
  ]);
});

test('without it, no deployment has a right to an address, and none is there', () => {
  const staging = testEnvironment('production');
  const text = JSON.stringify([resourcesOf(stackOf(staging)), rolesOf(staging), boundary(staging)]);
  expect(text).not.toMatch(/ApiDestination|events\.amazonaws\.com"\]/);
});

test('a project of several models is refused: the workflow trains the only one', () => {
  const yaml = (name: string) =>
    parseConfig(
      `project: churn\nproblem: binary\ndata: { source: s3://warehouse/${name}/, target: left }\n` +
        'triggers: { data_landed: true, quiet: off }\nenvironments:\n' +
        '  staging: { account: "111111111111", region: eu-west-1, repository_dispatch: { repository: octo/churn, ' +
        'connection: "arn:aws:events:eu-west-1:111111111111:connection/github/1a" } }\n',
    );
  expect(environmentOf([yaml('a')], 'staging').settings.repository_dispatch?.repository).toBe('octo/churn');
  expect(() => environmentOf([yaml('a'), yaml('b')], 'staging')).toThrow(
    /^environments\.staging\.repository_dispatch: got a project of 2 models, expected one/,
  );
});
