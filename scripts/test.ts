/**
 * Runs tests and ends with a line `N passed, N failed`.
 *   fast      in the template's repository `template` and `project`, in a user's only `project`
 *   project   the user's files: mlops.yaml and the data by `mlops validate`, and the models' own tests if they have any
 *   template  the template's own tests that need only Node and Python: Jest and pytest
 *   system    the template's own tests that also need Docker, a browser or an emulator
 *   all       all of these
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { checkModels } from './project.ts';
import { runTool } from './python-tool.ts';
import { whoseChecks } from './template.ts';

type Kind = 'project' | 'template' | 'system';
const suites: Record<string, () => Kind[]> = {
  fast,
  project: () => ['project'],
  template: () => ['template'],
  system: () => ['system'],
  all: () => ['template', 'project', 'system'],
};
const [suite = 'fast', ...jestArguments] = process.argv.slice(2);
const kinds = suites[suite]?.();
if (kinds === undefined) {
  console.error(`suite: got "${suite}", expected one of ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}

/** pytest's exit code if it finds no test. */
const noTests = 5;
const prepare = 'pipeline/prepare';
const results = mkdtempSync(join(tmpdir(), 'mlops-tests-'));
let passed = 0;
let failed = 0;

for (const kind of kinds) {
  if (kind === 'project') await project();
  else jest(kind);
  if (kind === 'template') countPytest(prepare, await runTool(prepare, 'pytest', pytestArguments(prepare)));
}
rmSync(results, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

/** The tests for this repository: the template's or the project's. */
function fast(): Kind[] {
  const { checks, because } = whoseChecks(process.cwd(), process.env);
  if (checks === 'template') return ['template', 'project'];
  console.log(`The project's own tests, because ${because}; \`npm run test:template\` runs the template's.`);
  return ['project'];
}

async function project(): Promise<void> {
  const status = run('node', ['pipeline/cli/mlops.ts', 'validate']);
  passed += status === 0 ? 1 : 0;
  failed += status === 0 ? 0 : 1;
  // A broken mlops.yaml has just been reported, and cannot say where the models are.
  if (status !== 0) return;
  for (const [model, status] of await checkModels('pytest', pytestArguments)) countPytest(model, status);
}

function jest(kind: 'template' | 'system'): void {
  const file = join(results, `${kind}.json`);
  run('node', [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--config',
    kind === 'template' ? 'jest.config.js' : 'jest.system.config.js',
    '--json',
    `--outputFile=${file}`,
    // A failed system test may leave a daemon running, which Jest would wait for forever.
    ...(kind === 'system' ? ['--forceExit'] : []),
    ...jestArguments,
  ]);
  const result = read(file, 'no Jest results');
  const {
    numPassedTests = 0,
    numFailedTests = 0,
    numRuntimeErrorTestSuites = 0,
  } = result === null ? { numRuntimeErrorTestSuites: 1 } : (JSON.parse(result) as Record<string, number>);
  passed += numPassedTests;
  // A file that cannot be loaded is a failure, although Jest counts none of its tests.
  failed += numFailedTests + numRuntimeErrorTestSuites;
}

function pytestArguments(name: string): string[] {
  return ['-q', `--junitxml=${pytestFile(name)}`];
}

function pytestFile(name: string): string {
  return join(results, `pytest-${name.replaceAll('/', '-')}.xml`);
}

/** Counts the tests of one run of pytest, which ended with this exit code. */
function countPytest(name: string, status: number): void {
  const suiteTag =
    /<testsuite [^>]*>/.exec(read(pytestFile(name), `no pytest results of ${name}`) ?? '')?.[0] ?? '';
  const count = (key: string) => Number(new RegExp(` ${key}="(\\d+)"`).exec(suiteTag)?.[1] ?? 0);
  const bad = count('failures') + count('errors');
  passed += count('tests') - bad - count('skipped');
  // pytest exits with an error if it finds no test, but a package may have none.
  failed += status !== 0 && status !== noTests && bad === 0 ? 1 : bad;
}

function run(command: string, args: string[]): number {
  return spawnSync(command, args, { stdio: ['ignore', 'inherit', 'inherit'] }).status ?? 1;
}

function read(file: string, missing: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    console.error(missing);
    return null;
  }
}
