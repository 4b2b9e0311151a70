import { spawn } from 'node:child_process';
import { lstatSync, readdirSync, readFileSync } from 'node:fs';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { hashContext } from '../../../image/context.ts';
import { docker, freePort, importBase, startDocker } from '../../../image/docker.fixture.ts';
import type { Image } from './image.ts';
import { ImageStore } from './image-store.ts';
import { eventually, temporaryFolder, writeFiles } from './python-context.fixture.ts';

jest.setTimeout(60_000);

await startDocker();
importBase('mlops-test/base:1');

let folder: string;
let baseDir: string;
let lines: string[];

beforeEach(async () => {
  folder = temporaryFolder();
  baseDir = join(folder, 'job');
  await mkdir(baseDir);
  lines = [];
});

const SERVE = 'echo ready; exec httpd -f -p 8080 -h /opt/ml/model';

async function open(programs: { train?: string; serve?: string; user?: string }): Promise<Image> {
  await writeFiles(join(folder, 'model'), {
    Dockerfile: `FROM mlops-test/base:1\nCOPY train serve /bin/\nENV BAKED=in\n${
      programs.user === undefined ? '' : `USER ${programs.user}\n`
    }ENTRYPOINT ["/bin/sh", "-c", "exec sh /bin/$0 \\"$@\\""]\n`,
    train: programs.train ?? 'true',
    serve: programs.serve ?? SERVE,
  });
  const store = new ImageStore(join(folder, 'images'), { containers: true });
  return store.open(await store.add(join(folder, 'model'), 'model'));
}

function job(options: object = {}) {
  return { baseDir, env: {}, onLine: (line: string) => lines.push(line), ...options };
}

async function containers(): Promise<string> {
  return docker('ps', '--all', '--filter', 'label=mlops.owner', '--format', '{{.Names}} {{.Status}}');
}

test('train runs over the folder, with its own environment, and leaves files that are ours', async () => {
  await writeFiles(baseDir, { 'input/config/hyperparameters.json': '{"C": "1"}' });
  process.env.AWS_SECRET_ACCESS_KEY = 'secret';
  const image = await open({
    train: `
cat /opt/ml/input/config/hyperparameters.json; echo
env | sort
printf '%s' "$@" >&2
mkdir -p /opt/ml/model/deep
echo weights > /opt/ml/model/deep/a
chmod 700 /opt/ml/model/deep
ln -s nowhere /opt/ml/model/link
exit 3`,
  });
  const program = await image.start('train', job({ env: { TRAINING_JOB_NAME: 'job-1' }, args: ['a b'] }));
  expect(await program.exited).toEqual({ code: 3, signal: null });
  delete process.env.AWS_SECRET_ACCESS_KEY;
  expect(lines[0]).toBe('{"C": "1"}');
  expect(lines).toEqual(expect.arrayContaining(['BAKED=in', 'TRAINING_JOB_NAME=job-1', 'a b']));
  expect(lines.join('\n')).not.toContain('secret');
  expect(readFileSync(join(baseDir, 'model/deep/a'), 'utf8')).toBe('weights\n');
  expect(lstatSync(join(baseDir, 'model/deep/a')).uid).toBe(process.getuid?.());
  expect(await containers()).toBe('');
});

test("an image's own user can write, and what it writes becomes ours", async () => {
  await writeFiles(baseDir, { 'input/a.csv': '1' });
  await mkdir(join(baseDir, 'model'), { mode: 0o700 });
  const image = await open({
    train: 'id -u; cat /opt/ml/input/a.csv && mkdir /opt/ml/model/new && echo x > /opt/ml/model/new/a',
    user: '4321',
  });
  expect(await (await image.start('train', job())).exited).toEqual({ code: 0, signal: null });
  expect(lines).toEqual(['4321', '1']);
  for (const path of ['model/new', 'model/new/a']) {
    expect(lstatSync(join(baseDir, path)).uid).toBe(process.getuid?.());
  }
  await rm(baseDir, { recursive: true });
});

test('serve is reached at the port given on this machine alone, until it is stopped', async () => {
  await writeFiles(baseDir, { 'model/ping': 'pong' });
  const image = await open({});
  const port = await freePort();
  const program = await image.start('serve', job({ port }));
  await eventually('it answers', async () => {
    const answer = await fetch(`http://127.0.0.1:${port}/ping`).catch(() => undefined);
    return (await answer?.text()) === 'pong';
  });
  expect(docker('ps', '--filter', 'label=mlops.owner', '--format', '{{.Ports}}')).toBe(
    `127.0.0.1:${port}->8080/tcp`,
  );
  await program.stop(20);
  expect(await containers()).toBe('');
  await expect(fetch(`http://127.0.0.1:${port}/ping`)).rejects.toThrow();
});

