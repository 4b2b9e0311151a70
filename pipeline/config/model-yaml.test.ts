import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadConfig } from './load.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlops-model-yaml-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const four = 'project: leave\nproblem: regression\ndata: { source: rows.csv, target: days }\n';

/** Writes the files and returns the path of mlops.yaml. */
function write(files: Record<string, string>): string {
  for (const [name, text] of Object.entries({ 'mlops.yaml': four, ...files })) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, 'mlops.yaml');
}

const said = 'csv: { header: true, target: last }\nmanifest_channel: types\nextra: [why, how_much]\n';

const modelOf = async (path: string, set: string[] = [], name?: string) =>
  (await loadConfig(path, { set, model: name })).config.model;

test('what the folder says is what the run is made with', async () => {
  const model = await modelOf(write({ 'model/model.yaml': said }));
  expect(model).toEqual({
    context: 'model',
    image: null,
    content_type: 'text/csv',
    csv: { header: true, target: 'last' },
    channel: 'train',
    manifest_channel: 'types',
    output: 'value',
    extra: ['why', 'how_much'],
    intended_use: null,
    limits: [],
  });
});

test('the folder says what its model is for and what it is not for; each is a sentence on one line', async () => {
  const words = 'intended_use: Ranks rows.\nlimits: [Not for persons., Not for 2019.]\n';
  const path = write({ 'model/model.yaml': words });
  expect(await modelOf(path)).toMatchObject({
    intended_use: 'Ranks rows.',
    limits: ['Not for persons.', 'Not for 2019.'],
  });
  expect((await modelOf(path, ['model.intended_use=none', 'model.limits=[]'])).limits).toEqual([]);
  for (const [bad, message] of [
    [
      'intended_use: ""',
      /model\.yaml: intended_use: got "", expected one sentence, of at most 500 characters/,
    ],
    ['limits: Not for persons.', /limits: got "Not for persons\.", expected a list of sentences/],
    ['limits: ["one\\ntwo"]', /limits\.0: got "one\\ntwo", expected one sentence, of at most 500 characters/],
    [`limits: [${'x'.repeat(501)}]`, /limits\.0.*at most 500 characters/],
  ] as const)
    await expect(modelOf(write({ 'model/model.yaml': `${bad}\n` }))).rejects.toThrow(message);
});

test('a folder without the file, and a file without settings, leave the defaults', async () => {
  const bare = await modelOf(write({ 'model/Dockerfile': '' }));
  expect(bare).toMatchObject({ csv: { header: false }, manifest_channel: null, extra: [] });
  expect(await modelOf(write({ 'model/model.yaml': '# nothing yet\n' }))).toEqual(bare);
});

test('mlops.yaml overrides it key by key, and --set overrides both', async () => {
  const path = write({
    'mlops.yaml': `${four}model: { context: other, csv: { header: false }, manifest_channel: none }\n`,
    'other/model.yaml': said,
    'model/model.yaml': 'extra: [of another folder]\n',
  });
  expect(await modelOf(path)).toMatchObject({
    csv: { header: false, target: 'last' },
    manifest_channel: null,
    extra: ['why', 'how_much'],
  });
  expect((await modelOf(path, ['model.extra=[]', 'model.csv.target=first'])).extra).toEqual([]);
  expect((await modelOf(path, ['model.context=model'])).extra).toEqual(['of another folder']);
});

test('JSON Lines in mlops.yaml needs no word about the layout of CSV', async () => {
  const path = write({ 'model/model.yaml': said });
  const model = await modelOf(path, ['model.content_type=application/jsonlines']);
  expect(model).toMatchObject({ content_type: 'application/jsonlines', extra: ['why', 'how_much'] });
});

test('an image for one run is one of the folder; an image in mlops.yaml has no folder', async () => {
  const image = `repository@sha256:${'0'.repeat(64)}`;
  const path = write({ 'model/model.yaml': said });
  const once = await modelOf(path, ['model.context=', `model.image="${image}"`]);
  expect(once).toMatchObject({ context: null, image, extra: ['why', 'how_much'] });
  const fixed = write({ 'mlops.yaml': `${four}model: { image: "${image}" }\n` });
  expect(await modelOf(fixed)).toMatchObject({ context: null, extra: [] });
});

test('each of several models has its own, above it the defaults of the project', async () => {
  const path = write({
    'mlops.yaml': 'project: people\nmodels: [aa, bb]\ndefaults: { model: { channel: rows } }\n',
    'aa/mlops.yaml': 'problem: binary\ndata: { source: rows.csv, target: left }\n',
    'aa/model.yaml': said,
    'bb/mlops.yaml': 'problem: binary\ndata: { source: rows.csv, target: left }\nmodel: { extra: [own] }\n',
    'bb/model.yaml': 'channel: training\nextra: [x, y]\n',
  });
  expect(await modelOf(path, [], 'aa')).toMatchObject({ channel: 'rows', extra: ['why', 'how_much'] });
  expect(await modelOf(path, [], 'bb')).toMatchObject({ channel: 'rows', extra: ['own'] });
});

test('a mistake is told with file, line and the key that was meant', async () => {
  const file = 'model/model.yaml';
  const path = write({
    [file]: 'extr: [why]\ncontent_type: text/tsv\ncsv: { header: "yes" }\ncontext: model\n',
  });
  const error = await loadConfig(path).catch((thrown: Error) => thrown);
  const lines = (error as Error).message.split('\n');
  expect(lines).toHaveLength(4);
  for (const line of [
    'extr: unknown key "extr"; did you mean "extra"? (line 1, column 1)',
    'content_type: got "text/tsv", expected text/csv or application/jsonlines; did you mean "text/csv"? (line 2, column 15)',
    'csv.header: got "yes", expected true or false (line 3, column 16)',
    'context: got this key in model.yaml, expected it in mlops.yaml: model: { context: ... } (line 4, column 10)',
  ])
    expect(lines).toContain(`${join(folder, file)}: ${line}`);
});

test.each([
  ['no settings', '- extra\n', /model\.yaml: got a list or a text, expected settings/],
  ['no YAML', 'extra: [\n', /model\.yaml: not valid YAML: .*\(line 2, column 1\)/],
])('%s: refused, with the file', async (_what, text, message) => {
  await expect(loadConfig(write({ 'model/model.yaml': text }))).rejects.toThrow(message);
});

test('a rule that it breaks with mlops.yaml is told at its own line', async () => {
  const path = write({ 'model/model.yaml': 'extra: [why]\noutput: probability\n' });
  await expect(loadConfig(path)).rejects.toThrow(
    `${join(folder, 'model/model.yaml')}: output: got "probability", expected value for problem regression: model: { output: value }, which is the default (line 2, column 9)`,
  );
});
