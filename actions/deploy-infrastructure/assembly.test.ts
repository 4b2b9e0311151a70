import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { testEnvironment } from '../../infra/environment.fixture.ts';
import { readAssembly } from './assembly.ts';

const environment = testEnvironment('staging');
const { stack } = environment.names;
let root = '';
let inputs = { app: '', cdk: '' };

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'mlops-assembly-'));
  inputs = { app: join(root, 'cdk.out'), cdk: join(root, 'aws-cdk') };
  await mkdir(join(inputs.cdk, 'bin'), { recursive: true });
  await writeFile(join(inputs.cdk, 'bin/cdk'), '');
});
afterEach(() => rm(root, { recursive: true }));

async function synthesized(folder: string, place: string): Promise<void> {
  await mkdir(folder, { recursive: true });
  const properties = { templateFile: 'template.json' };
  const artifacts = { [stack]: { type: 'aws:cloudformation:stack', environment: place, properties } };
  await writeFile(join(folder, 'manifest.json'), JSON.stringify({ artifacts }));
  await writeFile(join(folder, 'template.json'), JSON.stringify({ Resources: {} }));
}

const here = 'aws://111111111111/eu-west-1';

test.each([
  ['npm run pack', 'staging'],
  ['npm run synth', '.'],
])('what %s has made is read where it is', async (_, inside) => {
  const folder = join(inputs.app, inside);
  await synthesized(folder, here);
  const { templates, properties, ...found } = await readAssembly(inputs, environment, [stack]);
  expect(found).toEqual({ folder, cdk: inputs.cdk });
  expect(templates).toEqual({ [stack]: { Resources: {} } });
  expect(properties).toEqual({ [stack]: { templateFile: 'template.json' } });
});

test("another account's app is refused, and so is a stack that it has not", async () => {
  await synthesized(inputs.app, 'aws://222222222222/eu-west-1');
  await expect(readAssembly(inputs, environment, [stack])).rejects.toThrow(
    `stack ${stack}: got one made for aws://222222222222/eu-west-1, expected ${here} as in mlops.yaml`,
  );
  await expect(readAssembly(inputs, environment, ['other'])).rejects.toThrow(
    `input stacks: got "other", expected one of ${stack}`,
  );
});

test('nothing there says who makes it', async () => {
  await expect(readAssembly(inputs, environment, [stack])).rejects.toThrow(
    /cdk\.out\/staging\/manifest\.json: no such file, expected the synthesized app; .*npm run pack/,
  );
  await synthesized(inputs.app, here);
  await rm(inputs.cdk, { recursive: true });
  await expect(readAssembly(inputs, environment, [stack])).rejects.toThrow("expected the CDK's command line");
});
