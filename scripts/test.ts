/**
 * Runs the tests and ends with a line `N passed, N failed`.
 *   fast    what needs Node and Python only: Jest and pytest
 *   system  what needs Docker, a browser or an emulator besides
 *   all     both
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const suites = { fast: ['fast'], system: ['system'], all: ['fast', 'system'] } as const;
const [suite = 'fast', ...jestArguments] = process.argv.slice(2);
if (!(suite in suites)) {
  console.error(`got suite "${suite}", expected one of ${Object.keys(suites).join(', ')}`);
  process.exit(2);
}

const results = mkdtempSync(join(tmpdir(), 'mlops-tests-'));
let passed = 0;
let failed = 0;

for (const kind of suites[suite as keyof typeof suites]) {
  jest(kind);
  if (kind === 'fast') for (const folder of ['model', 'pipeline/prepare']) pytest(folder);
}
rmSync(results, { recursive: true });
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;

function jest(kind: 'fast' | 'system'): void {
  const file = join(results, `${kind}.json`);
  run('node', [
    '--experimental-vm-modules',
    '--no-warnings',
    'node_modules/jest/bin/jest.js',
    '--config',
    kind === 'fast' ? 'jest.config.js' : 'jest.system.config.js',
    '--json',
    `--outputFile=${file}`,
    // A failed system test may leave its daemon: that is told above, and no reason to wait for ever.
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
  // A file that cannot be loaded is a failure, though none of its tests were counted.
  failed += numFailedTests + numRuntimeErrorTestSuites;
}

function pytest(folder: string): void {
  const file = join(results, `${folder.replaceAll('/', '-')}.xml`);
  const status = run('node', ['scripts/python.ts', folder, 'pytest', '-q', `--junitxml=${file}`]);
  const suiteTag = /<testsuite [^>]*>/.exec(read(file, `no pytest results of ${folder}`) ?? '')?.[0] ?? '';
  const count = (name: string) => Number(new RegExp(` ${name}="(\\d+)"`).exec(suiteTag)?.[1] ?? 0);
  const bad = count('failures') + count('errors');
  passed += count('tests') - bad - count('skipped');
  failed += status !== 0 && bad === 0 ? 1 : bad;
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
