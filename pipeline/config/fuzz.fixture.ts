import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sample } from '../../fixtures/sample.fixture.ts';
import { ConfigError } from '../errors.ts';
import { Random } from '../statistics/random.ts';
import { loadConfig, parseConfig } from './load.ts';

/** A file with every block of settings. */
const everything = `project: churn
problem: binary                      # binary | multiclass | regression
data:
  source: rows/churn.csv
  format: csv
  target: Churned
  positive: "Yes"
  row_id: Customer
  exclude: [Constant, Note]
  slices: [Region, Plan]
  features_exclude: [Region]
  holdout: 0.2
model:
  context: model
  content_type: text/csv
  csv: { header: true, target: first }
  channel: train
  manifest_channel: manifest
  output: probability
  extra: [reason_1, reason_2]
prepare:
  engine: processing
  script: prepare.py
  instance: &small { type: ml.m5.large, count: 1, volume_gb: 30 }
  max_runtime: 1h
training:
  instance: *small
  max_runtime: 90m
  spot: false
  input_mode: File
  hyperparameters: { C: 0.30, depth: 007, name: "fix #12" }
  metrics: { auc: 'auc=([0-9.]+);' }
tuning:
  strategy: bayesian
  objective: { metric: auc, goal: maximize }
  max_jobs: 8
  parallel_jobs: 2
  warm_start: false
  ranges:
    C: { min: 1e-2, max: 3.0, type: continuous, scale: logarithmic }
    kind: [linear, 1.0]
gate:
  primary: roc_auc
  confidence: 0.95
  thresholds: { roc_auc: { min: 0.75 }, brier: { max: 0.12 } }
  floor: true
  champion: { rule: non_inferior, margin: "5%" }
  anchor: { package: none, margin: 0.05 }
  min_change: { absolute: 0.005, relative: 0.01 }
  slices: { metric: roc_auc, max_drop: 0.1, min_positives: 20 }
  inconclusive: hold
  reuse: report
  enforce: true
inference:
  instance: { type: ml.m5.large, count: 1 }
  batch: { payload_mb: 4, strategy: multi_record, concurrency: 1 }
monitoring:
  schedule: daily
  truth: truth.csv
  label_delay: 30d
  drift: { tolerance: 0.1, false_alarms: 0.05 }
  decay: { metric: roc_auc, min: 0.72, mean_labels_between_false_alarms: 20000 }
triggers: { data_landed: true, schedule: none, decay: true }
budget: { max_run_usd: 5 }
notifications: { email: [team@example.com] }
environments:
  staging:
    account: "111111111111"
    region: us-east-1
    vpc: { subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d] }
    kms_key: arn:aws:kms:us-east-1:111111111111:key/a
    tags: { "cost.center": 42, team: risk }
  production: { account: "111111111111", region: us-east-1, approval: true }
`;

/** The files of a project of two models. */
const several = {
  root: `project: people
models: [model/one, model/two]
defaults:
  problem: binary
  gate: { primary: roc_auc }
  training: { hyperparameters: { C: 1.0 } }
budget: { max_run_usd: 20 }
environments:
  staging: { account: "111111111111", region: eu-west-1 }
`,
  own: 'name: one\ndata: { source: rows.csv, target: left }\ntraining: { hyperparameters: { b: 2 } }\n',
};

const oddValues = [
  ...['', '~', 'null', '[]', '{}', '[[[]]]', '{ a: { b: [1] } }', '[null, 1]', '[{ a: 1 }]', '{ ? [a] : 1 }'],
  ...[
    '.nan',
    '.inf',
    '-.inf',
    '1e400',
    '-1',
    '0',
    '-0',
    '0x1F',
    '0o17',
    '1_000',
    '12345678901234567890',
    '1e-400',
  ],
  ...[
    'yes',
    'no',
    'on',
    'off',
    'none',
    'true',
    'True',
    '2026-01-31',
    '1:30',
    '1.10',
    '"5%"',
    '-5%',
    '1e400%',
  ],
  ...[
    '""',
    '" "',
    '"\\0"',
    '"\\e[31m"',
    '"\\ud800"',
    '"a\\nb"',
    '"\\u202e"',
    "'",
    '"',
    '`',
    '@',
    '%',
    '|',
    '>',
    '|-\n  a',
  ],
  ...[
    '!!binary aGk=',
    '!!binary {}',
    '!!set { a }',
    '!!omap [a: 1]',
    '!!int x',
    '!!float 1',
    '!!null x',
    '!x y',
    '! 1',
  ],
  ...[
    '!!timestamp 2026-01-31',
    '!!pairs [a: 1]',
    '!!map []',
    '!!seq {}',
    '!!str [a]',
    '!!merge <<',
    '!<tag:x> 1',
  ],
  ...[
    '*small',
    '*none',
    '&a [*a]',
    '&a { b: *a }',
    '<<',
    '{ <<: *small }',
    '{ <<: [*small, *small] }',
    '{ __proto__: 1 }',
  ],
  ...[
    'constructor',
    '{ constructor: 1, toString: { a: 2 }, hasOwnProperty: 3 }',
    'toString',
    '__proto__',
    'prototype',
  ],
  ...[
    's3://bucket/x',
    's3://',
    's3:///',
    '../../etc/passwd',
    '/dev/zero',
    'file:///x',
    'C:\\x',
    '\u{1f600}',
    '\u202e',
    '\ufeff',
  ],
  ...[
    '9d',
    '1h30',
    '0s',
    '99999999999999999d',
    '[9999]',
    '(',
    '(a)(b)',
    '([',
    'x'.repeat(3_000),
    '['.repeat(40),
  ],
  ...[
    '{ min: 1 }',
    '{ min: b, max: a }',
    '{ min: 2, max: 1, type: integer }',
    '{ cron: 1 }',
    'cron(* * * * * *)',
  ],
];

