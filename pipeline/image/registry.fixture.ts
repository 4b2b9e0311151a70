import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { eventually, temporaryFolder } from '../backends/embedded/images/python-context.fixture.ts';
import { endWithTests, freePort } from './docker.fixture.ts';

/** What the registry takes for `docker login`. */
export const login = { user: 'AWS', password: 'correct' };
const HTPASSWD = 'AWS:$2b$04$3c14tZVNNkWXT7cDP9OhE.m9tNzsoQ9LOUk8zj/1Q/LM4fQKdN052\n';

/**
 * Starts the reference registry (Debian's docker-registry) on a free port of this machine, behind a password as ECR is.
 * Called at the top of a test file, since it also stops the registry after the tests.
 * @returns its host: `127.0.0.1:PORT`
 */
export async function startRegistry(): Promise<string> {
  const folder = temporaryFolder();
  const host = `127.0.0.1:${await freePort()}`;
  writeFileSync(join(folder, 'htpasswd'), HTPASSWD);
  const config = {
    version: '0.1',
    log: { level: 'error' },
    storage: { filesystem: { rootdirectory: join(folder, 'data') } },
    http: { addr: host },
    auth: { htpasswd: { realm: 'test', path: join(folder, 'htpasswd') } },
  };
  writeFileSync(join(folder, 'config.yml'), JSON.stringify(config));
  const registry = spawn('docker-registry', ['serve', join(folder, 'config.yml')], { stdio: 'ignore' });
  let missing = '';
  registry.on('error', (error) => {
    missing = error.message;
  });
  endWithTests(registry);
  await eventually('the registry answers', async () => {
    if (missing !== '')
      throw new Error(`These tests need docker-registry (apt-get install docker-registry): ${missing}`);
    const answer = await fetch(`http://${host}/v2/`).catch(() => undefined);
    return answer?.status === 401;
  });
  return host;
}
