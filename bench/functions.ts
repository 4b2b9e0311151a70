/** Measures the size of every function's bundle, and how long it takes to load in a new Node process. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bundleFunctions, bundleSize } from '../infra/cli/bundles.ts';
import { median, report } from './table.ts';

const rounds = 11;
const folder = mkdtempSync(join(tmpdir(), 'functions-bench-'));
// The environment that the handlers require when they start.
const names = ['PROJECT', 'BUCKET', 'LEDGER', 'PACKAGE_GROUP', 'JOB_PREFIX'].map((name) => `MLOPS_${name}`);
const env = { ...Object.fromEntries(names.map((name) => [name, 'x'])), AWS_REGION: 'us-east-1' };

/** Milliseconds to load the bundle. */
function load(bundle: string): number {
  const url = pathToFileURL(join(bundle, 'index.mjs')).href;
  const source = `const start = performance.now(); await import('${url}'); console.log(performance.now() - start);`;
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', source], {
    env,
    encoding: 'utf8',
  });
  if (stdout === '') throw new Error(stderr);
  return Number(stdout);
}

try {
  const bundles = Object.entries(await bundleFunctions(folder));
  const times = new Map(bundles.map(([name]) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++)
    for (const [name, bundle] of bundles) times.get(name)?.push(load(bundle));
  for (const [name, bundle] of bundles) {
    const loaded = times.get(name) ?? [];
    report([
      { name: `${name}: size`.padEnd(24), value: (await bundleSize(bundle)) / 1000, unit: 'KB', most: 1000 },
      { name: `${name}: import, least`.padEnd(24), value: Math.min(...loaded), unit: 'ms' },
      { name: `${name}: import, median`.padEnd(24), value: median(loaded), unit: 'ms' },
    ]);
  }
} finally {
  rmSync(folder, { recursive: true });
}
