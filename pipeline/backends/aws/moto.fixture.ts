import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';
import { ensureEnvironment } from '../embedded/images/python-environment.ts';

/** A Python environment with the packages of a lock of this folder. */
export async function pythonOf(lock: 'botocore' | 'moto'): Promise<string> {
  const { python } = await ensureEnvironment({
    requirements: fileURLToPath(new URL(`requirements-${lock}.txt`, import.meta.url)),
    root: fileURLToPath(new URL('../../../.mlops/environments', import.meta.url)),
    name: `${lock} (tests)`,
    onProgress: console.error,
  });
  return python;
}

/**
 * Starts the AWS emulator moto for the tests of a file and points the SDK's clients of this process at it: it numbers
 * model packages as AWS does, which fakecloud does not.
 */
export async function startMoto(
  port: number,
  host = '127.0.0.1',
): Promise<{ endpoint: string; reset: () => Promise<void> }> {
  const endpoint = `http://${host}:${port}`;
  const child = spawn(await pythonOf('moto'), ['-m', 'moto.server', '-H', host, '-p', String(port)], {
    stdio: 'ignore',
  });
  const closed = new Promise((resolve) => child.once('close', resolve));
  afterAll(async () => {
    child.kill('SIGKILL');
    await closed;
  });
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const reset = async () => {
    await fetch(`${endpoint}/moto-api/reset`, { method: 'POST' });
  };
  const deadline = Date.now() + 60_000;
  for (;;) {
    if (
      await reset().then(
        () => true,
        () => false,
      )
    )
      return { endpoint, reset };
    if (child.exitCode !== null || Date.now() > deadline)
      throw new Error(`moto does not answer at ${endpoint}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
