import { appendFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { CreateRepositoryCommand, DescribeImagesCommand } from '@aws-sdk/client-ecr';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { ecrClient } from '../../pipeline/aws/clients.ts';
import { account, region, startFakeCloud } from '../../pipeline/backends/aws/fakecloud.fixture.ts';
import {
  temporaryFolder,
  writeFiles,
} from '../../pipeline/backends/embedded/images/python-context.fixture.ts';
import { freePort, importBase, startDocker } from '../../pipeline/image/docker.fixture.ts';
import { logIn } from '../../pipeline/image/ecr-login.ts';
import { contentTag, pushImage } from '../../pipeline/image/push-image.ts';
import { resourceNames } from '../../pipeline/names.ts';
import { prepareContext } from '../../pipeline/repository.ts';
import { builtAction, type Step } from '../shared/runner.fixture.ts';

/*
 * The bundle as the runner runs it, with Docker's own build and push, against an emulator of ECR that answers with
 * logins and holds what it was sent. The prepare image's base cannot be had without a network, so another image
 * stands in its place, under the tag of its content.
 */
jest.setTimeout(120_000);

await startDocker();
importBase('mlops-test/base:1');
const { endpoint } = await startFakeCloud(await freePort());
const action = await builtAction('push-model-image');
const names = resourceNames({ project: 'churn', environment: 'staging', account, region });
const host = new URL(endpoint).host;
const candidates = `${host}/${names.candidateRepository}`;
const releases = `${host}/${names.releaseRepository}`;
const runnerTemp = temporaryFolder();
const workspace = temporaryFolder();
const userConfig = temporaryFolder();
const dockerfile = join(workspace, 'model/Dockerfile');
const secretKey = 'the-secret-access-key';

const yaml = `
project: churn
problem: binary
data: { source: rows.csv, target: left }
`;
const environments = `environments:\n  staging: { account: "${account}", region: ${region} }\n`;
/** In which no pull request runs. */
const production = resourceNames({ project: 'churn', environment: 'production', account, region });
const productionYaml = `${yaml}${environments}  production: { account: "${account}", region: ${region}, approval: true }\n`;

beforeAll(async () => {
  mkdirSync(join(workspace, 'model'));
  writeFileSync(join(workspace, 'mlops.yaml'), `${yaml}${environments}`);
  writeFileSync(dockerfile, 'FROM mlops-test/base:1\nENV ONE=1\n');
  writeFileSync(join(workspace, 'production.yaml'), productionYaml);
  const repositories = [names, production].flatMap((of) => [of.candidateRepository, of.releaseRepository]);
  for (const repositoryName of repositories)
    await ecrClient().send(new CreateRepositoryCommand({ repositoryName }));
  const context = join(temporaryFolder(), 'stand-in');
  await writeFiles(context, { Dockerfile: 'FROM mlops-test/base:1\nENV STANDS_IN=1\n' });
  const registry = await logIn(names.registryHost);
  for (const name of repositories) {
    const standIn = await pushImage({
      image: 'prepare',
      context,
      repository: { registry, name },
      onProgress: () => {},
    });
    const manifest = await registry.manifest(name, standIn.digest);
    if (manifest === null) throw new Error('the stand-in is not there');
    await registry.putManifest(name, await contentTag('prepare', prepareContext), manifest);
  }
});

const step = (given: Record<string, string> = {}, env: Record<string, string> = {}): Step => ({
  with: given,
  cwd: workspace,
  env: {
    ...(process.env.DOCKER_HOST && { DOCKER_HOST: process.env.DOCKER_HOST }),
    DOCKER_CONFIG: userConfig,
    RUNNER_TEMP: runnerTemp,
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: secretKey,
    AWS_EC2_METADATA_DISABLED: 'true',
    ...env,
  },
});

async function act(given: Record<string, string> = {}, env: Record<string, string> = {}) {
  const finished = await action.main(step(given, env));
  // The runner takes these lines out and masks what they name from there on.
  const shown = finished.log.replaceAll(/^::add-mask::.*\n/gm, '');
  const masked = [...finished.log.matchAll(/^::add-mask::(.*)$/gm)].map(([, secret = '']) => secret);
  for (const secret of [...masked, secretKey]) expect(shown).not.toContain(secret);
  expect(readdirSync(runnerTemp)).toEqual([]);
  expect(readdirSync(userConfig)).toEqual([]);
  return { ...finished, annotations: finished.log.match(/^::(?:error|warning)[ :].*$/gm) ?? [] };
}

const digests = async (repositoryName: string) =>
  (await ecrClient().send(new DescribeImagesCommand({ repositoryName }))).imageDetails?.map(
    ({ imageDigest }) => imageDigest,
  );

test('the images of a checkout are built, pushed and named by digest, once', async () => {
  const { code, outputs, log, annotations } = await act();
  expect({ code, log: code === 0 ? '' : log }).toEqual({ code: 0, log: '' });
  expect(outputs).toEqual({
    uri: `${candidates}@${outputs.digest}`,
    digest: expect.stringMatching(/^sha256:[0-9a-f]{64}$/),
    pushed: 'true',
    'prepare-uri': expect.stringContaining(`${candidates}@sha256:`),
  });
  expect(await digests(names.candidateRepository)).toContain(outputs.digest);
  expect(annotations).toEqual([]);
  // Docker's own words, in a group in which nothing is obeyed; the password was masked before.
  expect(log).toMatch(
    /::add-mask::[\s\S]*^::group::Image model\n::stop-commands::(\S+)\n[\s\S]*ENV ONE=1[\s\S]*^::\1::\n::endgroup::$/m,
  );
  const [plain = '', encoded] = [...log.matchAll(/^::add-mask::(.*)$/gm)].map(([, secret]) => secret);
  expect(plain).not.toBe('');
  expect(encoded).toBe(Buffer.from(`AWS:${plain}`).toString('base64'));
  expect(log.lastIndexOf('::add-mask::')).toBeLessThan(log.indexOf('::group::'));

  const again = await act({ environment: 'staging' });
  expect(again.outputs).toEqual({ ...outputs, pushed: 'false' });
  expect(again.log).not.toContain('building');
});

test('what was reviewed is copied by digest; what was not is built, with a warning', async () => {
  const reviewed = await act();
  const copied = await act({ copy: 'true' });
  expect(copied).toMatchObject({
    code: 0,
    annotations: [],
    outputs: {
      uri: `${releases}@${reviewed.outputs.digest}`,
      digest: reviewed.outputs.digest,
      pushed: 'true',
    },
  });
  expect(await digests(names.releaseRepository)).toContain(reviewed.outputs.digest);
  expect(copied.log).not.toContain('building');
  expect((await act({ copy: 'true' })).outputs.pushed).toBe('false');

  appendFileSync(dockerfile, 'ENV MERGED=1\n');
  const other = await act({ copy: 'true' });
  expect(other.annotations).toEqual([
    expect.stringMatching(/^::warning::No candidate image model has this content, so it was built here/),
  ]);
  expect(other).toMatchObject({
    code: 0,
    outputs: { uri: `${releases}@${other.outputs.digest}`, pushed: 'true' },
  });
  expect(other.outputs.digest).not.toBe(reviewed.outputs.digest);
  expect(await digests(names.candidateRepository)).not.toContain(other.outputs.digest);
});

test('another environment gets the very image that was reviewed, by digest, or no other', async () => {
  appendFileSync(dockerfile, 'ENV ELSEWHERE=1\n');
  const reviewed = await act({ config: 'production.yaml', environment: 'staging' });
  const from = `${names.registryHost}/${names.candidateRepository}@${reviewed.outputs.digest}`;
  const given = { config: 'production.yaml', environment: 'production', copy: 'true', from };
  const copied = await act(given);
  expect({ ...copied, log: copied.code === 0 ? '' : copied.log }).toMatchObject({
    code: 0,
    log: '',
    annotations: [],
    outputs: {
      uri: `${host}/${production.releaseRepository}@${reviewed.outputs.digest}`,
      digest: reviewed.outputs.digest,
      pushed: 'true',
    },
  });
  expect(copied.log).not.toContain('building');
  expect(await digests(production.releaseRepository)).toContain(reviewed.outputs.digest);
  expect((await act(given)).outputs).toEqual({ ...copied.outputs, pushed: 'false' });

  // An image that was released without a review stays; one that the repository lacks is an error, never another image.
  const absent = `${names.registryHost}/${names.candidateRepository}@sha256:${'0'.repeat(64)}`;
  const kept = await act({ ...given, from: absent });
  expect(kept.outputs).toEqual({ ...copied.outputs, pushed: 'false' });
  expect(kept.annotations).toEqual([
    expect.stringMatching(/^::warning::The repository already had an image .* is not the reviewed one/),
  ]);
  appendFileSync(dockerfile, 'ENV ELSEWHERE=2\n');
  const missing = await act({ ...given, from: absent });
  expect(missing.annotations).toEqual([
    expect.stringMatching(/^::error::.*got no image sha256:0+, expected one/),
  ]);
  expect(missing).toMatchObject({ code: 1, outputs: { uri: '' } });
});

test("a folder's image alone goes where it is told", async () => {
  await ecrClient().send(new CreateRepositoryCommand({ repositoryName: 'team/models' }));
  const { code, outputs } = await act({
    context: 'model',
    repository: `${host}/team/models`,
    platform: 'linux/amd64',
  });
  expect({ code, ...outputs }).toMatchObject({
    code: 0,
    uri: `${host}/team/models@${outputs.digest}`,
    'prepare-uri': '',
  });
});

test('a ready image of mlops.yaml is what there is; only the prepare image is pushed', async () => {
  const ready = `example.com/models/churn@sha256:${'a'.repeat(64)}`;
  writeFileSync(join(workspace, 'ready.yaml'), `${yaml}model: { image: "${ready}" }\n${environments}`);
  const { code, outputs } = await act({ config: 'ready.yaml' });
  expect({ code, ...outputs }).toMatchObject({
    code: 0,
    uri: ready,
    digest: `sha256:${'a'.repeat(64)}`,
    pushed: 'false',
  });
  expect(outputs['prepare-uri']).toContain(candidates);
});

test('a Dockerfile that does not build is annotated on its line; commands in its output stay text', async () => {
  writeFileSync(dockerfile, 'FROM mlops-test/base:1\n\n# breaks\nRUN echo "::error::injected"; exit 9\n');
  const { code, annotations, log, outputs } = await act();
  expect(annotations.filter((line) => line.startsWith('::error file='))).toEqual([
    expect.stringMatching(
      /^::error file=model\/Dockerfile,line=4::model: its Dockerfile fails to build \(exit \d+\)/,
    ),
  ]);
  const stopped = log.indexOf('::stop-commands::');
  const injected = log.indexOf('\n: :error::injected');
  expect(injected).toBeGreaterThan(stopped);
  expect(injected).toBeLessThan(log.indexOf('::endgroup::'));
  expect(outputs.uri).toBe('');
  expect(code).toBe(1);
});

test('a missing base image and a missing Dockerfile are annotated in the file', async () => {
  writeFileSync(dockerfile, '# syntax\nFROM 127.0.0.1:1/none:1\n');
  expect((await act()).annotations).toEqual([
    expect.stringMatching(
      /^::error file=model\/Dockerfile,line=2::model: its base image 127\.0\.0\.1:1\/none:1 cannot be pulled/,
    ),
  ]);
  rmSync(dockerfile);
  writeFileSync(join(workspace, 'model/notes'), 'no Dockerfile here');
  expect((await act()).annotations).toEqual([
    expect.stringMatching(
      /^::error file=model\/Dockerfile::model: \S*model\/Dockerfile: got no such file, expected the Dockerfile of its image/,
    ),
  ]);
  writeFileSync(dockerfile, 'FROM mlops-test/base:1\nENV TWO=2\n');
});

test.each([
  [
    { platform: 'windows' },
    {},
    /^::error title=Input::input platform: got "windows", expected linux\/ARCHITECTURE/,
  ],
  [
    { environment: 'nowhere' },
    {},
    /^::error title=Input::input environment: got "nowhere", expected one of mlops\.yaml: staging/,
  ],
  [
    { repository: 'models:latest' },
    {},
    /^::error title=Input::input repository: got "models:latest", expected HOST\/NAME/,
  ],
  [
    { copy: 'perhaps' },
    {},
    /^::error title=Input::input copy: got "perhaps", expected one of true, True, TRUE, false, False, FALSE/,
  ],
  ...[
    `${production.registryHost}/${production.candidateRepository}@sha256:${'a'.repeat(64)}`,
    `${names.registryHost}/${names.candidateRepository}:model-1`,
    `999999999999.dkr.ecr.us-east-1.amazonaws.com/${names.candidateRepository}@sha256:${'a'.repeat(64)}`,
  ].map(
    (from) =>
      [
        { config: 'production.yaml', environment: 'staging', copy: 'true', from },
        {},
        /^::error title=Input::input from: got ".*", expected an image by digest in a repository of an environment .* in which pull requests run: [^ ]*churn\/staging\/candidate@sha256:\.\.\., [^ ]*\/release@sha256:\.\.\.$/,
      ] as const,
  ),
  [
    { from: `${candidates}@sha256:${'a'.repeat(64)}` },
    {},
    /^::error title=Input::input from: got an image, expected none without copy: true/,
  ],
  [{ context: 'nowhere' }, {}, /^::error::nowhere: got no folder, expected one/],
  [
    {},
    { DOCKER_HOST: 'unix:///nowhere.sock' },
    /^::error::.*Docker, which builds the image, cannot be reached/,
  ],
  [{}, { AWS_ACCESS_KEY_ID: '', AWS_SECRET_ACCESS_KEY: '' }, /^::error::.*found no AWS credentials/],
])('with %j %j the step fails with one annotation', async (given, env, expected) => {
  const { code, annotations } = await act(given, { ...env });
  expect(annotations).toEqual([expect.stringMatching(expected)]);
  expect(code).toBe(1);
});

test('a cancel stops the build and leaves no login', async () => {
  appendFileSync(dockerfile, 'RUN sleep 300\n');
  const running = await action.begin(step());
  await running.said('RUN sleep 300');
  const { code, log } = await running.cancel();
  expect(log).toMatch(/^::error::Cancelled: Docker was stopped/m);
  expect(code).toBe(1);
  expect(readdirSync(runnerTemp)).toEqual([]);
});

test('post removes the login that a killed main left, and only warns', async () => {
  const logins = join(runnerTemp, 'mlops-logins-killed');
  mkdirSync(logins);
  writeFileSync(join(logins, 'config.json'), '{}');
  const cleaned = await action.post(step({}, { STATE_logins: logins }));
  expect(cleaned).toMatchObject({ code: 0, log: '' });
  expect(readdirSync(runnerTemp)).toEqual([]);
  const nothing = await action.post(step());
  expect(nothing).toMatchObject({ code: 0, log: '' });
  const stuck = await action.post(step({}, { STATE_logins: `${dockerfile}/below` }));
  expect(stuck).toMatchObject({
    code: 0,
    log: expect.stringMatching(/^::warning::The registry login in .* could not be removed; .*ENOTDIR.*\n$/),
  });
});
