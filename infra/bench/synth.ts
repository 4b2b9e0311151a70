/** How long both stacks of the sample take to synthesize, beside a bare CDK app of the very same resources. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { median, report } from '../../scripts/bench-table.ts';

const rounds = 5;
const infra = join(import.meta.dirname, '..');
const folder = mkdtempSync(join(tmpdir(), 'synth-bench-'));
const config = join(folder, 'mlops.yaml');
writeFileSync(
  config,
  'project: churn\nproblem: binary\ndata: { source: rows.csv, target: left }\n' +
    'environments: { staging: { account: "111111111111", region: us-east-1 } }\n',
);
const identity = JSON.stringify({ subjectPrefix: 'repo:o@1/c@2', provider: 'create', monthlyBudget: 50 });
const contexts = { environment: {}, identity: { identity } };

/** Seconds of an app in a process of its own. */
function seconds(output: string, context: object, ...program: string[]): number {
  const env = {
    PATH: process.env.PATH,
    CDK_OUTDIR: join(folder, output),
    CDK_CONTEXT_JSON: JSON.stringify({ environment: 'staging', config, ...context }),
    CDK_VALIDATION: 'false',
  };
  const start = performance.now();
  const { status, stderr } = spawnSync(process.execPath, program, {
    cwd: join(infra, '..'),
    env,
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(stderr);
  return (performance.now() - start) / 1000;
}

function templateOf(output: string): string {
  const file = readdirSync(join(folder, output)).find((name) => name.endsWith('.template.json'));
  return join(folder, output, file ?? '');
}

try {
  const ours: number[] = [];
  const bare: number[] = [];
  // The first round warms what the disk holds and writes the templates.
  for (let round = 0; round <= rounds; round++) {
    let [own, other] = [0, 0];
    for (const [name, context] of Object.entries(contexts)) {
      own += seconds(name, context, join(infra, 'app.ts'));
      other += seconds(`${name}-bare`, {}, join(import.meta.dirname, 'bare-app.ts'), templateOf(name));
    }
    if (round === 0) continue;
    ours.push(own);
    bare.push(other);
  }
  const resources = Object.keys(contexts).map(
    (name) => Object.keys(JSON.parse(readFileSync(templateOf(name), 'utf8')).Resources).length,
  );
  report([
    { name: 'resources', value: resources.reduce((sum, count) => sum + count, 0), unit: '' },
    { name: 'synth of both stacks, functions bundled (median)', value: median(ours), unit: 's', most: 3 },
    { name: 'a bare app of the same resources (median)', value: median(bare), unit: 's' },
    {
      name: 'ours / bare (median of pairs)',
      value: median(ours.map((own, i) => own / (bare[i] ?? 0))),
      unit: 'x',
      most: 1.3,
    },
  ]);
} finally {
  rmSync(folder, { recursive: true });
}
