import { expect, test } from '@jest/globals';
import { SetupError } from '../errors.ts';
import { resourceNames } from '../names.ts';
import {
  chooseEnvironment,
  deploymentOf,
  deploymentOfMachine,
  deploymentOfRole,
  environmentsOf,
  reviewedRepositories,
} from './environment.ts';
import { parseConfig } from './load.ts';

const config = (rest: string) =>
  parseConfig(`project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\n${rest}`);
const one = 'environments:\n  staging: { account: "111111111111", region: eu-west-1 }\n';
const two = config(`${one}  production: { account: "222222222222", region: us-east-1, approval: true }\n`);
const production = {
  project: 'churn',
  environment: 'production',
  account: '222222222222',
  region: 'us-east-1',
};
const names = resourceNames(production);

test('the environment asked for, or the only one', () => {
  expect(chooseEnvironment(two, 'production')).toMatchObject({
    deployment: production,
    settings: { approval: true },
  });
  expect(deploymentOf(config(one), undefined).environment).toBe('staging');
  expect(environmentsOf(two).map(({ deployment }) => deployment.environment)).toEqual([
    'staging',
    'production',
  ]);
});

test.each([
  ['none in mlops.yaml', config(''), undefined, /got none, .* which has none: add environments: \{/],
  [
    'none asked for',
    two,
    undefined,
    /^--environment: got none, expected one of mlops.yaml: staging, production$/,
  ],
  [
    'an unknown one',
    two,
    'prod',
    /^--environment: got "prod", expected one of mlops.yaml: staging, production$/,
  ],
  ['a key of every object', two, 'constructor', /got "constructor", expected one of mlops.yaml/],
  [
    'an unknown one where there is one',
    config(one),
    'prod',
    /got "prod", expected one of mlops.yaml: staging/,
  ],
])('refused with what to do: %s', (_, given, name, message) => {
  expect(() => deploymentOf(given, name)).toThrow(message);
  expect(() => deploymentOf(given, name)).toThrow(SetupError);
});

test('the message begins with where the name was to be given', () => {
  expect(() => deploymentOf(two, 'prod', 'input environment')).toThrow(/^input environment: got "prod"/);
});

test('a state machine tells its environment, by name or ARN', () => {
  const { evaluate, promote } = names.machines;
  for (const machine of [evaluate.name, evaluate.arn, promote.name, promote.arn])
    expect(deploymentOfMachine(two, machine, 'x')).toEqual(production);
  expect(() => deploymentOfMachine(config(one), promote.name, 'input state-machine')).toThrow(
    'input state-machine: got "churn--production--train-promote", expected one of churn--staging--train-evaluate, churn--staging--train-promote',
  );
  expect(() => deploymentOfMachine(config(''), promote.name, 'x')).toThrow(/mlops.yaml, which has none/);
});

test('a role of GitHub tells its environment, by its whole ARN', () => {
  const staging = deploymentOf(two, 'staging');
  expect(deploymentOfRole(two, resourceNames(staging).pullRequestRole.arn)).toEqual(staging);
  expect(deploymentOfRole(two, names.deployRole.arn)).toEqual(production);
  expect(deploymentOfRole(two, names.deployRole.arn, ['pullRequestRole'])).toBeUndefined();
  expect(deploymentOfRole(two, names.jobRoles.promote.arn)).toBeUndefined();
  const elsewhere = names.deployRole.arn.replace('222222222222', '333333333333');
  expect(deploymentOfRole(two, elsewhere)).toBeUndefined();
});

test('where a person approves there is no pull-request role, unless mlops.yaml asks for it by name', () => {
  const role = (rest: string) =>
    deploymentOfRole(
      config(`environments: { production: { account: "222222222222", region: us-east-1, ${rest} } }`),
      names.pullRequestRole.arn,
    );
  expect(role('approval: true')).toBeUndefined();
  expect(role('approval: true, pull_request_role: true')).toEqual(production);
  expect(role('approval: false')).toEqual(production);
  expect(role('approval: false, pull_request_role: false')).toBeUndefined();
});

test('a reviewed image is in a repository of the environment itself, or of one in which pull requests run', () => {
  const of = (environment: string, project = two) =>
    reviewedRepositories(project, environment).map(({ host, name }) => `${host}/${name}`);
  const staging = '111111111111.dkr.ecr.eu-west-1.amazonaws.com/churn/staging';
  const own = `${names.registryHost}/churn/production`;
  expect(of('staging')).toEqual([`${staging}/candidate`, `${staging}/release`]);
  expect(of('production')).toEqual([...of('staging'), `${own}/candidate`, `${own}/release`]);
  const china = config(`${one}  china: { account: "222222222222", region: cn-north-1 }\n`);
  expect(of('china', china)).toEqual(
    ['candidate', 'release'].map(
      (name) => `222222222222.dkr.ecr.cn-north-1.amazonaws.com.cn/churn/china/${name}`,
    ),
  );
});
