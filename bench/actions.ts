/**
 * Measures how long each action takes to refuse a wrong or missing input, as a multiple of the time that bare Node takes to
 * start; with `--published FILE` also the published bundle of aws-actions/configure-aws-credentials. Also measures the size
 * of post-report, which contains GitHub's client.
 */
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { actionNames } from '../actions/build.ts';
import { repository } from '../pipeline/repository.ts';
import { median, report } from './table.ts';

const rounds = 25;
const { values } = parseArgs({ options: { published: { type: 'string' } } });

const scratch = await mkdtemp(join(tmpdir(), 'mlops-bench-'));
const empty = join(scratch, 'empty.mjs');
await writeFile(empty, '');
const bare = 'node';
const peer = 'configure-aws-credentials';
const cases = new Map([[bare, { program: empty, input: {} }]]);
for (const name of await actionNames()) {
  const program = join(repository, 'actions', name, 'dist/main.js');
  if (!existsSync(program)) throw new Error(`${program}: no such file, expected a bundle: npm run build`);
  // An action without required inputs has one of these inputs, and none accepts this value.
  cases.set(name, {
    program,
    input: { INPUT_MODE: '?', INPUT_TARGET: '?', INPUT_COPY: '?', INPUT_PROMOTE: '?' },
  });
}
if (values.published !== undefined) cases.set(peer, { program: values.published, input: {} });

const times = new Map([...cases.keys()].map((name): [string, number[]] => [name, []]));
for (let round = 0; round < rounds; round++)
  for (const [name, { program, input }] of cases) {
    const began = performance.now();
    const { status } = spawnSync(process.execPath, [program], { env: input, cwd: scratch });
    times.get(name)?.push(performance.now() - began);
    if (name !== bare && status !== 1) throw new Error(`${name}: exit code ${status}, expected 1`);
  }
await rm(scratch, { recursive: true, force: true });

const timeOf = (name: string): number => median(times.get(name) ?? []);
const dist = join(repository, 'actions/post-report/dist');
const sizes = await Promise.all(
  (await readdir(dist)).map(async (file) => (await stat(join(dist, file))).size),
);
report([
  { name: 'bare node', value: Math.round(timeOf(bare)), unit: 'ms' },
  ...[...cases.keys()]
    .filter((name) => name !== bare)
    .map((name) => ({
      name: `${name}: a wrong input`,
      value: timeOf(name) / timeOf(bare),
      unit: 'x node',
      ...(name !== peer && { most: 2 }),
    })),
  {
    name: 'post-report: its bundle',
    value: Math.round(sizes.reduce((sum, size) => sum + size, 0) / 1000),
    unit: 'kB',
    most: 1100,
  },
]);
