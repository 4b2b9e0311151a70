import { cpSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { Workspace } from '../pipeline/cli/cli.fixture.ts';
import { expectWithin, runToVerdict } from '../pipeline/cli/verdict.fixture.ts';

/*
 * Scripts in the style that users have, with scikit-learn, LightGBM and XGBoost, each unchanged beside script_mode.
 */

// The first run ever installs the frameworks.
jest.setTimeout(600_000);
const root = join(import.meta.dirname, '..');

/** 1,500 people: codes that look like numbers, missing numbers, flags; what they spent, and whether they bought. */
function people(): string {
  let state = 7;
  const random = () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
  const rows = Array.from({ length: 1500 }, (_, id) => {
    const region = ['01001', '07030', '10115', '94040'][Math.floor(4 * random())] ?? '';
    const age = 20 + Math.floor(50 * random());
    const income = random() < 0.1 ? '' : (2000 + 4000 * random()).toFixed(2);
    const member = random() < 0.4;
    const log = (region === '07030' ? 1.5 : -0.5) + (member ? 1.5 : -0.8) + (age - 45) / 20;
    const bought = random() < 1 / (1 + Math.exp(-log));
    const spent = 3 * age + Number(income || 4000) / 50 + 20 * random();
    return [id, region, age, income, member ? 'True' : 'False', bought ? 'yes' : 'no', spent.toFixed(2)].join(
      ',',
    );
  });
  return `id,region,age,income,member,bought,spent\n${rows.join('\n')}\n`;
}

const frameworks = [
  {
    framework: 'scikit-learn',
    lock: 'examples/script-mode/model/requirements.txt',
    target: { problem: 'binary', target: 'bought', exclude: 'spent', positive: 'yes' },
    training: 'training: { hyperparameters: { C: 0.5 }, metrics: { accuracy: "train_accuracy=([0-9.]+);" } }',
    sensible: { roc_auc: [0.7, 0.9], log_loss: [0.3, 0.65] },
  },
  {
    framework: 'lightgbm',
    lock: 'examples/lightgbm/model/requirements.txt',
    target: { problem: 'binary', target: 'bought', exclude: 'spent', positive: 'yes' },
    training:
      'training: { hyperparameters: { num_leaves: 5 }, metrics: { accuracy: "train_accuracy=([0-9.]+);" } }',
    sensible: { roc_auc: [0.7, 0.9], log_loss: [0.3, 0.7] },
  },
  {
    framework: 'xgboost',
    lock: 'fixtures/script-mode/requirements-xgboost.txt',
    target: { problem: 'regression', target: 'spent', exclude: 'bought', positive: null },
    training: 'training: { hyperparameters: { max_depth: 3 }, metrics: { rmse: "train_rmse=([0-9.]+);" } }',
    sensible: { r2: [0.9, 1], rmse: [5, 12] },
  },
] as const;

/** A project whose model is `script` beside script_mode. */
function project(script: string, lock: string, config: string): Workspace {
  const workspace = new Workspace();
  const model = workspace.path('model');
  mkdirSync(model);
  for (const part of ['script_mode', 'pyproject.toml', 'model.yaml'])
    cpSync(join(root, 'examples/script-mode/model', part), join(model, part), { recursive: true });
  cpSync(join(root, lock), join(model, 'requirements.txt'));
  writeFileSync(join(model, 'train.py'), script);
  writeFileSync(workspace.path('people.csv'), people());
  writeFileSync(workspace.path('mlops.yaml'), config);
  return workspace;
}

test.each(frameworks)('$framework: the script runs as it is, and its model is judged', async (each) => {
  const { framework, lock, target, training, sensible } = each;
  const script = readFileSync(join(root, 'fixtures/script-mode', `${framework}.py`), 'utf8');
  const positive = target.positive === null ? '' : `  positive: "${target.positive}"\n`;
  const config = `project: people
problem: ${target.problem}
data:
  source: people.csv
  target: ${target.target}
  row_id: id
  exclude: [${target.exclude}]
${positive}${training}
`;
  const workspace = project(script, lock, config);
  const run = await runToVerdict(workspace);
  expect(run.status).toBe('succeeded');
  expectWithin(run, sensible);
});
