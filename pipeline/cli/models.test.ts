import { cpSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { parse, stringify } from 'yaml';
import type { Finished } from './cli.fixture.ts';
import { smallConfig, smallProject } from './small-project.fixture.ts';

/*
 * A project of two models in one state folder, as people run it: each finds what is its own and nothing else.
 */

const workspace = smallProject();
const models = ['alpha', 'beta'];
for (const name of models) {
  mkdirSync(workspace.path('models'), { recursive: true });
  cpSync(workspace.path('model'), workspace.path('models', name), { recursive: true });
  cpSync(workspace.path('data.csv'), workspace.path('models', name, 'data.csv'));
  const { project: _, model: __, ...rest } = parse(smallConfig);
  writeFileSync(workspace.path('models', name, 'mlops.yaml'), stringify(rest));
}
rmSync(workspace.path('model'), { recursive: true });
rmSync(workspace.path('data.csv'));
writeFileSync(workspace.path('mlops.yaml'), 'project: pair\nmodels: [models/alpha, models/beta]\n');

const json = ({ stdout }: Finished) => JSON.parse(stdout);
let all: Finished;

beforeAll(async () => {
  all = await workspace.mlops('run', '--mode', 'promote', '--model', 'all', '--json');
});

/** The folders of the ledger and of the artifacts, each with the models that it holds something of. */
const kept = () =>
  ['.mlops/ledger/pair', '.mlops/s3/mlops/pair'].flatMap((root) =>
    readdirSync(workspace.path(root)).map((kind) => [kind, readdirSync(workspace.path(root, kind)).sort()]),
  );

test('one command runs each, and promotes each in its own registry', () => {
  expect(all.code).toBe(0);
  const runs = json(all).models;
  expect(runs.map((run: { model: string }) => run.model)).toEqual(models);
  expect(runs.map((run: { package: string }) => run.package)).toEqual(['alpha/1', 'beta/1']);
  expect(runs.map((run: { promoted: boolean }) => run.promoted)).toEqual([true, true]);
  // The same rows and settings: what one has made never serves the other.
  expect(runs.map((run: { reused: string[] }) => run.reused)).toEqual([[], []]);
});

test('every key of what a run leaves names its model', () => {
  for (const [kind, found] of kept()) expect([kind, found]).toEqual([kind, models]);
});

test('a champion, its history and its looks are of one model', async () => {
  const again = await workspace.mlops(
    'run',
    '--model',
    'alpha',
    '--json',
    '--set',
    'training.hyperparameters.weight=0.9',
  );
  expect(json(again)).toMatchObject({ model: 'alpha', package: 'alpha/2', verdict: { holdout_uses: 2 } });
  const historyOf = async (model: string) =>
    json(await workspace.mlops('history', '--model', model, '--json'));
  expect(await historyOf('alpha')).toMatchObject({ project: 'pair', model: 'alpha', runs: [{}, {}] });
  const beta = await historyOf('beta');
  expect(beta).toMatchObject({ model: 'beta', champion: { package: 'beta/1' } });
  expect(beta.runs).toHaveLength(1);
  const foreign = await workspace.mlops('history', '--model', 'beta', '--package', 'alpha/1');
  expect([foreign.code, foreign.stderr]).toEqual([
    2,
    expect.stringContaining('expected a package in the registry: beta/1'),
  ]);
});

test('one of several is to be named', async () => {
  const none = await workspace.mlops('run');
  expect([none.code, none.stderr]).toEqual([
    2,
    expect.stringContaining('--model: got none, expected one of alpha, beta'),
  ]);
  const wrong = await workspace.mlops('doctor', '--model', 'gamma');
  expect([wrong.code, wrong.stderr]).toEqual([
    2,
    expect.stringContaining('got "gamma", expected one of alpha, beta'),
  ]);
});

test('a broken file is told, and keeps no other model from running', async () => {
  const file = workspace.path('models/alpha/mlops.yaml');
  const sound = workspace.read('models/alpha/mlops.yaml');
  writeFileSync(file, sound.replace('problem: binary', 'problem: bynary'));
  const run = await workspace.mlops('run', '--model', 'all', '--json');
  expect(run.code).toBe(2);
  expect(json(run).models).toMatchObject([
    {
      model: 'alpha',
      ok: false,
      error: {
        name: 'ConfigError',
        message: expect.stringContaining('models/alpha/mlops.yaml: problem: got "bynary"'),
      },
    },
    { model: 'beta', status: 'succeeded' },
  ]);
  const validated = await workspace.mlops('validate', '--json');
  expect(validated.code).toBe(2);
  expect(json(validated)).toMatchObject({
    ok: false,
    errors: [{ file: join('models/alpha/mlops.yaml'), path: 'problem' }],
    models: [{ model: 'alpha' }, { model: 'beta', errors: [], checked: { rows: 400 } }],
  });
  writeFileSync(file, sound);
});

test("a report is told by its model's name", async () => {
  const report = await workspace.mlops('report', 'last', '--model', 'beta', '--json');
  expect(json(report)).toMatchObject({ project: 'pair', model: 'beta' });
  expect(workspace.read('.mlops/runs', json(report).run.execution, 'report.html')).toContain('pair / beta');
});

test('a ledger from before models had names is refused, and moved on request, without a loss', async () => {
  const old = smallProject();
  expect((await old.mlops('run', '--mode', 'promote')).code).toBe(0);
  // As an earlier version kept it: KIND/ID, and no model in a run's request.
  const root = old.path('.mlops/ledger/small');
  for (const kind of readdirSync(root)) {
    for (const id of readdirSync(join(root, kind, 'small')))
      renameSync(join(root, kind, 'small', id), join(root, kind, id));
    rmSync(join(root, kind, 'small'), { recursive: true });
  }
  const [run = ''] = readdirSync(join(root, 'run'));
  const [version = ''] = readdirSync(join(root, 'run', run));
  const record = JSON.parse(old.read('.mlops/ledger/small/run', run, version));
  record.state.request.model = undefined;
  record.state.request.config.name = undefined;
  writeFileSync(join(root, 'run', run, version), JSON.stringify(record));

  const refused = await old.mlops('run');
  expect(refused.code).toBe(2);
  expect(refused.stderr).toContain(
    'whose keys name no model; expected keys that do: `mlops doctor --repair` moves the items',
  );
  const told = await old.mlops('doctor', '--json');
  expect(json(told).checks).toContainEqual(expect.objectContaining({ name: 'Keys', outcome: 'problem' }));
  expect(existsSync(join(root, 'champion/small'))).toBe(false);

  const repaired = await old.mlops('doctor', '--repair', '--json');
  expect(json(repaired).checks).toContainEqual(
    expect.objectContaining({
      name: 'Keys',
      outcome: 'ok',
      detail: expect.stringContaining('now belong to model small'),
    }),
  );
  expect(json(await old.mlops('history', '--json'))).toMatchObject({
    model: 'small',
    champion: { package: 'small/1' },
    runs: [{ execution: run }],
  });
  expect(json(await old.mlops('report', 'last', '--json'))).toMatchObject({ model: 'small' });
  const again = await old.mlops('run', '--json');
  expect(json(again)).toMatchObject({ status: 'succeeded', reused: ['Prepare', 'Train', 'Score candidate'] });
});
