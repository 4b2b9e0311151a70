import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadConfig, modelNames } from './load.ts';
import { didYouMeanPath, leadsOutside } from './locate.ts';

/** A project in `inside`, with another folder beside it. */
let folder = '';
beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'locate-')));
  for (const name of ['inside/sub', 'inside/rows', 'outside'])
    mkdirSync(join(folder, name), { recursive: true });
  for (const name of ['inside/rows.csv', 'inside/sub/rows.csv', 'outside/rows.csv'])
    writeFileSync(join(folder, name), 'x,y\n');
  symlinkSync('../outside/rows.csv', join(folder, 'inside/link.csv'));
  symlinkSync('../outside', join(folder, 'inside/linked'));
  symlinkSync('rows.csv', join(folder, 'inside/alias.csv'));
  symlinkSync('loop', join(folder, 'inside/loop'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const inside = (path: string, file = 'mlops.yaml') => leadsOutside(path, join(folder, 'inside', file));

test.each(['rows.csv', 'sub/../rows.csv', './rows', 'alias.csv', 'none/at/all', 'loop', '..hidden'])(
  '%s stays inside',
  async (path) => {
    expect(await inside(path)).toBeNull();
  },
);

test.each([
  ['../outside/rows.csv', 'outside/rows.csv'],
  ['..', ''],
  ['sub/../../outside', 'outside'],
  ['link.csv', 'outside/rows.csv'],
  ['linked/rows.csv', 'outside/rows.csv'],
  ['linked/none.csv', 'outside/none.csv'],
  ['../none', 'none'],
])('%s leads outside, to %s', async (path, target) => {
  expect(await inside(path)).toBe(join(folder, target));
});

test('an absolute path says where it leads', async () => {
  expect(await inside(join(folder, 'outside/rows.csv'))).toBeNull();
  expect(await inside(join(folder, 'inside/link.csv'))).toBeNull();
});

test('the project is the git checkout around mlops.yaml, or the folder that is given', async () => {
  expect(await inside('../rows.csv', 'sub/mlops.yaml')).toBe(join(folder, 'inside/rows.csv'));
  expect(
    await leadsOutside('../rows.csv', join(folder, 'inside/sub/mlops.yaml'), join(folder, 'inside')),
  ).toBeNull();
  mkdirSync(join(folder, 'inside/.git'));
  expect(await inside('../rows.csv', 'sub/mlops.yaml')).toBeNull();
  expect(await inside('../../outside', 'sub/mlops.yaml')).toBe(join(folder, 'outside'));
});

test('every setting that names a path is held to the project, each at its place', async () => {
  const file = join(folder, 'inside/mlops.yaml');
  const text = (source: string) => `project: demo
problem: binary
data: { source: ${source}, target: y }
model: { context: ../outside }
prepare: { script: linked/prepare.py }
`;
  writeFileSync(file, text('link.csv'));
  const error = await loadConfig(file).catch((thrown) => thrown);
  expect(error.message.split('\n')).toEqual([
    `${file}: data.source: got "link.csv", which leads out of the project, to ${folder}/outside/rows.csv; expected a path inside it, or the absolute path "${folder}/outside/rows.csv", which names that place (line 3, column 17)`,
    expect.stringContaining('model.context: got "../outside", which leads out of the project'),
    expect.stringContaining('prepare.script: got "linked/prepare.py", which leads out of the project'),
  ]);
  const set = [`model.context=${folder}/outside`, 'prepare='];
  writeFileSync(file, text(`${folder}/outside/rows.csv`));
  expect((await loadConfig(file, { set })).config.data.source).toBe(`${folder}/outside/rows.csv`);
});

test("a model's folder is in the project too", async () => {
  const file = join(folder, 'inside/mlops.yaml');
  for (const model of ['../outside', 'linked', '/../../outside']) {
    writeFileSync(file, `project: demo\nmodels: [sub, ${model}]\n`);
    await expect(modelNames(file)).rejects.toThrow(
      new RegExp(
        `models.1: got "${model}", which leads out of the project.*expected a folder in it \\(line 2`,
      ),
    );
  }
});

test.each([
  ['row.csv', '; did you mean "rows.csv"?'],
  ['sbu/rows.csv', '; did you mean "sub/rows.csv"?'],
  ['sub/rws.csv', '; did you mean "sub/rows.csv"?'],
  ['sub/zebra.parquet', ''],
  ['zebra/rows.csv', ''],
  ['rows.csv', ''],
])('of %s a near name is told: %s', async (path, hint) => {
  expect(await didYouMeanPath(path, join(folder, 'inside/mlops.yaml'))).toBe(hint);
  const absolute = join(folder, 'inside', path);
  expect(await didYouMeanPath(absolute, 'mlops.yaml')).toBe(
    hint.replace('"', `"${dirname(absolute).slice(0, join(folder, 'inside').length)}/`),
  );
});
