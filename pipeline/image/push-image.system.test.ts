import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, request, type Server } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { CreateRepositoryCommand, DescribeImagesCommand } from '@aws-sdk/client-ecr';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { ecrClient } from '../aws/clients.ts';
import { startFakeCloud } from '../backends/aws/fakecloud.fixture.ts';
import { temporaryFolder, writeFiles } from '../backends/embedded/images/python-context.fixture.ts';
import { copyImage } from './copy-image.ts';
import { docker, freePort, importBase, startDocker } from './docker.fixture.ts';
import { logIn } from './ecr-login.ts';
import { contentTag, type PushOptions, pushImage } from './push-image.ts';
import { login, startRegistry } from './registry.fixture.ts';
import { Registry } from './registry.ts';

/*
 * Docker's own build and push: to the reference registry behind a password, and to an emulator of ECR that answers with
 * logins and holds the images it was sent.
 */

jest.setTimeout(60_000);

await startDocker();
importBase('mlops-test/base:1');
const host = await startRegistry();
const otherHost = await startRegistry();
await startFakeCloud(await freePort());

const userConfig = temporaryFolder();
process.env.DOCKER_CONFIG = userConfig;

let context: string;
let lines: string[];
const servers: Server[] = [];

beforeEach(async () => {
  context = temporaryFolder();
  lines = [];
  // Another image each time.
  await writeFiles(context, {
    Dockerfile: 'FROM mlops-test/base:1\nCOPY weights /weights\nENTRYPOINT ["cat", "/weights"]\n',
    weights: randomBytes(16).toString('hex'),
  });
});

afterEach(async () => {
  for (const server of servers.splice(0)) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
});

const open = (at = host, password = login.password) =>
  new Registry({ host: at, user: login.user, password, waits: [0.1, 0.1] });

function push(registry = open(), options: Partial<PushOptions> = {}, name = 'team/candidate') {
  return pushImage({
    image: 'model',
    context,
    repository: { registry, name },
    onProgress: (line) => lines.push(line),
    ...options,
  });
}

const authorization = {
  Authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`,
};

/** What the registry itself says of a tag. */
async function digestIn(repository: string, tag: string): Promise<string | null> {
  const answer = await fetch(`http://${host}/v2/${repository}/manifests/${tag}`, {
    method: 'HEAD',
    headers: { ...authorization, Accept: 'application/vnd.docker.distribution.manifest.v2+json' },
  });
  return answer.headers.get('docker-content-digest');
}

/** The registry behind a network that breaks requests off as it is told. */
async function broken(breaks: (method: string, url: string) => boolean, behind = host): Promise<string> {
  const server = createServer((incoming, outgoing) => {
    const { method = '', url = '', headers } = incoming;
    if (breaks(method, url)) {
      incoming.socket.destroy();
      return;
    }
    const onward = request(
      { port: new URL(`http://${behind}`).port, method, path: url, headers },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 0, answer.headers);
        answer.pipe(outgoing);
      },
    );
    onward.on('error', () => outgoing.destroy());
    incoming.pipe(onward);
  });
  servers.push(server);
  const port = await freePort();
  await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve));
  return `127.0.0.1:${port}`;
}

test('an image is built for linux/amd64 and pushed; its digest is the one of the registry, and it runs', async () => {
  const pushed = await push();
  const tag = await contentTag('model', context);
  expect(tag).toMatch(/^model-[0-9a-f]{64}$/);
  expect(pushed).toEqual({
    uri: `${host}/team/candidate@${pushed.digest}`,
    digest: await digestIn('team/candidate', tag),
    pushed: true,
  });
  expect(lines.map((line) => line.replace(context, 'CONTEXT'))).toEqual([
    'model: building CONTEXT for linux/amd64 ...',
    expect.stringMatching(/^model: pushing \d+ MB to team\/candidate \.\.\.$/),
    `model: pushed ${pushed.digest}`,
  ]);
  docker('rmi', '--force', docker('images', '--quiet', `${host}/team/candidate`));
  docker('login', '--username', login.user, '--password', login.password, host);
  expect(docker('run', '--rm', pushed.uri)).toBe(readFileSync(join(context, 'weights'), 'utf8'));
  expect(docker('image', 'inspect', '--format', '{{.Os}}/{{.Architecture}}', pushed.uri)).toBe('linux/amd64');
  docker('logout', host);
});

