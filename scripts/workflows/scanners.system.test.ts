import { execFile } from 'node:child_process';
import { globSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { beforeAll, expect, jest, test } from '@jest/globals';
import { parse } from 'yaml';
import { ensureEnvironment } from '../../pipeline/backends/embedded/images/python-environment.ts';
import { goTool } from './tools.fixture.ts';

jest.setTimeout(600_000);

let actionlint = '';
let scripts = '';

beforeAll(async () => {
  actionlint = await goTool('actionlint');
  const { python } = await ensureEnvironment({
    requirements: join(import.meta.dirname, 'scanners/requirements.txt'),
    root: '.mlops/environments',
    name: 'the workflow scanners',
    onProgress: () => {},
  });
  scripts = dirname(python);
});

function output(program: string, args: readonly string[]): Promise<{ code: number; text: string }> {
  const env = { ...process.env, PATH: `${scripts}${delimiter}${process.env.PATH}` };
  return new Promise((settle) => {
    execFile(program, args, { env, maxBuffer: 50_000_000 }, (error, stdout, stderr) =>
      settle({ code: error === null ? 0 : Number(error.code ?? 1), text: `${stdout}${stderr}` }),
    );
  });
}

test('actionlint has nothing to say, shellcheck about the scripts in workflows included', async () => {
  expect(await output(actionlint, ['-no-color', '-shellcheck', join(scripts, 'shellcheck')])).toEqual({
    code: 0,
    text: '',
  });
});

test('shellcheck has nothing to say about the scripts in actions and beside them', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-scripts-'));
  const files = ['.github/scripts/tag-release.sh', '.ci/run'];
  for (const file of globSync('.github/actions/*/action.yml')) {
    const { runs } = parse(await readFile(file, 'utf8')) as { runs: { steps: { run?: string }[] } };
    for (const [index, { run }] of runs.steps.entries()) {
      if (run === undefined) continue;
      const copy = join(folder, `${basename(dirname(file))}-${index}.sh`);
      // As the runner starts it.
      await writeFile(copy, `#!/usr/bin/env bash\nset -eo pipefail\n${run}`);
      files.push(copy);
    }
  }
  expect(files.length).toBeGreaterThan(5);
  expect(await output(join(scripts, 'shellcheck'), files)).toEqual({ code: 0, text: '' });
  await rm(folder, { recursive: true });
});

test('zizmor has nothing to say at its strictest, but what is excepted where it stands', async () => {
  const { code, text } = await output(join(scripts, 'zizmor'), [
    '--offline',
    '--strict-collection',
    '--no-progress',
    '--persona',
    'pedantic',
    '--format',
    'json',
    '.github',
  ]);
  const found = JSON.parse(/^\[.*^\]|^\[\]/ms.exec(text)?.[0] ?? 'null') as
    | { ident: string; desc: string }[]
    | null;
  expect(found?.map(({ ident, desc }) => `${ident}: ${desc}`) ?? text).toEqual([]);
  expect(code).toBe(0);
});
