import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Workspace } from './cli.fixture.ts';
import { smallConfig, smallData, smallProject } from './small-project.fixture.ts';
import { releasableProject } from './small-release.fixture.ts';

async function validate(workspace: Workspace, ...args: string[]) {
  const text = await workspace.mlops('validate', ...args);
  const json = await workspace.mlops('validate', '--json', ...args);
  expect([json.code, json.stderr]).toEqual([text.code, text.stderr]);
  return { ...text, json: JSON.parse(json.stdout) };
}

test('what is sound, and what was looked at', async () => {
  const { code, stdout, stderr, json } = await validate(smallProject());
  expect([code, stderr]).toEqual([0, '']);
  expect(stdout).toBe(
    'mlops.yaml: valid\ndata.csv: valid; 400 rows, 5 columns\nHoldout: about 80 rows (20 %) by a hash of id\n',
  );
  const columns = ['id', 'x', 'noise', 'group', 'y'];
  expect(json).toEqual({
    ok: true,
    model: 'small',
    errors: [],
    warnings: [],
    checked: { rows: 400, columns, holdout: 80 },
  });
});

test('every problem of mlops.yaml with line and column, in text and in JSON', async () => {
  const workspace = smallProject();
  const config = smallConfig.replace('target: y', 'traget: y').replace('min: 0.6', 'min: high');
  writeFileSync(workspace.path('mlops.yaml'), config);
  const { code, stderr, stdout, json } = await validate(workspace, '--set', 'data.holdout=2');
  expect([code, stdout]).toEqual([2, '']);
  const lines = config.split('\n');
  const placeOf = (text: string) => {
    const line = lines.findIndex((candidate) => candidate.includes(text));
    return { line: line + 1, column: (lines[line] ?? '').indexOf(text) + 1, file: 'mlops.yaml' };
  };
  expect(json).toMatchObject({ ok: false, checked: null });
  expect(json.errors).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ path: 'data.traget', ...placeOf('traget') }),
      expect.objectContaining({ path: 'gate.thresholds.roc_auc.min', ...placeOf('high') }),
      expect.objectContaining({ path: 'data.holdout', from_set: true, file: 'mlops.yaml' }),
    ]),
  );
  const { line, column } = placeOf('traget');
  expect(stderr).toContain(
    `mlops.yaml: data.traget: unknown key "traget"; did you mean "target"? (line ${line}, column ${column})\n`,
  );
  expect(stderr).toContain('--set data.holdout: got 2, expected a number above 0 and below 1\n');
  expect(stderr.trim().split('\n')).toHaveLength(json.errors.length);
});

test('problems of the data with file, line and column', async () => {
  const workspace = smallProject();
  const rows = smallData().split('\n');
  rows[4] = rows[4]?.replace(/[^,]+$/, '') ?? '';
  rows[9] = rows[3] ?? '';
  rows[11] += ',1';
  writeFileSync(workspace.path('data.csv'), rows.join('\n'));
  const { code, stderr, json } = await validate(workspace);
  expect(code).toBe(2);
  const places = json.errors.map(({ path, file, line, field }: Record<string, unknown>) => [
    path,
    file,
    line,
    field,
  ]);
  expect(places).toEqual([
    ['data.target', 'data.csv', 5, 'y'],
    ['data.row_id', 'data.csv', 10, 'id'],
    ['data.source', 'data.csv', 12, undefined],
  ]);
  expect(stderr).toBe(
    'data.csv: line 5: column y: got nothing, expected a value in every row; data.drop_missing_target: true leaves such rows out and counts them\n' +
      'data.csv: line 10: column id: got "r2" again (first at line 4), expected unique row ids; ' +
      'if id names a person or thing with several rows, write data.split: { by: group, column: id } and leave data.row_id out\n' +
      'data.csv: line 12: got 6 fields, expected 5 as in the header\n',
  );
});

