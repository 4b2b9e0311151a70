import { execFileSync, spawn } from 'node:child_process';
import { chmod, readdir, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, jest, test } from '@jest/globals';
import { eventually, makeWheel, temporaryFolder, writeFiles } from './python-context.fixture.ts';
import { ensureEnvironment, ensurePython } from './python-environment.ts';

// They start real processes, on machines that may be busy.
jest.setTimeout(60_000);

let folder: string;
let requirements: string;
let root: string;
let progress: string[];

beforeEach(() => {
  folder = temporaryFolder();
  requirements = join(folder, 'requirements.txt');
  root = join(folder, 'environments');
  progress = [];
});

afterEach(() => {
  delete process.env.MLOPS_PYTHON;
});

function ensure() {
  return ensureEnvironment({ requirements, root, name: 'model', onProgress: (line) => progress.push(line) });
}

function evaluate(python: string, code: string): string {
  return execFileSync(python, ['-c', code], { encoding: 'utf8' }).trim();
}

/** A program that answers as another Python would. */
async function pretendPython(answer: object): Promise<string> {
  const path = join(folder, 'python');
  await writeFile(path, `#!/bin/sh\necho '${JSON.stringify({ executable: '/opt/python', ...answer })}'\n`);
  await chmod(path, 0o755);
  return path;
}

test('the Python found is 3.10 or later and runs', async () => {
  const python = await ensurePython();
  expect(evaluate(python.executable, 'import sys; print(sys.version_info >= (3, 10))')).toBe('True');
});

test('a Python that is too old, has no venv or does not run is named with what was found', async () => {
  process.env.MLOPS_PYTHON = await pretendPython({ version: '3.8.10', minor: [3, 8], venv: true });
  await expect(ensurePython()).rejects.toThrow(
    /expected Python 3\.10 or later; MLOPS_PYTHON is .*python is 3\.8\.10, too old \(\/opt\/python\)/,
  );
  await pretendPython({ version: '3.12.1', minor: [3, 12], venv: false });
  await expect(ensurePython()).rejects.toThrow(/is 3\.12\.1, without its venv module .*python3-venv/);
  process.env.MLOPS_PYTHON = join(folder, 'none');
  await expect(ensurePython()).rejects.toThrow(/found none that runs.*set MLOPS_PYTHON/);
});

test('installs a hash-pinned package once, says so, and finds it again', async () => {
  await writeFile(requirements, makeWheel(folder, 'tiny', 'answer = 42\n'));
  const [first, second] = await Promise.all([ensure(), ensure()]);
  expect(second).toEqual(first);
  expect(evaluate(first.python, 'import tiny; print(tiny.answer)')).toBe('42');
  expect(progress.filter((line) => line.startsWith('Installing'))).toEqual([
    'Installing 1 Python package for model (once) ...',
  ]);
  progress = [];
  expect(await ensure()).toEqual(first);
  expect(progress).toEqual([]);
});

test('another lock is another environment', async () => {
  await writeFile(requirements, '');
  const first = await ensure();
  await writeFile(requirements, '# nothing yet\n');
  expect((await ensure()).python).not.toBe(first.python);
});

test("a package that is not what its hash says is refused, with pip's words and what to do", async () => {
  const line = makeWheel(folder, 'tiny', '');
  await writeFile(requirements, line.replace(/sha256:..../, 'sha256:0000'));
  await expect(ensure()).rejects.toThrow(/model: its Python packages could not be installed[\s\S]*HASHES/);
  await writeFile(requirements, line.replace(/ --hash.*/, ''));
  await expect(ensure()).rejects.toThrow(/must pin every package with its hashes/);
  expect((await readdir(root)).filter((name) => !name.startsWith('.'))).toEqual([]);
});

test('a missing lock is an error that names the image', async () => {
  await expect(ensure()).rejects.toThrow('model: got no requirements.txt');
});

test('an installation that was killed leaves nothing running and is done anew', async () => {
  await writeFile(requirements, makeWheel(folder, 'tiny', 'answer = 42\n'));
  await writeFiles(folder, {
    'install.ts': `
      import { ensureEnvironment } from ${JSON.stringify(`${import.meta.dirname}/python-environment.ts`)};
      await ensureEnvironment({ requirements: ${JSON.stringify(requirements)}, root: ${JSON.stringify(root)},
        name: 'model', onProgress: console.log });`,
  });
  const installer = spawn(process.execPath, [join(folder, 'install.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await new Promise((resolve) => installer.stdout.once('data', resolve));
  installer.kill('SIGKILL');
  expect((await ensure()).python).toMatch(/bin\/python$/);
  const folders = (await readdir(root)).filter((name) => !name.endsWith('.json'));
  expect(folders).toHaveLength(1);
  await eventually('no process of the killed installation is left', () => {
    const processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    return !processes.includes(root);
  });
  expect(evaluate((await ensure()).python, 'import tiny; print(tiny.answer)')).toBe('42');
});

test('a lock that its holder no longer keeps fresh is taken over', async () => {
  await writeFile(requirements, '');
  await ensure();
  const [pointer = ''] = (await readdir(root)).filter((name) => name.endsWith('.json'));
  await rm(join(root, pointer));
  const lock = join(root, pointer.replace('.json', '.lock'));
  await writeFile(lock, String(process.pid));
  await utimes(lock, 1, 1);
  expect(evaluate((await ensure()).python, 'print(1)')).toBe('1');
});

test('an environment whose files were removed is made again', async () => {
  await writeFile(requirements, '');
  const first = await ensure();
  await rm(join(first.python, '../../..'), { recursive: true });
  expect(evaluate((await ensure()).python, 'print(1)')).toBe('1');
});