test('stop kills what does not listen to SIGTERM', async () => {
  const image = await open({ train: "trap '' TERM; echo ready; while :; do sleep 1; done" });
  const program = await image.start('train', job());
  await eventually('it runs', () => lines.includes('ready'));
  await Promise.all([program.stop(1), program.stop(1)]);
  expect(await program.exited).toEqual({ code: 137, signal: null });
  expect(await containers()).toBe('');
});

test('stop at once, before the container is there', async () => {
  const image = await open({ train: 'sleep 300' });
  const program = await image.start('train', job());
  await program.stop(1);
  expect(await containers()).toBe('');
});

test('an isolated program has no network', async () => {
  const image = await open({ train: 'echo $(ls /sys/class/net)' });
  for (const isolated of [false, true]) await (await image.start('train', job({ isolated }))).exited;
  expect(lines[0]?.split(' ')).toContain('eth0');
  expect(lines[1]).not.toContain('eth0');
});

test('a local image opens by its id', async () => {
  await open({ train: 'echo by id' });
  const id = docker('images', '--no-trunc', '--quiet', 'mlops/model').split('\n')[0];
  const store = new ImageStore(join(folder, 'images'), { containers: true });
  const image = await store.open(`anything@${id}`);
  expect(image.uri).toBe(`anything@${id}`);
  expect(await (await image.start('train', job())).exited).toEqual({ code: 0, signal: null });
});

test("an image that cannot be had or built is an error with Docker's words", async () => {
  const store = new ImageStore(join(folder, 'images'), { containers: true });
  const unknown = `127.0.0.1:1/none@sha256:${'0'.repeat(64)}`;
  await expect(store.open(unknown)).rejects.toThrow(
    /none@sha256:0+: Docker neither has this image nor can pull it/,
  );
  await writeFiles(join(folder, 'model'), {
    Dockerfile: 'FROM mlops-test/base:1\nRUN echo broken >&2; exit 9\n',
  });
  const uri = await store.add(join(folder, 'model'), 'model');
  await expect(store.open(uri)).rejects.toThrow(/model: its Dockerfile fails to build[\s\S]*broken/);
});

test('no daemon is an error that says what to do', async () => {
  const host = process.env.DOCKER_HOST;
  process.env.DOCKER_HOST = `unix://${folder}/none.sock`;
  try {
    await expect(open({})).rejects.toThrow(
      /Containers need Docker, which cannot be reached; start it, or run without/,
    );
  } finally {
    if (host === undefined) delete process.env.DOCKER_HOST;
    else process.env.DOCKER_HOST = host;
  }
});

test('what a killed process left is removed by the next', async () => {
  const image = await open({ train: "trap '' TERM; echo ready; while :; do sleep 1; done" });
  await writeFile(
    join(folder, 'run.ts'),
    `import { ImageStore } from ${JSON.stringify(`${import.meta.dirname}/image-store.ts`)};
    const store = new ImageStore(${JSON.stringify(join(folder, 'images'))}, { containers: true });
    const image = await store.open(${JSON.stringify(image.uri)});
    await image.start('train', { baseDir: ${JSON.stringify(baseDir)}, env: {}, onLine: console.log });`,
  );
  const runner = spawn(process.execPath, [join(folder, 'run.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env },
  });
  await new Promise((resolve) => runner.stdout.once('data', resolve));
  runner.kill('SIGKILL');
  await new Promise((resolve) => runner.once('exit', resolve));
  await open({});
  expect(await containers()).toBe('');
});

test('the files that count are those that Docker itself lets through', async () => {
  const context = join(folder, 'context');
  const ignored =
    '*.md\n!README.md\ndata\n!data/keep\n**/*.tmp\n/a/b/\ntests/**/x?.txt\n[d-f].txt\nlogs/*\n!logs/1.log\n';
  await writeFiles(context, {
    Dockerfile: 'FROM mlops-test/base:1\nCOPY . /context\n',
    '.dockerignore': ignored,
    ...Object.fromEntries(
      [
        ...[
          'README.md',
          'other.md',
          'sub/other.md',
          'data/keep',
          'data/lose',
          'sub/data/keep',
          'x.tmp',
          'a/b/c',
        ],
        ...[
          'sub/x.tmp',
          'a/c',
          'sub/a/b',
          'tests/x1.txt',
          'tests/q/x1.txt',
          'tests/x10.txt',
          'd.txt',
          'D.txt',
          'g.txt',
        ],
        ...['logs/1.log', 'logs/2.log', 'deep/logs/2.log'],
      ].map((path) => [path, path]),
    ),
  });
  docker('build', '--quiet', '--tag', 'mlops-test/context', context);
  const find = ['--entrypoint', '/bin/find', 'mlops-test/context', '/context', '-type', 'f'];
  const kept = docker('run', '--rm', ...find)
    .split('\n')
    .map((path) => path.slice('/context/'.length));
  const { files } = await hashContext(context);
  expect(files.map((file) => file.path)).toEqual(kept.sort());
  expect(kept).toContain('data/keep');
  expect(readdirSync(join(context, 'logs'))).toHaveLength(2);
});
