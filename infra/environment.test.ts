import { expect, test } from '@jest/globals';
import { parseConfig } from '../pipeline/config/load.ts';
import { SetupError } from '../pipeline/errors.ts';
import { environmentOf } from './environment.ts';

const config = (rest: string) =>
  parseConfig(`project: churn\nproblem: binary\ndata: { source: s3://rows/a.csv, target: left }\n${rest}`);
const two =
  'environments:\n  staging: { account: "111111111111", region: eu-west-1 }\n  production: { account: "222222222222", region: eu-west-1 }';

test('the environment asked for, or the only one', () => {
  expect(environmentOf([config(two)], 'production').account).toBe('222222222222');
  expect(environmentOf([config(two.split('\n').slice(0, 2).join('\n'))], undefined).name).toBe('staging');
});

test('the data that runs read is what mlops.yaml names on S3', () => {
  expect(environmentOf([config(two)], 'staging').sources).toEqual(['s3://rows/a.csv']);
});

test.each([
  ['none in mlops.yaml', '', undefined, /has none: add environments/],
  ['none asked for', two, undefined, /--environment: got none, expected one of .*: staging, production/],
  ['an unknown one', two, 'prod', /--environment: got "prod", expected one of .*: staging, production/],
])('refused with what to do: %s', (_, rest, name, message) => {
  expect(() => environmentOf([config(rest)], name)).toThrow(message);
  expect(() => environmentOf([config(rest)], name)).toThrow(SetupError);
});

test('what was reviewed in other environments is copied from there; roles of other accounts are let in', () => {
  const of = (name: string, yaml = two) => environmentOf([config(yaml)], name);
  const repositories = (place: string, environment: string) =>
    ['candidate', 'release'].map((name) => `arn:aws:ecr:${place}:repository/churn/${environment}/${name}`);
  const role = (account: string, name: string) => `arn:aws:iam::${account}:role/churn--${name}--deploy`;
  expect(of('production')).toMatchObject({
    reviewed: repositories('eu-west-1:111111111111', 'staging'),
    readers: [role('111111111111', 'staging')],
  });
  const approved = two.replace(
    '222222222222", region: eu-west-1',
    '222222222222", region: us-east-1, approval: true',
  );
  expect(of('staging', approved)).toMatchObject({
    reviewed: [],
    readers: [role('222222222222', 'production')],
  });
  expect(of('production', approved)).toMatchObject({
    reviewed: repositories('eu-west-1:111111111111', 'staging'),
    readers: [],
  });
  // In one account the role's own policy is enough; another partition has other credentials.
  expect(of('staging', two.replace('222222222222', '111111111111')).readers).toEqual([]);
  const china = two.replace('222222222222", region: eu-west-1', '222222222222", region: cn-north-1');
  expect(of('staging', china)).toMatchObject({ reviewed: [], readers: [] });
});
