import { readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../backends/embedded/images/python-context.fixture.ts';
import { docker, importPython, startDocker } from '../image/docker.fixture.ts';
import { login, startRegistry } from '../image/registry.fixture.ts';
import type { Finished } from './cli.fixture.ts';
import { behave, smallProject } from './small-project.fixture.ts';

/*
 * The pipeline with `train` and `serve` in Docker, as SageMaker runs them: built from the folder, and as an image that a
 * registry holds.
 */

// Logins of the test stay with the test.
process.env.DOCKER_CONFIG = temporaryFolder();
await startDocker();
importPython('mlops-test/python:1');
const registry = await startRegistry();

const workspace = smallProject();
for (const name of ['DOCKER_HOST', 'DOCKER_CONFIG']) workspace.environment[name] = process.env[name] ?? '';
// An image's own user, so that the files that it leaves are another's.
writeFileSync(
  workspace.path('model/Dockerfile'),
  'FROM mlops-test/python:1\nCOPY src /opt/src\nUSER 4321\nENTRYPOINT ["python3", "/opt/src/small/programs.py"]\n',
);

const run = (...args: string[]): Promise<Finished> =>
  workspace.mlops('run', '--containers', '--json', ...args);

/** The result, where the run reached one; else the test fails with what it said. */
function result({ code, stdout, stderr }: Finished) {
  if (code !== 0) throw new Error(`exit ${code}\n${stdout}\n${stderr}`);
  return JSON.parse(stdout);
}

/** Everything in the state folder, so that who owns it can be told. */
function owners(folder = workspace.path('.mlops')): Set<number> {
  const found = new Set<number>();
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    if (entry.isSymbolicLink()) continue;
    const path = join(folder, entry.name);
    found.add(statSync(path).uid);
    if (entry.isDirectory()) for (const uid of owners(path)) found.add(uid);
  }
  return found;
}

const containers = () => docker('ps', '--all', '--filter', 'label=mlops.owner', '--format', '{{.Names}}');

test('a run in containers judges and promotes, and leaves files that are ours and no container', async () => {
  const first = await run('--mode', 'promote');
  expect(result(first)).toMatchObject({
    status: 'succeeded',
    promoted: true,
    reused: [],
    verdict: { outcome: 'promote' },
  });
  expect(first.stderr).toContain('Building the container image of model');
  expect(owners()).toEqual(new Set([process.getuid?.()]));
  expect(containers()).toBe('');

  const second = await run('--mode', 'promote');
  expect(result(second)).toMatchObject({ verdict: result(first).verdict, promoted: false });
  expect(result(second).reused).toEqual(['Prepare', 'Train', 'Score candidate']);
  expect(second.stderr).not.toContain('Building');
});

test('the champion is scored in its own container when the code has moved on', async () => {
  writeFileSync(workspace.path('model/src/small/note.py'), '# An edit that changes no number.\n');
  const edited = result(await run());
  expect(edited.verdict.metrics.roc_auc).toMatchObject({ difference: 0, p_value: 1 });
  expect(edited.reused).not.toContain('Train');
});

test('train that fails in its container is told in its own words', async () => {
  const failed = await run(...behave({ train: 'fail' }));
  expect(failed.code).toBe(1);
  expect(JSON.parse(failed.stdout)).toMatchObject({
    status: 'failed',
    failure: { step: 'Train', cause: expect.stringContaining('the data has no sense: weight 1') },
  });
  expect(containers()).toBe('');
});

test('Ctrl-C takes the container along', async () => {
  const running = workspace.start('run', '--containers', ...behave({ train: 'slow' }));
  await running.until(() => containers() !== '');
  running.process.kill('SIGINT');
  expect((await running.finished).code).toBe(130);
  expect(containers()).toBe('');
});

test('a ready image of a registry is pulled by its digest and run', async () => {
  docker('login', '--username', login.user, '--password', login.password, registry);
  docker('build', '--quiet', '--tag', `${registry}/small:1`, workspace.path('model'));
  const digest = /sha256:[0-9a-f]{64}/.exec(docker('push', `${registry}/small:1`))?.[0];
  docker('rmi', '--force', docker('images', '--quiet', `${registry}/small:1`));
  rmSync(workspace.path('model'), { recursive: true });
  const image = `${registry}/small@${digest}`;

  const first = await run('--image', image);
  expect(first.stderr).toContain(`Pulling ${image} ...`);
  expect(result(first)).toMatchObject({ status: 'succeeded', verdict: { outcome: 'promote' } });
  const second = await run('--image', image);
  expect(result(second).reused).toEqual(expect.arrayContaining(['Prepare', 'Train', 'Score candidate']));
  expect(second.stderr).not.toContain('Pulling');
});

test('a ready image without --containers, and one that nobody has, are bad input', async () => {
  const image = `${registry}/none@sha256:${'0'.repeat(64)}`;
  const plain = await workspace.mlops('run', '--image', image);
  expect(plain.code).toBe(2);
  expect(plain.stderr).toContain('which runs only in Docker: add --containers');
  const missing = await run('--image', image);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toContain('Docker neither has this image nor can pull it');
});
