import { expect, test } from '@jest/globals';
import { parseConfig } from './load.ts';
import { prepareSize } from './prepare-size.ts';

const config = (prepare: string, rest = '') =>
  parseConfig(
    `project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\nprepare: ${prepare}\n${rest}`,
  );
const sizeOn = (engine: string, type: string, volume = 30) =>
  prepareSize(config(`{ engine: ${engine}, instance: { type: ${type}, volume_gb: ${volume} } }`).prepare);

test('processing takes the instance as it is', () => {
  expect(sizeOn('processing', 'ml.g5.xlarge')).toEqual({
    engine: 'processing',
    instance: 'ml.g5.xlarge',
    count: 1,
  });
});

test.each([
  ['ml.m5.large', 'G.1X'],
  ['ml.t3.medium', 'G.1X'],
  ['ml.m5.xlarge', 'G.1X'],
  ['ml.r5.xlarge', 'G.2X'],
  ['ml.c5.4xlarge', 'G.4X'],
  ['ml.r6i.4xlarge', 'G.8X'],
])('glue: %s becomes two workers %s', (type, instance) => {
  expect(sizeOn('glue', type)).toEqual({ engine: 'glue', instance, count: 2 });
});

test.each([
  ['ml.t3.medium', '2048', 4],
  ['ml.m5.large', '2048', 8],
  ['ml.r5.large', '2048', 16],
  // No task of 4 vCPUs has 32 GB.
  ['ml.r5.xlarge', '8192', 32],
  ['ml.c5.xlarge', '4096', 8],
  ['ml.c5.2xlarge', '8192', 16],
  ['ml.m5.4xlarge', '16384', 64],
])('fargate: %s becomes %s units of CPU and %i GB', (type, cpu, gb) => {
  expect(sizeOn('fargate', type)).toEqual({
    engine: 'fargate',
    instance: `${Number(cpu) / 1024} vCPU ${gb} GB`,
    count: 1,
    cpu,
    memory: String(gb * 1024),
    disk_gib: 30,
  });
});

test('a task has the smallest disk that can be asked for, or a larger one', () => {
  expect(sizeOn('fargate', 'ml.m5.large', 10)).toMatchObject({ disk_gib: 21 });
});

test.each([
  ['glue', '{ type: ml.g5.xlarge }', /prepare.instance.type: got "ml.g5.xlarge", .*families c, m, r and t/],
  ['glue', '{ type: ml.trn1.2xlarge }', /prepare.instance.type: got "ml.trn1.2xlarge"/],
  ['glue', '{ type: ml.m5.12xlarge }', /48 vCPUs, 192 GB.*at most 32 vCPUs and 128 GB/],
  ['fargate', '{ type: ml.r5.4xlarge }', /16 vCPUs, 128 GB.*at most 16 vCPUs and 120 GB/],
  ['fargate', '{ volume_gb: 300 }', /prepare.instance.volume_gb: got 300, expected at most 200/],
])('%s refuses %s', (engine, instance, message) => {
  expect(() => config(`{ engine: ${engine}, instance: ${instance} }`)).toThrow(message);
});

test('glue in a VPC asks for the zones of its subnets, and for at most a week', () => {
  const vpc = (zones: string) =>
    `environments: { staging: { account: "111111111111", region: eu-west-1, vpc: { subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d]${zones} } } }`;
  expect(() => config('{ engine: glue }', vpc(''))).toThrow(
    /staging.vpc.availability_zones: got 0, expected the zones of the 1 subnets/,
  );
  expect(() => config('{ engine: glue }', vpc(', availability_zones: [us-east-1a]'))).toThrow(
    /a zone of region eu-west-1/,
  );
  config('{ engine: glue }', vpc(', availability_zones: [eu-west-1a]'));
  config('{ engine: fargate }', vpc(''));
  expect(() => config('{ engine: glue, max_runtime: 8d }')).toThrow(
    /prepare.max_runtime: got 691200 seconds/,
  );
});
