import { execFile } from 'node:child_process';
import { access, mkdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const modules = {
  act: 'github.com/nektos/act@v0.2.89',
  actionlint: 'github.com/rhysd/actionlint/cmd/actionlint@v1.7.12',
} as const;

/** A Go program, built once with this machine's Go and kept in `.mlops/tools`. Throws if the build fails. */
export async function goTool(name: keyof typeof modules): Promise<string> {
  const module = modules[name];
  const folder = resolve('.mlops/tools', module.replaceAll(/[^\w.@-]/g, '-'));
  const program = join(folder, name);
  const there = await access(program).then(
    () => true,
    () => false,
  );
  if (there) return program;
  await mkdir(folder, { recursive: true });
  await run('go', ['install', module], {
    env: { ...process.env, GOBIN: folder, GOFLAGS: '-mod=mod' },
  }).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw new Error(`${name}: got no go on the PATH, expected Go to build it with (https://go.dev/dl)`);
  });
  return program;
}
