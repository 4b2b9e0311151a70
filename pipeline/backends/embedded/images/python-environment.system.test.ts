import { execFileSync } from 'node:child_process';
import { chmod, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { makeWheel, temporaryFolder } from './python-context.fixture.ts';
import { ensureEnvironment, ensurePython } from './python-environment.ts';

afterEach(() => {
  delete process.env.MLOPS_PYTHON;
});

test('a Python whose pip is missing or old gets one into the environment', async () => {
  const folder = temporaryFolder();
  const probe = { ...(await ensurePython()), minor: [3, 11], venv: true, pip: false };
  process.env.MLOPS_PYTHON = join(folder, 'python');
  await writeFile(process.env.MLOPS_PYTHON, `#!/bin/sh\necho '${JSON.stringify(probe)}'\n`);
  await chmod(process.env.MLOPS_PYTHON, 0o755);
  const requirements = join(folder, 'requirements.txt');
  await writeFile(requirements, makeWheel(folder, 'tiny', 'answer = 42\n'));
  const { python } = await ensureEnvironment({
    requirements,
    root: join(folder, 'environments'),
    name: 'model',
    onProgress: () => {},
  });
  const answer = execFileSync(python, ['-c', 'import tiny; print(tiny.answer)'], { encoding: 'utf8' });
  expect(answer.trim()).toBe('42');
});
