/**
 * Compares the time to synthesize both stacks of the sample with two CDK apps of as many resources: a bare one that copies
 * the resources of our templates, and a plain one with a CDK construct for each. All use Node's compile cache.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resourceNames } from '../pipeline/names.ts';
import { median, report } from './table.ts';

const rounds = 7;
const coldRounds = 3;
const root = join(import.meta.dirname, '..');
const infra = join(root, 'infra');
const place = {
  project: 'synth-bench',
  environment: 'staging',
  account: '111111111111',
  region: 'us-east-1',
};
const { stack, identityStack } = resourceNames(place);
const functions = join(root, '.mlops/functions', stack);
const folder = mkdtempSync(join(tmpdir(), 'synth-bench-'));
const config = join(folder, 'mlops.yaml');
writeFileSync(
  config,
  `project: ${place.project}\nproblem: binary\ndata: { source: rows.csv, target: left }\n` +
    `environments: { staging: { account: "${place.account}", region: ${place.region} } }\n`,
);
const identity = JSON.stringify({
  subjectPrefix: 'repo:o@1/c@2',
  branch: 'main',
  provider: 'create',
  monthlyBudget: 50,
});
const contexts = { [stack]: {}, [identityStack]: { identity } };
const stacks = Object.keys(contexts);
const templateOf = (name: string) => join(folder, 'ours', `${name}.template.json`);

const apps = {
  ours: () => [join(infra, 'app.ts')],
  bare: (name: string) => [join(import.meta.dirname, 'synth/bare-app.ts'), templateOf(name)],
  plain: (name: string) => [join(import.meta.dirname, 'synth/plain-app.ts'), templateOf(name), functions],
};

/** Seconds that an app takes for both stacks, each in a process of its own. */
function seconds(app: keyof typeof apps, compiled = 'compiled'): number {
  const start = performance.now();
  for (const [name, context] of Object.entries(contexts)) {
    const env = {
      PATH: process.env.PATH,
      NODE_COMPILE_CACHE: join(folder, compiled),
      CDK_OUTDIR: join(folder, app),
      CDK_CONTEXT_JSON: JSON.stringify({ environment: place.environment, config, ...context }),
      CDK_VALIDATION: 'false',
    };
    const { status, stderr } = spawnSync(process.execPath, apps[app](name), {
      cwd: root,
      env,
      encoding: 'utf8',
    });
    if (status !== 0) throw new Error(stderr);
  }
  return (performance.now() - start) / 1000;
}

/** Removes what earlier synths kept, as in a new checkout. */
function coldSeconds(round: number): number {
  rmSync(functions, { recursive: true, force: true });
  return seconds('ours', `compiled-${round}`);
}

try {
  const ours: number[] = [];
  const bare: number[] = [];
  const plain: number[] = [];
  // The first round warms the disk cache and writes the templates; the second uses what the first has kept.
  for (let round = -2; round < rounds; round++) {
    const times = [seconds('ours'), seconds('bare'), seconds('plain')] as const;
    if (round < 0) continue;
    for (const [index, list] of [ours, bare, plain].entries()) list.push(times[index] ?? Number.NaN);
  }
  const cold = Array.from({ length: coldRounds }, (_, round) => coldSeconds(round));
  const resources = stacks.map(
    (name) => Object.keys(JSON.parse(readFileSync(templateOf(name), 'utf8')).Resources).length,
  );
  const beside = (others: readonly number[]) => median(ours.map((own, i) => own / (others[i] ?? Number.NaN)));
  report([
    { name: 'resources', value: resources.reduce((sum, count) => sum + count, 0), unit: '' },
    { name: 'synth of both stacks, nothing kept (median)', value: median(cold), unit: 's', most: 3 },
    { name: 'synth of both stacks, nothing changed (median)', value: median(ours), unit: 's', most: 3 },
    { name: 'a bare app: the same resources, copied (median)', value: median(bare), unit: 's' },
    { name: 'a plain app: a construct of the CDK each (median)', value: median(plain), unit: 's' },
    { name: 'ours / bare (median of pairs)', value: beside(bare), unit: 'x', most: 1.3 },
    { name: 'ours / plain (median of pairs)', value: beside(plain), unit: 'x', most: 1.3 },
  ]);
} finally {
  rmSync(folder, { recursive: true });
  rmSync(functions, { recursive: true, force: true });
}