const oddCharacters = [...'\0\x07\x1b\x7f\r\n\t \ufeff\u2028\ud800\u202e:,-?[]{}#&*!|>\'"%@`<\\.0aé'];

const oddPaths = [
  '',
  '.',
  'a..b',
  '"',
  '"a"',
  '"a.b".c',
  '__proto__.x',
  'constructor.prototype.x',
  'data.exclude.0',
  '..',
];

type Draw = {
  number: (below: number) => number;
  one: <T>(options: readonly T[]) => T;
};

/** A mutation of a text: of a line, a value, a key, or a few characters anywhere. */
function mutated(text: string, { number, one }: Draw): string {
  const lines = text.split('\n');
  const at = number(lines.length);
  const line = lines[at] ?? '';
  const other = lines[number(lines.length)] ?? '';
  const put = (...changed: string[]) =>
    [...lines.slice(0, at), ...changed, ...lines.slice(at + 1)].join('\n');
  const place = number(text.length);
  switch (number(12)) {
    case 0:
    case 1:
    case 2:
      return put(line.replace(/:( .*)?$/, () => `: ${one(oddValues)}`));
    case 3:
    case 4:
      return put(line.replace(/: [^,{}]+(?=[,}])/, () => `: ${one(oddValues)}`));
    case 5:
      return put();
    case 6:
      return put(line, line);
    case 7:
      return put(other, line);
    case 8:
      return put(`${' '.repeat(number(5))}${line.slice(number(3))}`);
    case 9:
      return put(line.replace(/[\w"]+:/, () => `${one(oddValues)}:`));
    case 10:
      return text.slice(0, place) + one(oddCharacters) + text.slice(place);
    default:
      return text.slice(0, place) + text.slice(place + number(12));
  }
}

const pathsOf = (text: string): string[] => {
  const stack: string[] = [];
  return text.split('\n').flatMap((line) => {
    const [, indent = '', key] = /^( *)([\w]+):/.exec(line) ?? [];
    if (key === undefined) return [];
    stack.splice(indent.length / 2, stack.length, key);
    return [stack.join('.')];
  });
};

/**
 * Reads `count` odd configurations, mutations of one with every setting and of the sample's, and returns what is wrong with
 * how each was answered: it must be settings that JSON can hold, or a ConfigError each of whose problems has a place.
 */
export async function fuzz(options: { count: number; seed: number }): Promise<string[]> {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  try {
    return await fuzzIn(folder, options);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** @param folder an empty folder, for projects of several models */
async function fuzzIn(folder: string, { count, seed }: { count: number; seed: number }): Promise<string[]> {
  const texts = [everything, readFileSync(join(sample, 'mlops.yaml'), 'utf8')];
  const known = pathsOf(everything);
  const random = new Random(seed);
  const number = (below: number) => Math.floor(random.uniform() * below);
  const draw: Draw = { number, one: (options) => options[number(options.length)] as never };
  for (const name of ['one', 'two']) mkdirSync(join(folder, 'model', name), { recursive: true });
  const wrong: string[] = [];
  for (let round = 0; round < count; round += 1) {
    const mutate = (text: string) => {
      let result = text;
      for (let times = number(4); times >= 0; times -= 1) result = mutated(result, draw);
      return result;
    };
    const set = Array.from(
      { length: Math.max(0, number(5) - 2) },
      () =>
        `${draw.one(number(8) === 0 ? oddPaths : known)}${number(20) === 0 ? '' : '='}${draw.one(oddValues)}`,
    );
    const isSeveral = number(10) === 0;
    const files = isSeveral
      ? {
          'mlops.yaml': mutate(several.root),
          'model/one/mlops.yaml': mutate(several.own),
          'model/two/mlops.yaml': several.own.replace('one', 'two'),
        }
      : { 'mlops.yaml': mutate(draw.one(texts)) };
    const found = await answer(files, set, isSeveral ? folder : null);
    if (found !== null)
      wrong.push(`seed ${seed}, round ${round}: ${found}\n${JSON.stringify({ files, set })}`);
  }
  return wrong;
}

/** What is wrong with the answer to a configuration; null if nothing. */
async function answer(
  files: { 'mlops.yaml': string; [name: string]: string },
  set: string[],
  folder: string | null,
): Promise<string | null> {
  try {
    if (folder === null) return unkept(parseConfig(files['mlops.yaml'], { set }));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    return unkept((await loadConfig(join(folder, 'mlops.yaml'), { set, model: 'one' })).config);
  } catch (error) {
    if (!(error instanceof Error)) return `threw ${String(error)}`;
    if (error.name === 'InputError' && folder !== null) return null;
    if (!(error instanceof ConfigError)) return error.stack ?? error.message;
    // A setting that is missing has no place, and the block around it may be missing too.
    const homeless = error.problems.find(
      ({ line, column, from_set, message, path }) =>
        !(line !== undefined && line > 0 && column !== undefined && column > 0) &&
        !from_set &&
        !message.startsWith('missing') &&
        path !== '',
    );
    if (error.problems.length === 0) return 'no problem in the error';
    return homeless ? `no place: ${JSON.stringify(homeless)}` : null;
  }
}

const unkept = (config: object): string | null => {
  const kept = JSON.stringify(JSON.parse(JSON.stringify(config)));
  const odd = JSON.stringify(config, (_, value) => {
    if (typeof value === 'number' && !Number.isFinite(value)) return `not finite: ${value}`;
    if (typeof value === 'string' && !value.isWellFormed()) return 'not well-formed';
    return ArrayBuffer.isView(value) || value instanceof Date ? 'not of JSON' : value;
  });
  return odd === kept ? null : `settings that JSON does not keep: ${odd}`;
};
