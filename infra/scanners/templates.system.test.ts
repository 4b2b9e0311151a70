import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Template } from 'aws-cdk-lib/assertions';
import type { Stack } from 'aws-cdk-lib/core';
import { ensureEnvironment } from '../../pipeline/backends/embedded/images/python-environment.ts';
import {
  dispatchEnvironment,
  environmentStack,
  identityStack,
  stackOf,
  testApp,
  toolkitOf,
  toolkitStackOf,
} from '../environment.fixture.ts';

/** cfn-lint and checkov on the three stacks, as they are by default (staging) and with all that an account may demand. */
jest.setTimeout(300_000);

let folder = '';
let python = '';
const files: string[] = [];

async function keep(name: string, stack: Stack): Promise<void> {
  const file = join(folder, `${name}.json`);
  await writeFile(file, JSON.stringify(Template.fromStack(stack).toJSON(), null, 1));
  files.push(file);
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mlops-templates-'));
  for (const name of ['staging', 'production'] as const)
    for (const [kind, stack] of [
      ['environment', environmentStack(name)],
      ['identity', identityStack(name)],
      ['toolkit', toolkitStackOf(name, testApp(), 'fargate')],
      ['glue', environmentStack(name, testApp(), 'glue')],
      ['fargate', environmentStack(name, testApp(), 'fargate')],
    ] as const)
      await keep(`${kind}-${name}`, stack);
  await keep('environment-dispatch', stackOf(dispatchEnvironment()));
  await keep('toolkit-dispatch', toolkitOf(dispatchEnvironment()));
  ({ python } = await ensureEnvironment({
    requirements: fileURLToPath(new URL('requirements.txt', import.meta.url)),
    root: '.mlops/environments',
    name: 'the template scanners',
    onProgress: () => {},
  }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Both end with another code than 0 where they find something: what they print decides. */
function output(program: string, args: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(program, args, { maxBuffer: 500_000_000 }, (error, stdout, stderr) => {
      if (stdout.trim().startsWith('[') || stdout.trim().startsWith('{')) resolve(stdout);
      else reject(error ?? new Error(`${program}: got no JSON: ${stdout}${stderr}`));
    });
  });
}

/**
 * W3005 calls a dependency needless that CDK writes beside a reference: it says the same twice, which harms nothing.
 * W3010 wants no zone written down: a Glue connection asks for that of the subnet which mlops.yaml names.
 */
const ignored = ['--ignore-checks', 'W3005', 'W3010'];

test('cfn-lint has nothing to say', async () => {
  const found = JSON.parse(
    await output(join(dirname(python), 'cfn-lint'), ['--format', 'json', ...ignored, '--', ...files]),
  ) as {
    Filename: string;
    Message: string;
    Rule: { Id: string };
  }[];
  expect(found.map(({ Filename, Rule, Message }) => `${basename(Filename)} ${Rule.Id}: ${Message}`)).toEqual(
    [],
  );
});

const askedFor = 'made where mlops.yaml names it: environments.NAME';
const environments: Record<string, Record<string, string>> = {
  staging: {
    CKV_AWS_18: "who read an object is CloudTrail's to record",
    CKV_AWS_26: `${askedFor}.kms_key; CloudWatch cannot publish to a topic under AWS's own key, and alarms carry names only`,
    CKV_AWS_27: `${askedFor}.kms_key; without one SQS encrypts with a key of its own`,
    CKV_AWS_115:
      "an account's first quota is 10, none of which can be reserved; conditional writes protect what must happen once",
    CKV_AWS_116:
      'the machine waits for its functions and catches their errors; the rule retries close-run for six hours',
    CKV_AWS_117: `${askedFor}.vpc`,
    CKV_AWS_119: `${askedFor}.kms_key`,
    CKV_AWS_136: `${askedFor}.kms_key`,
    CKV_AWS_158: `${askedFor}.kms_key`,
    CKV_AWS_173: `${askedFor}.kms_key; no variable is a secret`,
  },
  production: {
    CKV_AWS_18: "who read an object is CloudTrail's to record",
    CKV_AWS_109: 'network interfaces, which a VPC asks for, have no name before they are made',
    CKV_AWS_111: 'network interfaces, which a VPC asks for, have no name before they are made',
    CKV_AWS_115: 'as in staging',
    CKV_AWS_116: 'as in staging',
  },
};
const noInsights = { CKV_AWS_65: 'Container Insights would cost more than a job that runs for minutes' };
const exceptions: Record<string, Record<string, string>> = {
  'environment-staging.json': { ...environments.staging },
  'environment-production.json': { ...environments.production },
  'environment-dispatch.json': { ...environments.staging },
  'glue-staging.json': { ...environments.staging, CKV_AWS_195: `${askedFor}.kms_key` },
  'glue-production.json': { ...environments.production },
  'fargate-staging.json': { ...environments.staging, ...noInsights },
  'fargate-production.json': { ...environments.production, ...noInsights },
  'toolkit-staging.json': { CKV_AWS_18: "who read an object is CloudTrail's to record" },
  'toolkit-dispatch.json': { CKV_AWS_18: "who read an object is CloudTrail's to record" },
  'toolkit-production.json': { CKV_AWS_18: "who read an object is CloudTrail's to record" },
};

test('checkov finds what was decided, each with its reason, and nothing else', async () => {
  const report = JSON.parse(
    await output(python, [
      '-m',
      'checkov.main',
      '--framework',
      'cloudformation',
      '--directory',
      folder,
      '--skip-download',
      '--output',
      'json',
    ]),
  );
  const { failed_checks, parsing_errors } = report.results as {
    failed_checks: { check_id: string; check_name: string; file_path: string }[];
    parsing_errors: string[];
  };
  expect(parsing_errors).toEqual([]);
  expect(report.summary.passed).toBeGreaterThan(300);
  const found: Record<string, Set<string>> = {};
  for (const { check_id, file_path } of failed_checks) {
    const file = basename(file_path);
    found[file] ??= new Set();
    found[file].add(check_id);
  }
  const sorted = (sets: Record<string, Iterable<string>>) =>
    Object.fromEntries(Object.entries(sets).map(([file, ids]) => [file, [...ids].sort()]));
  expect(sorted(found)).toEqual(
    sorted(
      Object.fromEntries(Object.entries(exceptions).map(([file, reasons]) => [file, Object.keys(reasons)])),
    ),
  );
});
