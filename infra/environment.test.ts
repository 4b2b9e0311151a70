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