test('files that mlops.yaml names and that are not there, with the data', async () => {
  const workspace = smallProject();
  appendFileSync(workspace.path('mlops.yaml'), 'prepare: { script: model/prepare.py }\n');
  rmSync(workspace.path('data.csv'));
  const { code, stderr, json } = await validate(workspace);
  expect(code).toBe(2);
  const line = readFileSync(workspace.path('mlops.yaml'), 'utf8').split('\n').length - 1;
  const missing = 'got "model/prepare.py", where nothing was found; expected a Python file';
  expect(json.errors).toEqual([
    expect.objectContaining({ path: 'data.source', file: 'mlops.yaml', line: 4 }),
    { path: 'prepare.script', message: missing, line, column: 20, file: 'mlops.yaml' },
  ]);
  expect(stderr.split('\n')[1]).toBe(`mlops.yaml: prepare.script: ${missing} (line ${line}, column 20)`);
  const { stderr: overridden } = await validate(workspace, '--set', 'prepare.script=new.py');
  expect(overridden.split('\n')[1]).toBe(
    '--set prepare.script: got "new.py", where nothing was found; expected a Python file',
  );
});

const programs =
  'under [project.scripts] in its pyproject.toml, as the Python files train.py and serve.py, or in the image of its Dockerfile';

test("the model's folder: what its model.yaml says, and what is wrong with either", async () => {
  const workspace = smallProject();
  writeFileSync(
    workspace.path('model/model.yaml'),
    'csv: { header: true }\nextra: [why]\nmanifest_channel: types\n',
  );
  const { stdout } = await validate(workspace, '--set', 'model.output=label', '--set', 'gate.thresholds=');
  expect(stdout.split('\n')[1]).toBe(
    'model/model.yaml: valid; takes text/csv, a header, target first, and the manifest as channel types; answers labels, why',
  );
  writeFileSync(workspace.path('model/model.yaml'), 'csv: { header: true }\nextras: [why]\n');
  const typo = await validate(workspace);
  expect(typo.code).toBe(2);
  expect(typo.json.errors).toEqual([
    {
      file: 'model/model.yaml',
      path: 'extras',
      message: 'unknown key "extras"; did you mean "extra"?',
      line: 2,
      column: 1,
    },
  ]);
  rmSync(workspace.path('model/model.yaml'));

  const absent = await validate(workspace, '--set', 'model.context=modl');
  expect(absent.code).toBe(2);
  expect(absent.stderr).toBe(
    `--set model.context: got "modl", where nothing was found; expected a folder with train and serve: ${programs}; did you mean "model"?\n`,
  );
  rmSync(workspace.path('model/Dockerfile'));
  expect((await validate(workspace)).code).toBe(0);
  const aws = '{ staging: { account: "111111111111", region: eu-west-1 } }';
  const deployed = await validate(workspace, '--set', `environments=${aws}`);
  expect(deployed.stderr).toContain(
    'mlops.yaml: model.context: got "model", a folder without Dockerfile; expected model/Dockerfile, because environments.staging runs on AWS (line ',
  );
  rmSync(workspace.path('model/pyproject.toml'));
  const bare = await validate(workspace);
  expect([bare.code, bare.json.errors[0].path]).toEqual([2, 'model.context']);
  expect(bare.stderr).toContain(
    `got "model", but model: got a folder without train and serve; expected them ${programs}`,
  );
  const script = 'def model_fn(model_dir):\n    return None\n';
  writeFileSync(workspace.path('model/train.py'), script);
  expect((await validate(workspace)).stderr).toContain(
    `got "model", a folder without serve; expected a folder with train and serve: ${programs}; train.py has model_fn, as SageMaker's script mode asks: copy script_mode/ and pyproject.toml of examples/script-mode/model beside it`,
  );
  writeFileSync(workspace.path('model/serve'), '#!/usr/bin/env python3\n');
  expect((await validate(workspace)).code).toBe(0);
});

