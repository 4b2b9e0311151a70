import { type ChildProcess, spawn } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll } from '@jest/globals';

/** The account that fakecloud answers for. */
export const account = '123456789012';
export const region = 'us-east-1';

export interface FakeCloud {
  endpoint: string;
  /** Empties every service. */
  reset: () => Promise<void>;
}

/**
 * Starts the AWS emulator fakecloud for the tests of a file, each on a port of its own, and points the SDK's clients of
 * this process at it. The program is found by FAKECLOUD, on the PATH, or in ../shared/bin beside the repository.
 */
export async function startFakeCloud(port: number, host = '127.0.0.1'): Promise<FakeCloud> {
  const address = `${host}:${port}`;
  const endpoint = `http://${address}`;
  const child = spawn(
    await findFakeCloud(),
    ['--addr', address, '--region', region, '--log-level', 'error'],
    // Jest's own copy of the environment, which may name a Docker daemon.
    { stdio: ['ignore', 'ignore', 'inherit'], env: { ...process.env } },
  );
  afterAll(() => stopped(child));
  Object.assign(process.env, {
    AWS_ENDPOINT_URL: endpoint,
    AWS_REGION: region,
    AWS_ACCESS_KEY_ID: 'test',
    AWS_SECRET_ACCESS_KEY: 'test',
  });
  const deadline = Date.now() + 30_000;
  while (!(await isHealthy(endpoint))) {
    if (child.exitCode !== null) throw new Error(`fakecloud ended with exit code ${child.exitCode}`);
    if (Date.now() > deadline) throw new Error(`fakecloud does not answer at ${endpoint}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return {
    endpoint,
    reset: async () => {
      await fetch(`${endpoint}/_reset`, { method: 'POST' });
    },
  };
}

const isHealthy = (endpoint: string): Promise<boolean> =>
  fetch(`${endpoint}/_fakecloud/health`).then(
    ({ ok }) => ok,
    () => false,
  );

async function stopped(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  const closed = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await closed;
}

async function findFakeCloud(): Promise<string> {
  const shared = fileURLToPath(new URL('../../../../shared/bin', import.meta.url));
  const folders = [...(process.env.PATH ?? '').split(delimiter), shared];
  const candidates = [process.env.FAKECLOUD ?? '', ...folders.map((folder) => join(folder, 'fakecloud'))];
  const found = candidates.find((path) => path !== '' && isExecutable(path));
  if (found !== undefined) return found;
  throw new Error(
    'fakecloud is missing: set FAKECLOUD to the program, put it on the PATH or into ../shared/bin (https://fakecloud.dev)',
  );
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
