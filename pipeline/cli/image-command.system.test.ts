import { appendFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateRepositoryCommand } from '@aws-sdk/client-ecr';
import { beforeAll, expect, test } from '@jest/globals';
import { ecrClient } from '../aws/clients.ts';
import { findImage } from '../backends/aws/aws-images.ts';
import { account, region, startFakeCloud } from '../backends/aws/fakecloud.fixture.ts';
import { temporaryFolder, writeFiles } from '../backends/embedded/images/python-context.fixture.ts';
import { freePort, importBase, startDocker } from '../image/docker.fixture.ts';
import { logIn } from '../image/ecr-login.ts';
import { contentTag, type PushedImage, pushImage } from '../image/push-image.ts';
import { resourceNames } from '../names.ts';
import { prepareContext } from '../repository.ts';
import { smallConfig, smallProject } from './small-project.fixture.ts';

/*
 * `mlops image` against an emulator of ECR. The prepare image's base cannot be had without a network, so another image
 * stands in its place in the repository, under the tag of its content.
 */

await startDocker();
importBase('mlops-test/base:1');
const { endpoint } = await startFakeCloud(await freePort());
const names = resourceNames({ project: 'small', environment: 'staging', account, region });

const temporary = temporaryFolder();
const workspace = smallProject();
Object.assign(workspace.environment, {
  DOCKER_HOST: process.env.DOCKER_HOST ?? '',
  DOCKER_CONFIG: temporaryFolder(),
  TMPDIR: temporary,
  AWS_ENDPOINT_URL: endpoint,
  AWS_REGION: region,
  AWS_ACCESS_KEY_ID: 'test',
  AWS_SECRET_ACCESS_KEY: 'test',
});
writeFileSync(
  workspace.path('mlops.yaml'),
  `${smallConfig}environments:\n  staging: { account: "${account}", region: ${region} }\n`,
);
const dockerfile = workspace.path('model/Dockerfile');
writeFileSync(dockerfile, 'FROM mlops-test/base:1\nCOPY src /opt/src\n');

beforeAll(async () => {
  for (const repositoryName of [names.candidateRepository, names.releaseRepository])
    await ecrClient().send(new CreateRepositoryCommand({ repositoryName }));
  const context = join(temporaryFolder(), 'stand-in');
  await writeFiles(context, { Dockerfile: 'FROM mlops-test/base:1\nENV STANDS_IN=1\n' });
  const registry = await logIn(names.registryHost);
  const standIn = await pushImage({
    image: 'prepare',
    context,
    repository: { registry, name: names.candidateRepository },
    onProgress: () => {},
  });
  const manifest = await registry.manifest(names.candidateRepository, standIn.digest);
  if (manifest === null) throw new Error('the stand-in is not there');
  await registry.putManifest(
    names.candidateRepository,
    await contentTag('prepare', prepareContext),
    manifest,
  );
});

test('push puts the images of the checkout where the backend looks for them, once', async () => {
  const first = await workspace.mlops('image', 'push', '--json');
  expect({ code: first.code, stderr: first.stderr }).toEqual({
    code: 0,
    stderr: expect.stringMatching(
      /model: building .*\nmodel: pushing .*\nmodel: pushed .*\nprepare: .* is already in .*\n/,
    ),
  });
  const images = JSON.parse(first.stdout) as Record<'model' | 'prepare', PushedImage>;
  expect(images.model).toEqual({
    uri: `${new URL(endpoint).host}/small/staging/candidate@${images.model.digest}`,
    digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    pushed: true,
  });
  expect(images.prepare.pushed).toBe(false);
  const tag = await contentTag('model', workspace.path('model'));
  expect(await findImage(ecrClient(), tag, names)).toBe(
    `${names.registryHost}/small/staging/candidate@${images.model.digest}`,
  );

  const second = await workspace.mlops('image', 'push');
  expect(second.stdout).toBe(`${images.model.uri}\n${images.prepare.uri}\n`);
  expect(second.stderr).not.toContain('building');
  expect(readdirSync(temporary)).toEqual([]);
});

test('copy takes the candidates over as releases with the same digest', async () => {
  const pushed = JSON.parse((await workspace.mlops('image', 'push', '--json')).stdout);
  const copied = await workspace.mlops('image', 'copy', '--json');
  expect(copied.code).toBe(0);
  expect(JSON.parse(copied.stdout)).toMatchObject({
    model: { digest: pushed.model.digest, pushed: true },
    prepare: { digest: pushed.prepare.digest, pushed: true },
  });
  const tag = await contentTag('model', workspace.path('model'));
  expect(await findImage(ecrClient(), tag, names)).toContain('small/staging/release@');

  appendFileSync(dockerfile, 'ENV EDITED=1\n');
  const early = await workspace.mlops('image', 'copy');
  expect(early.code).toBe(2);
  expect(early.stderr).toMatch(/candidate repository: got no image model of .*, expected one; push it first/);
});

test('--repository and --context push one folder elsewhere', async () => {
  await ecrClient().send(new CreateRepositoryCommand({ repositoryName: 'team/models' }));
  const repository = `${new URL(endpoint).host}/team/models`;
  const one = await workspace.mlops(
    'image',
    'push',
    '--repository',
    repository,
    '--context',
    'model',
    '--json',
  );
  expect(JSON.parse(one.stdout)).toEqual({
    model: {
      uri: expect.stringContaining(`${repository}@sha256:`),
      digest: expect.any(String),
      pushed: true,
    },
  });
  const tagged = await workspace.mlops('image', 'push', '--repository', `${repository}:latest`);
  expect(tagged.code).toBe(2);
  expect(tagged.stderr).toMatch(/--repository: got ".*:latest", expected HOST\/NAME without a tag/);
});

test('missing credentials, an unknown environment and no Docker are bad input', async () => {
  const failing = async (environment: Record<string, string>, ...args: string[]) => {
    const before = { ...workspace.environment };
    Object.assign(workspace.environment, environment);
    try {
      const { code, stderr } = await workspace.mlops('image', 'push', ...args);
      expect(code).toBe(2);
      return stderr;
    } finally {
      Object.assign(workspace.environment, before);
    }
  };
  const without = { AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true', HOME: temporary };
  expect(await failing(without)).toContain('found no AWS credentials');
  expect(await failing({}, '--environment', 'nowhere')).toContain(
    '--environment: got "nowhere", expected one of mlops.yaml: staging',
  );
  appendFileSync(dockerfile, 'ENV EDITED=3\n');
  expect(await failing({ DOCKER_HOST: 'unix:///nowhere.sock' })).toContain(
    'Docker, which builds the image, cannot be reached',
  );
});

test('Ctrl-C ends the build and leaves no login', async () => {
  appendFileSync(dockerfile, 'RUN sleep 300\n');
  const running = workspace.start('image', 'push');
  await running.until(() => running.stderr.includes('building'));
  running.process.kill('SIGINT');
  expect((await running.finished).code).toBe(130);
  expect(readdirSync(temporary)).toEqual([]);
});
