import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { bundleFunctions, bundleSize } from '../../../../infra/cli/bundles.ts';
import { monitorMachine } from '../../../machines/monitor.ts';
import { releaseMachine } from '../../../machines/release.ts';
import { trainMachine } from '../../../machines/train.ts';
import { functions } from '../../functions.ts';

jest.setTimeout(120_000);
const folder = mkdtempSync(join(tmpdir(), 'mlops-bundles-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let bundles: Record<string, string> = {};
beforeAll(async () => {
  bundles = await bundleFunctions(folder);
});

/** Beside those of the machines, what events and people call. */
const names = [...Object.keys(functions), 'close-run', 'landed', 'predict'];
const variables = {
  MLOPS_PROJECT: 'churn',
  MLOPS_BUCKET: 'bucket',
  MLOPS_LEDGER: 'ledger',
  MLOPS_STACK: 'churn--staging',
  MLOPS_JOB_PREFIX: 'churn-sta--1a2b3c',
  AWS_REGION: 'us-east-1',
};

/** Loads a bundle in a Node of its own with this environment and no module of the repository, and calls the code on it. */
function inNode(name: string, env: Record<string, string>, code: string): string {
  const url = pathToFileURL(join(bundles[name] ?? '', 'index.mjs')).href;
  const source = `try { const { handler } = await import('${url}'); ${code} } catch (error) { console.log(error.name + ': ' + error.message); }`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    cwd: folder,
    env,
    encoding: 'utf8',
  });
  return stdout + stderr;
}

/** The page's charts need the charting library, which is loaded when one is drawn. */
const most: Record<string, number> = { gate: 1_050_000, page: 2_000_000, 'page-look': 2_000_000 };

test.each(names)('%s: one small bundle that loads by itself', async (name) => {
  expect(await bundleSize(bundles[name] ?? '')).toBeLessThan(most[name] ?? 1_000_000);
  expect(inNode(name, variables, 'console.log(typeof handler)')).toBe('function\n');
});

test('a function without its environment says at the start what is missing', () => {
  const { MLOPS_LEDGER: _, ...some } = variables;
  expect(inNode('record', some, '')).toContain(
    'got no MLOPS_LEDGER, expected the variables that the deployed stack sets',
  );
});

test('an error keeps its name through the bundle: it decides the exit code', () => {
  const request = "{ images: { model: 'm@sha256:1', prepare: 'p@sha256:1' } }";
  const call = `await handler({ model_name: 'churn', execution: 'e', request: ${request} }, { invokedFunctionArn: 'arn:aws:lambda:us-east-1:1:function:f' })`;
  // No credentials, and none to be had elsewhere.
  const offline = { ...variables, AWS_EC2_METADATA_DISABLED: 'true', HOME: folder };
  expect(inNode('lease', offline, call)).toMatch(/^SetupError: DynamoDB GetItem: found no AWS credentials/);
});

test('every function that the machines call has a bundle, and so have those that events and people call', () => {
  const arns = Object.fromEntries(names.map((name) => [name, `function ${name} of the machine`])) as never;
  const resources = { partition: 'aws', functions: arns, jobRole: 'role' };
  const text = JSON.stringify([
    trainMachine(resources),
    releaseMachine({ ...resources, table: { database: 'd', name: 'predictions' } }),
    monitorMachine(resources),
  ]);
  const called = names.filter((name) => text.includes(`function ${name} of the machine`));
  expect(called.sort()).toEqual(Object.keys(functions).sort());
  expect(Object.keys(bundles).sort()).toEqual([...names].sort());
});
