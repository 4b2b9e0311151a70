import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from '@jest/globals';
import { loadConfig, loadModels, loadProject, modelNames } from './load.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mlops-models-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(files: Record<string, string>): string {
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), text);
  }
  return join(folder, 'mlops.yaml');
}

const root = `project: people
models: [model/attrition, model/churn]
defaults:
  problem: binary
  gate: { primary: roc_auc, confidence: 0.9 }
budget: { max_run_usd: 20 }
notifications: { email: [team@example.com] }
environments:
  staging: { account: "111111111111", region: eu-west-1 }
`;
const model = (rest = '') => `data: { source: rows.csv, target: left }\n${rest}`;
const project = (changes: Record<string, string> = {}) =>
  write({
    'mlops.yaml': root,
    'model/attrition/mlops.yaml': model(),
    'model/churn/mlops.yaml': model(),
    ...changes,
  });

test("a model has its own settings, the root's defaults beneath them, and what the project says", async () => {
  const file = project({
    'model/churn/mlops.yaml': model('gate: { confidence: 0.99 }\nbudget: { max_run_usd: 5 }\n'),
  });
  const { config, path } = await loadConfig(file, { model: 'churn' });
  expect(path).toBe(join(folder, 'model/churn/mlops.yaml'));
  expect(config).toMatchObject({
    project: 'people',
    name: 'churn',
    problem: 'binary',
    gate: { primary: 'roc_auc', confidence: 0.99 },
    budget: { max_run_usd: 5 },
    notifications: { email: ['team@example.com'] },
    model: { context: '.' },
  });
  expect(Object.keys(config.environments)).toEqual(['staging']);
  const other = (await loadConfig(file, { model: 'attrition' })).config;
  expect(other).toMatchObject({ name: 'attrition', gate: { confidence: 0.9 }, budget: { max_run_usd: 20 } });
});

test('what train gets is as written, in defaults and in the own file', async () => {
  const file = project({
    'mlops.yaml': root.replace('gate:', 'training: { hyperparameters: { a: 1.0, b: 007 } }\n  gate:'),
    'model/churn/mlops.yaml': model('training: { hyperparameters: { b: 1.10, c: yes } }\n'),
  });
  expect((await loadConfig(file, { model: 'churn' })).config.training.hyperparameters).toEqual({
    a: '1.0',
    b: '1.10',
    c: 'yes',
  });
});

test('a model is named by its folder, or by its own file', async () => {
  const file = project({ 'model/churn/mlops.yaml': model('name: leavers\n') });
  expect(await modelNames(file)).toEqual(['attrition', 'leavers']);
  expect((await loadModels(file)).map(({ name }) => name)).toEqual(['attrition', 'leavers']);
});

test('without models the file describes the only one, named as the project', async () => {
  const file = write({ 'mlops.yaml': `project: churn\nproblem: binary\n${model()}` });
  expect(await modelNames(file)).toBeUndefined();
  expect((await loadConfig(file)).config.name).toBe('churn');
  expect((await loadConfig(file, { model: 'churn' })).config.name).toBe('churn');
  await expect(loadConfig(file, { model: 'other' })).rejects.toThrow(
    `--model: got "other", expected churn, the only model of ${file}`,
  );
  await expect(
    loadConfig(write({ 'mlops.yaml': `project: churn\nname: x\nproblem: binary\n${model()}` })),
  ).rejects.toThrow(
    'name: got a name in a file without `models`, expected none: the only model has the name of the project (line 2, column 7)',
  );
});

test('one of several is to be named; a single one of a list need not be', async () => {
  const file = project();
  await expect(loadConfig(file)).rejects.toThrow('--model: got none, expected one of attrition, churn');
  await expect(loadConfig(file, { model: 'attritoin' })).rejects.toThrow(
    '--model: got "attritoin", expected one of attrition, churn; did you mean "attrition"?',
  );
  const one = project({ 'mlops.yaml': root.replace(', model/churn', '') });
  expect((await loadConfig(one)).config.name).toBe('attrition');
});

test("a model's broken file keeps no other from running, and is told for itself", async () => {
  const file = project({ 'model/churn/mlops.yaml': 'data: [' });
  expect((await loadConfig(file, { model: 'attrition' })).config.name).toBe('attrition');
  await expect(loadConfig(file, { model: 'churn' })).rejects.toThrow(
    /model\/churn\/mlops\.yaml: not valid YAML/,
  );
  expect((await loadProject(file)).project).toBe('people');
  rmSync(join(folder, 'model/churn'), { recursive: true });
  expect((await loadConfig(file, { model: 'attrition' })).config.name).toBe('attrition');
  await expect(loadConfig(file, { model: 'churn' })).rejects.toThrow(
    /model\/churn\/mlops\.yaml: no such file/,
  );
});

test('a mistake is told at the file, path and line where it is written', async () => {
  const file = project({
    'mlops.yaml': root.replace('confidence: 0.9', 'confidence: 2'),
    'model/churn/mlops.yaml': model('gate: { min_positives: high }\n'),
  });
  await expect(loadConfig(file, { model: 'attrition' })).rejects.toThrow(
    `${file}: defaults.gate.confidence: got 2, expected a number above 0.5 and below 1 (line 5, column 41)`,
  );
  await expect(loadConfig(file, { model: 'churn' })).rejects.toThrow(
    `${join(folder, 'model/churn/mlops.yaml')}: gate.min_positives: `,
  );
});

test.each([
  [
    "a key of the project in a model's file",
    { 'model/attrition/mlops.yaml': model('environments: {}\n') },
    "environments: got this key in a model's own file, expected it in",
  ],
  [
    'a budget above the ceiling',
    { 'model/attrition/mlops.yaml': model('budget: { max_run_usd: 21 }\n') },
    'budget.max_run_usd: got 21, expected at most 20, the ceiling of',
  ],
  [
    'no budget where there is a ceiling',
    { 'model/attrition/mlops.yaml': model('budget: { max_run_usd: off }\n') },
    'budget.max_run_usd: got off, expected at most 20, the ceiling of',
  ],
  [
    'a key that is none of the root',
    { 'mlops.yaml': `${root}modles: []\n` },
    'unknown key "modles"; did you mean "models"?',
  ],
  ["a model's key in the root", { 'mlops.yaml': `${root}problem: binary\n` }, 'unknown key "problem"'],
  [
    'no models',
    { 'mlops.yaml': root.replace(/models: .*/, 'models: []') },
    'models: got an empty list, expected a list of at least one folder',
  ],
  [
    'two models of one name',
    { 'model/churn/mlops.yaml': model('name: attrition\n') },
    'models.1: got a second model called "attrition", expected names that differ',
  ],
  [
    'a name that is none',
    { 'model/attrition/mlops.yaml': model('name: "Attrition 2"\n') },
    'expected one of Attrition 2, churn',
  ],
])('refuses %s', async (_, changes, message) => {
  await expect(
    loadConfig(project(changes as Record<string, string>), { model: 'attrition' }),
  ).rejects.toThrow(message);
});