test('what the repository holds is neither built nor pushed again, and needs no Docker', async () => {
  const first = await push();
  lines = [];
  const socket = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = 'unix:///nowhere.sock';
  try {
    expect(await push()).toEqual({ ...first, pushed: false });
    expect(lines).toEqual([expect.stringContaining('is already in team/candidate')]);
    writeFileSync(join(context, 'weights'), 'other');
    await expect(push()).rejects.toThrow(/Docker, which builds the image, cannot be reached; start it/);
  } finally {
    if (socket === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = socket;
  }
});

test('an edit is another image, and another platform another tag', async () => {
  const before = await push();
  writeFileSync(join(context, 'weights'), 'other');
  expect((await push()).digest).not.toBe(before.digest);
  expect(await contentTag('model', context, 'linux/arm64')).toBe(
    `${await contentTag('model', context)}-linux-arm64`,
  );
});

test('the login is gone after a push, and after one that failed', async () => {
  const folders = () => readdirSync(tmpdir()).filter((name) => name.startsWith('mlops-login-'));
  const before = folders();
  await push();
  const readOnly = await broken((method) => method === 'PUT');
  writeFileSync(join(context, 'weights'), 'other');
  const error = await push(open(readOnly)).catch((thrown: Error) => thrown);
  expect(folders()).toEqual(before);
  expect(readdirSync(userConfig)).not.toContain('config.json.lock');
  expect(readFileSync(join(userConfig, 'config.json'), 'utf8')).not.toContain(host);
  expect(`${lines.join('\n')}${(error as Error).message}`).not.toContain(login.password);
});

test('a registry that fails midway is asked again; what it has is not sent twice', async () => {
  let failures = 0;
  const flaky = await broken(
    (method, url) => method === 'PUT' && url.includes('/manifests/') && ++failures <= 1,
  );
  const pushed = await push(open(flaky));
  expect(failures).toBe(2);
  expect(pushed).toMatchObject({
    pushed: true,
    digest: await digestIn('team/candidate', await contentTag('model', context)),
  });
});

test('a registry that stays away is said to, with how often it was tried', async () => {
  const away = await broken((method, url) => method === 'PUT' && url.includes('/manifests/'));
  await expect(push(open(away))).rejects.toMatchObject({
    name: 'AwsError',
    message: expect.stringMatching(
      /team\/candidate: the registry could not be reached, or failed, 3 times; it keeps the layers it has/,
    ),
  });
  const gone = `127.0.0.1:${await freePort()}`;
  await expect(push(open(gone))).rejects.toMatchObject({
    name: 'AwsError',
    message: expect.stringContaining('the registry could not be reached; check the network'),
  });
});

test('a login that the registry refuses is bad input', async () => {
  await expect(push(open(host, 'expired'))).rejects.toMatchObject({
    name: 'SetupError',
    message: expect.stringMatching(/refused it .*not expired: try `aws sso login`/),
  });
});

test('a base image that cannot be pulled, and a Dockerfile that fails to build', async () => {
  writeFileSync(join(context, 'Dockerfile'), 'FROM 127.0.0.1:1/none:1\n');
  await expect(push()).rejects.toThrow(/model: its base image 127\.0\.0\.1:1\/none:1 cannot be pulled/);
  writeFileSync(join(context, 'Dockerfile'), 'FROM mlops-test/base:1\nRUN echo broken >&2; exit 9\n');
  await expect(push()).rejects.toThrow(/model: its Dockerfile fails to build[\s\S]*broken/);
  await expect(push()).rejects.toMatchObject({ file: join(context, 'Dockerfile'), line: 2 });
  await expect(push(open(), { context: join(context, 'none') })).rejects.toThrow(
    /got no folder, expected one/,
  );
});

test('an image above the limit names its size, the limit and its largest layers', async () => {
  const pushing = push(open(), { maxBytes: 1000 });
  await expect(pushing).rejects.toThrow(/model: its image has 0\.00\d+ GB, expected at most 0\.00000100 GB/);
  await expect(pushing).rejects.toThrow(/largest layers:\n {2}0\.00\d+ GB/);
  await expect(pushing).rejects.toMatchObject({ file: join(context, 'Dockerfile') });
});

test('an image is copied as it is, by digest, once', async () => {
  const { digest } = await push();
  const tag = await contentTag('model', context);
  const copy = (to: Registry, wanted = digest) =>
    copyImage({
      from: { registry: open(), name: 'team/candidate' },
      to: { registry: to, name: 'team/release' },
      digest: wanted,
      tag,
      onProgress: (line) => lines.push(line),
    });
  const uri = `${host}/team/release@${digest}`;
  expect(await copy(open())).toEqual({ uri, digest, pushed: true });
  expect(await digestIn('team/release', tag)).toBe(digest);
  expect(await copy(open())).toEqual({ uri, digest, pushed: false });
  await expect(copy(open(), `sha256:${'0'.repeat(64)}`)).rejects.toThrow(
    /got sha256:[0-9a-f]{64}, expected sha256:0{64}/,
  );

  // To another registry, where nothing can be mounted, over a network that fails once.
  let cut = 0;
  const other = open(await broken((method) => method === 'PATCH' && ++cut <= 1, otherHost));
  docker('rmi', '--force', docker('images', '--quiet', `${host}/team/candidate`));
  expect(await copy(other)).toMatchObject({ digest, pushed: true });
  expect(cut).toBeGreaterThan(1);
  // Docker's client is waited for, so that the network in between would not answer.
  docker('login', '--username', login.user, '--password', login.password, otherHost);
  expect(docker('run', '--rm', `${otherHost}/team/release@${digest}`)).toBe(
    readFileSync(join(context, 'weights'), 'utf8'),
  );
  docker('logout', otherHost);
});

test('what the candidates do not hold is not copied', async () => {
  const copying = copyImage({
    from: { registry: open(), name: 'team/candidate' },
    to: { registry: open(), name: 'team/release' },
    digest: `sha256:${'1'.repeat(64)}`,
    tag: 'model-1',
    onProgress: () => {},
  });
  await expect(copying).rejects.toThrow(
    /team\/candidate: got no image sha256:1+, expected one; push it first/,
  );
});

test("ECR's login opens its registry, and ECR lists what was pushed there", async () => {
  await ecrClient().send(new CreateRepositoryCommand({ repositoryName: 'small/candidate' }));
  const registry = await logIn('123456789012.dkr.ecr.us-east-1.amazonaws.com', { ownAccount: true });
  const pushed = await push(registry, {}, 'small/candidate');
  const { imageDetails } = await ecrClient().send(
    new DescribeImagesCommand({ repositoryName: 'small/candidate' }),
  );
  expect(imageDetails).toEqual([
    expect.objectContaining({ imageDigest: pushed.digest, imageTags: [await contentTag('model', context)] }),
  ]);
  expect(await push(registry, {}, 'small/candidate')).toEqual({ ...pushed, pushed: false });
  await expect(push(registry, {}, 'nowhere/candidate')).rejects.toThrow(
    /nowhere\/candidate: got no such image repository, expected a deployed environment/,
  );
});

test('a fresh push takes no image that another put under the tag of the content', async () => {
  const registry = open();
  const tag = await contentTag('model', context);
  // Another image under the tag that anybody can compute.
  const evil = temporaryFolder();
  await writeFiles(evil, { Dockerfile: 'FROM mlops-test/base:1\nCOPY weights /weights\n', weights: 'evil' });
  const squatted = await push(registry, { context: evil });
  const manifest = await registry.manifest('team/candidate', squatted.digest);
  if (manifest === null) throw new Error('the registry lost it');
  await registry.putManifest('team/candidate', tag, manifest);
  expect(await push(registry)).toMatchObject({ digest: squatted.digest, pushed: false });

  const fresh = await push(registry, { fresh: true });
  expect(fresh.pushed).toBe(true);
  expect(fresh.digest).not.toBe(squatted.digest);
  expect((await push(registry, { fresh: true })).pushed).toBe(true);
});
