/** Runs a tool of a Python package's locked development environment: `node scripts/python.ts model pytest -q`. */
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { ensureEnvironment } from '../pipeline/backends/embedded/images/python-environment.ts';

const [folder = '', tool = '', ...args] = process.argv.slice(2);
const environment = await ensureEnvironment({
  requirements: join(folder, 'requirements-dev.txt'),
  root: '.mlops/environments',
  name: `${folder} (development)`,
  onProgress: console.error,
});
const { status } = spawnSync(environment.python, ['-m', tool, ...args], {
  cwd: folder,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${dirname(environment.python)}:${process.env.PATH}` },
});
process.exitCode = status ?? 1;
