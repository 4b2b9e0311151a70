import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { missingFor, type Tool } from './python-tool.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlops-package-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const lock = (...names: string[]) => names.map((name) => `${name}==1.0 \\\n    --hash=sha256:0\n`).join('');
const all = { 'requirements-dev.txt': lock('mypy-extensions', 'mypy', 'pytest', 'ruff') };

test.each<[string, Record<string, string>, Record<Tool, string | null>]>([
  [
    'nothing for development',
    { 'tests/test_it.py': '' },
    { ruff: 'no requirements-dev.txt', mypy: 'no requirements-dev.txt', pytest: 'no requirements-dev.txt' },
  ],
  [
    'other tools',
    { 'requirements-dev.txt': lock('mypy-extensions', 'pytest-cov') },
    {
      ruff: 'no ruff in requirements-dev.txt',
      mypy: 'no mypy in requirements-dev.txt',
      pytest: 'no pytest in requirements-dev.txt',
    },
  ],
  [
    'tools and nothing for them',
    all,
    {
      ruff: null,
      mypy: 'neither mypy.ini nor [tool.mypy] in pyproject.toml',
      pytest: 'neither tests nor [tool.pytest] in pyproject.toml',
    },
  ],
  [
    'settings in pyproject.toml',
    { ...all, 'pyproject.toml': '[tool.mypy]\nfiles = ["src"]\n[tool.pytest.ini_options]\n' },
    { ruff: null, mypy: null, pytest: null },
  ],
  [
    'settings and tests in places of their own',
    { ...all, 'mypy.ini': '', 'tests/test_it.py': '' },
    { ruff: null, mypy: null, pytest: null },
  ],
])('what a package with %s lacks for each tool', (_what, files, missing) => {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  const tools = Object.keys(missing) as Tool[];
  expect(Object.fromEntries(tools.map((tool) => [tool, missingFor(folder, tool)]))).toEqual(missing);
});
