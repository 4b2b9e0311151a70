/**
 * How long each action takes to refuse a missing or wrong input, beside a bare Node and, where `--published FILE` names it,
 * the published bundle of aws-actions/configure-aws-credentials.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { actionNames } from '../actions/build.ts';
import { repository } from '../pipeline/repository.ts';

const rounds = 15;
const { values } = parseArgs({ options: { published: { type: 'string' } } });

const scratch = await mkdtemp(join(tmpdir(), 'mlops-bench-'));
const empty = join(scratch, 'empty.mjs');
await writeFile(empty, '');
const bare = 'node';
const cases = new Map([[bare, { program: empty, input: {} }]]);
for (const name of await actionNames()) {
  const program = join(repository, 'actions', name, 'dist/main.js');
  if (!existsSync(program)) throw new Error(`${program}: no such file, expected it: npm run build`);
  // Where nothing is required, a value that is none of an input's.
  cases.set(name, {
    program,
    input: { INPUT_MODE: '?', INPUT_TARGET: '?', INPUT_COPY: '?', INPUT_PROMOTE: '?' },
  });
}
if (values.published !== undefined)
  cases.set('configure-aws-credentials', { program: values.published, input: {} });

const times = new Map([...cases.keys()].map((name): [string, number[]] => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const [name, { program, input }] of cases) {
    const began = performance.now();
    const { status } = spawnSync(process.execPath, [program], { env: input, cwd: scratch });
    times.get(name)?.push(performance.now() - began);
    if (name !== bare && status !== 1) throw new Error(`${name}: exit code ${status}, expected 1`);
  }
await rm(scratch, { recursive: true, force: true });

const median = (name: string): number =>
  times.get(name)?.toSorted((a, b) => a - b)[Math.floor(rounds / 2)] ?? 0;
console.log(`A wrong or missing input, median of ${rounds}, in turn`);
for (const name of cases.keys())
  console.log(
    `  ${name.padEnd(28)}${`${Math.round(median(name))} ms`.padStart(8)}${`${(median(name) / median(bare)).toFixed(2)} x node`.padStart(14)}`,
  );
