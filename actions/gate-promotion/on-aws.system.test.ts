import { readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { PutImageCommand } from '@aws-sdk/client-ecr';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { ecrClient } from '../../pipeline/aws/clients.ts';
import { deployedContext } from '../../pipeline/backends/aws/deployed-context.ts';
import { account, region } from '../../pipeline/backends/aws/fakecloud.fixture.ts';
import { startMoto } from '../../pipeline/backends/aws/moto.fixture.ts';
import { deployStandIn, imageManifest } from '../../pipeline/backends/aws/state/stand-in.fixture.ts';
import { embeddedContext } from '../../pipeline/backends/embedded/embedded-context.ts';
import { smallConfig, smallProject } from '../../pipeline/cli/small-project.fixture.ts';
import { resourceNames } from '../../pipeline/names.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { type Champion, championId, championKind } from '../../pipeline/steps/context.ts';
import { promote } from '../../pipeline/steps/train/promote.ts';
import { type RunRecord, runKind } from '../../pipeline/steps/train/run-record.ts';
import { builtAction } from '../shared/runner.fixture.ts';

/* A real run's record, moved to AWS's emulator as its machine would have written it. */
jest.setTimeout(120_000);
// It numbers model packages as AWS does.
const cloud = await startMoto(4643);
const deployment = { project: 'small', environment: 'staging', account, region };
const names = resourceNames(deployment);
const action = await builtAction('gate-promotion');
const workspace = smallProject();
const cwd = workspace.folder;
const aws = deployedContext(deployment, 'small');
/** Lambda's Invoke, as its API reference has it, for the one function that is called: the real step on the emulator's ports. */
const invoked: { path: string; event: { package: string } }[] = [];
const lambda = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request
    .on('data', (chunk: Buffer) => chunks.push(chunk))
    .on('end', async () => {
      const event = JSON.parse(Buffer.concat(chunks).toString());
      invoked.push({ path: `${request.method} ${request.url}`, event });
      try {
        response.end(JSON.stringify(await promote(event, aws)));
      } catch (error) {
        const { name: errorType, message: errorMessage } = error as Error;
        response.setHeader('x-amz-function-error', 'Unhandled');
        response.end(JSON.stringify({ errorType, errorMessage }));
      }
    });
});
await new Promise<void>((resolve) => lambda.listen(0, '127.0.0.1', resolve));
afterAll(() => {
  lambda.close();
});
const env = {
  AWS_ENDPOINT_URL: cloud.endpoint,
  AWS_ENDPOINT_URL_LAMBDA: `http://127.0.0.1:${(lambda.address() as AddressInfo).port}`,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
  GITHUB_REPOSITORY: 'octo/small',
};
let run = '';
let packageName = '';

beforeAll(async () => {
  await deployStandIn(names);
  const { stdout } = await workspace.mlops('run', '--json', '--mode', 'promote', '--no-promote');
  const { execution, report: files } = JSON.parse(stdout) as { execution: string; report: { json: string } };
  const here = embeddedContext({ home: workspace.path('.mlops'), project: 'small', model: 'small' });
  const record = (await here.ledger.get<RunRecord>(runKind, execution))?.value;
  if (!record?.state.gate || !record.state.package) throw new Error('the run left no verdict');
  const made = await here.registry.get(record.state.package.name);
  if (made === null) throw new Error('the run registered nothing');
  const pushed = await ecrClient().send(
    new PutImageCommand({
      repositoryName: names.candidateRepository,
      imageManifest: imageManifest('model'),
      imageTag: 'model-1',
    }),
  );
  const image = `${names.registryHost}/${names.candidateRepository}@${pushed.image?.imageId?.imageDigest}`;
  const artifact = `${aws.root}/models/small/1/model.tar.gz`;
  await aws.storage.write(artifact, await here.storage.read(made.artifact));
  const objects = [await aws.storage.describe(artifact)].filter((object) => object !== null);
  packageName = (await aws.registry.register({ ...made, image, artifact, objects })).name;
  const verdict = `${aws.root}/verdict.json`;
  await aws.storage.write(
    verdict,
    new TextDecoder().decode(await here.storage.read(record.state.gate.verdict)),
  );
  record.state.gate.verdict = verdict;
  record.state.package.name = packageName;
  await aws.ledger.put(runKind, execution, record);

  const report = JSON.parse(await readFile(files.json, 'utf8')) as Report;
  Object.assign(report, { backend: 'aws', environment: 'staging' });
  report.run.promotion.package = packageName;
  run = workspace.path('report.json');
  await writeFile(run, JSON.stringify(report));
  await writeFile(
    workspace.path('mlops.yaml'),
    `${smallConfig}environments: { staging: { account: "${account}", region: ${region} } }\n`,
  );
});

const champion = async () =>
  (await aws.ledger.get<Champion>(championKind, championId))?.value.package ?? null;

test('without credentials nothing is promoted', async () => {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...bare } = env;
  const { code, log } = await action.main({
    cwd,
    env: { ...bare, AWS_EC2_METADATA_DISABLED: 'true', HOME: cwd },
    with: { run, promote: 'true' },
  });
  expect([code, log]).toEqual([1, expect.stringMatching(/^::error::.*credentials/im)]);
  expect(await champion()).toBe(null);
});

test('a yes moves the champion of the environment, and approves its package', async () => {
  const { code, log, outputs } = await action.main({ cwd, env, with: { run, promote: 'true' } });
  expect([code, log]).toEqual([0, expect.stringContaining(`${packageName} is the champion now.`)]);
  expect(outputs).toMatchObject({ outcome: 'promote', package: packageName, promoted: 'true' });
  expect(await champion()).toBe(packageName);
  // The deploy role may not write the champion itself (infra/features/train/deployed.system.test.ts).
  expect(invoked).toMatchObject([
    {
      path: `POST /2015-03-31/functions/${names.functions.promote.name}/invocations`,
      event: { model_name: 'small', package: packageName, fence: null },
    },
  ]);
  expect(await aws.registry.get(packageName)).toMatchObject({ status: 'Approved' });
});