test('data in a bucket is left to the run, and a prepare script is told of', async () => {
  const workspace = smallProject();
  const remote = await validate(workspace, '--set', 'data.source=s3://bucket/data/');
  expect([remote.code, remote.stdout]).toEqual([
    0,
    'mlops.yaml: valid\ns3://bucket/data/: checked when a run starts\n',
  ]);
  expect(remote.json).toEqual({ ok: true, model: 'small', errors: [], warnings: [], checked: null });
  writeFileSync(workspace.path('prepare.py'), 'def transform(frame):\n    return frame\n');
  const { stdout } = await validate(workspace, '--set', 'prepare.script=prepare.py');
  expect(stdout).toContain('about 80 rows (20 %) by a hash of id, before prepare.py\n');
});

test('rows to predict are looked at, too: each column that a release would miss', async () => {
  const workspace = releasableProject();
  const sound = await validate(workspace);
  expect([sound.code, sound.stdout]).toEqual([
    0,
    expect.stringContaining('\nnew.csv: has the columns that the model needs\n'),
  ]);
  const [header = '', ...rows] = workspace.read('new.csv').split('\n');
  workspace.write({ 'new.csv': [header.replace('id,x', 'ID,X'), ...rows].join('\n') });
  const { code, stderr, json } = await validate(workspace);
  expect(code).toBe(2);
  expect(stderr).toBe(
    'new.csv: got no column "x", expected it: which data.source has; did you mean "X"?\n' +
      'new.csv: got no column "id", expected it: by which predictions are told apart (data.row_id); did you mean "ID"?\n',
  );
  expect(json.errors).toEqual([
    expect.objectContaining({ path: 'data.scoring', file: 'new.csv' }),
    expect.objectContaining({ path: 'data.scoring', file: 'new.csv' }),
  ]);
  workspace.write({ 'new.csv': '' });
  expect((await validate(workspace)).stderr).toContain('new.csv: got an empty file');
});

test('pipes, sockets and devices are refused at once where a file is named', async () => {
  const workspace = smallProject();
  execFileSync('mkfifo', [workspace.path('pipe')]);
  const refusals: [args: string[], message: string][] = [
    [['--config', 'pipe'], 'pipe: got a pipe, expected a file\n'],
    [['--config', '/dev/zero'], '/dev/zero: got a device, expected a file\n'],
    [['--config', '.'], '.: got a folder, expected a file\n'],
    [
      ['--set', 'data.source=pipe'],
      '--set data.source: got "pipe", which is a pipe; expected a file, or a folder with files\n',
    ],
    [
      ['--set', 'data.source=/dev/zero'],
      '--set data.source: got "/dev/zero", which is a device; expected a file, or a folder with files\n',
    ],
    [
      ['--set', 'prepare.script=pipe'],
      '--set prepare.script: got "pipe", which is a pipe; expected a Python file\n',
    ],
    [
      ['--set', 'model.context=pipe'],
      `--set model.context: got "pipe", which is a pipe; expected a folder with train and serve: ${programs}\n`,
    ],
  ];
  for (const [args, message] of refusals) {
    const { code, stderr } = await workspace.mlops('validate', ...args);
    expect([code, stderr]).toEqual([2, message]);
  }
  // Beside data, also behind links, they hold no rows.
  mkdirSync(workspace.path('rows'));
  renameSync(workspace.path('data.csv'), workspace.path('rows/data.csv'));
  symlinkSync(workspace.path('pipe'), workspace.path('rows/pipe.csv'));
  symlinkSync('/dev/zero', workspace.path('rows/zero.csv'));
  const beside = await workspace.mlops('validate', '--set', 'data.source=rows');
  expect([beside.code, beside.stdout]).toEqual([0, expect.stringContaining('rows: valid; 400 rows')]);
  const several = `project: small\nmodels: [one]\n`;
  writeFileSync(workspace.path('several.yaml'), several);
  mkdirSync(workspace.path('one'));
  execFileSync('mkfifo', [workspace.path('one/mlops.yaml')]);
  const { code, stderr } = await workspace.mlops('validate', '--config', 'several.yaml');
  expect([code, stderr]).toEqual([2, 'one/mlops.yaml: got a pipe, expected a file\n']);
});
