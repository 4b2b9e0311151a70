import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlops-project-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const churn = `problem: binary
data:
  source: data
  target: left
  positive: "Yes"
`;

function write(files: Record<string, string>): void {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
}

/** Lints the user's code in the folder. */
function lint() {
  const { status, stdout, stderr } = spawnSync('node', [join(import.meta.dirname, 'lint-project.ts')], {
    cwd: folder,
    encoding: 'utf8',
  });
  return { status, stdout: stdout.trim().split('\n'), stderr: stderr.trim() };
}

test("several models: each model's package is looked for in its own folder", () => {
  write({
    'mlops.yaml': 'project: shop\nmodels: [models/churn, models/basket]\n',
    'models/churn/mlops.yaml': churn,
    'models/basket/mlops.yaml': `${churn}model:\n  context: code\n`,
    'models/basket/code/requirements-dev.txt': 'ruff-lsp==1.0\n',
  });
  expect(lint()).toEqual({
    status: 0,
    stdout: [
      'ruff of the model: skipped, because models/churn/ has no requirements-dev.txt',
      'ruff of the model: skipped, because models/basket/code/ has no ruff in requirements-dev.txt',
      'mypy of the model: skipped, because models/churn/ has no requirements-dev.txt',
      'mypy of the model: skipped, because models/basket/code/ has no mypy in requirements-dev.txt',
    ],
    stderr: '',
  });
});

test('the mistake in a file fails the lint with its place, without a stack trace', () => {
  write({ 'mlops.yaml': 'project: shop\nmodels: models/churn\n' });
  const { status, stderr } = lint();
  expect(status).toBe(2);
  expect(stderr.split('\n')[0]).toBe(
    'mlops.yaml: models: got "models/churn", expected a list of folders (line 2, column 9)',
  );
  expect(stderr).not.toContain('    at ');
});
