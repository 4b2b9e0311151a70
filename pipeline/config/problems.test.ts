import { expect, test } from '@jest/globals';
import { ConfigError } from '../errors.ts';
import { parseConfig } from './load.ts';

const base = `project: demo
problem: binary
data: { source: x.csv, target: y }
`;

/** What is wrong, the file, every line that a person then reads, overrides. */
const bad: [what: string, text: string, lines: string[], set?: string[]][] = [
  [
    'an empty file',
    '',
    ['mlops.yaml: got an empty file, expected settings such as project, problem and data'],
  ],
  [
    'comments only',
    `# nothing here
`,
    ['mlops.yaml: got an empty file, expected settings such as project, problem and data'],
  ],
  [
    'a list',
    `- project: demo
`,
    ['mlops.yaml: got a list or a text, expected settings as `key: value` lines'],
  ],
  [
    'a text',
    `project
`,
    ['mlops.yaml: got a list or a text, expected settings as `key: value` lines'],
  ],
  [
    'a bracket that never closes',
    `project: demo
data: { source: x.csv
`,
    [
      'mlops.yaml: not valid YAML: flow map in block collection must be sufficiently indented and end with a } (line 3, column 1)',
    ],
  ],
  [
    'a quote that never closes',
    `project: "demo
`,
    ['mlops.yaml: not valid YAML: missing closing "quote (line 2, column 1)'],
  ],
  [
    'a tab for indentation',
    `data:
	source: x.csv
`,
    ['mlops.yaml: not valid YAML: tabs are not allowed as indentation (line 2, column 1)'],
  ],
  [
    'two colons in a line',
    `project: demo: two
`,
    ['mlops.yaml: not valid YAML: nested mappings are not allowed in compact mappings (line 1, column 10)'],
  ],
  [
    'a key given twice',
    `${base}gate: { floor: true }
gate: { floor: false }
`,
    ['mlops.yaml: gate: got this key twice (first at line 4), expected it once (line 5, column 1)'],
  ],
  [
    'a nested key given twice',
    `${base}gate:
  floor: true
  floor: false
`,
    ['mlops.yaml: gate.floor: got this key twice (first at line 5), expected it once (line 6, column 3)'],
  ],
  [
    'an anchor bomb',
    `a: &a [x, x, x, x, x, x, x, x, x, x]
b: &b [*a, *a, *a, *a, *a, *a, *a, *a, *a, *a]
c: &c [*b, *b, *b, *b, *b, *b, *b, *b, *b, *b]
d: &d [*c, *c, *c, *c, *c, *c, *c, *c, *c, *c]
e: [*d, *d, *d, *d, *d, *d, *d, *d, *d, *d]
`,
    [
      'mlops.yaml: got more than 20000 values, aliases counted, expected the settings of one project (line 1, column 14)',
    ],
  ],
  [
    'an anchor in itself',
    `a: &a [*a]
`,
    [
      'mlops.yaml: got more than 32 levels, aliases counted, expected the settings of one project (line 1, column 7)',
    ],
  ],
  [
    'an alias without an anchor',
    `project: *name
`,
    [
      'mlops.yaml: project: got the alias *name, expected one whose anchor &name stands above (line 1, column 10)',
    ],
  ],
  [
    'a tag',
    `project: !secret demo
`,
    ['mlops.yaml: not valid YAML: unresolved tag: !secret (line 1, column 10)'],
  ],
  [
    'a tag of YAML that makes bytes',
    `${base}budget: !!binary aGk=
gate: { slices: !!set { a } }
`,
    [
      'mlops.yaml: budget: got the tag !!binary, expected none: write the value alone, a text in quotes (line 4, column 18)',
      'mlops.yaml: gate.slices: got the tag !!set, expected none: write the value alone, a text in quotes (line 5, column 23)',
    ],
  ],
  [
    'a tag on a key',
    `? !!binary aGk=
: 1
`,
    [
      'mlops.yaml: got the tag !!binary, expected none: write the value alone, a text in quotes (line 1, column 12)',
    ],
  ],
  [
    'a merge key',
    `${base}prepare: { instance: &small { type: ml.t3.medium } }
training:
  instance:
    <<: *small
`,
    [
      'mlops.yaml: training.instance: got the merge key <<, expected the settings themselves, or an alias as the whole value (line 7, column 5)',
    ],
  ],
  [
    'an older YAML, whose yes is true',
    `%YAML 1.1
---
${base}`,
    ['mlops.yaml: got %YAML 1.1, expected 1.2 or no such line (line 1, column 1)'],
  ],
  [
    'NUL in a path, an escape in a name, half a character',
    `${base}prepare: { script: "a\\0b" }
model: { extra: ["\\e[31m", "\\ud800"] }
training: { hyperparameters: { "a\\a": 1 } }
`,
    [
      'mlops.yaml: prepare.script: got the character U+0000 in "a\\u0000b", expected text that can be read (line 4, column 20)',
      'mlops.yaml: model.extra.0: got the character U+001B in "\\u001b[31m", expected text that can be read (line 5, column 18)',
      'mlops.yaml: model.extra.1: got the character U+D800 in "\\ud800", expected text that can be read (line 5, column 28)',
      'mlops.yaml: training.hyperparameters: got the character U+0007 in the key "a\\u0007", expected a name that can be read (line 6, column 32)',
    ],
  ],
  [
    'a very long key',
    `${'k'.repeat(400)}: 1
`,
    [
      `mlops.yaml: got a key of 400 characters, expected at most 300: "${'k'.repeat(59)}…" (line 1, column 1)`,
    ],
  ],
  [
    'brackets without end',
    '['.repeat(100_000),
    [
      expect.stringMatching(
        /^mlops.yaml: not valid YAML: settings are nested too deeply \(line 1, column \d+\)$/,
      ),
      expect.stringMatching(/^mlops.yaml: not valid YAML: flow sequence/),
      expect.stringMatching(/^mlops.yaml: not valid YAML: flow sequence/),
    ] as unknown as string[],
  ],
  [
    'a hundred thousand aliases of a block',
    `a: &a [x]
b: [${'*a, '.repeat(100_000)}]
`,
    [
      'mlops.yaml: got more than 20000 values, aliases counted, expected the settings of one project (line 1, column 7)',
    ],
  ],
  [
    'two documents',
    `project: demo
---
project: demo
`,
    ['mlops.yaml: not valid YAML: source contains multiple documents, expected one (line 2, column 1)'],
  ],
  [
    'a list as a key',
    `? [a, b]
: 1
`,
    ['mlops.yaml: got a list or mapping as a key, expected a name (line 1, column 3)'],
  ],
  [
    'a prototype as a key',
    `__proto__: { project: demo }
`,
    ['mlops.yaml: got the key "__proto__", expected a name (line 1, column 1)'],
  ],
  [
    'nothing that is required',
    `gate: { floor: true }
`,
    [
      'mlops.yaml: project: missing; expected a name of 2 to 20 lower-case letters, digits and hyphens that starts with a letter and ends with a letter or digit',
      'mlops.yaml: problem: missing; expected one of binary, multiclass, regression',
      'mlops.yaml: data.source: missing; expected a file, a folder or s3://bucket/prefix',
      'mlops.yaml: data.target: missing; expected the name of a column',
    ],
  ],
  [
    'data without its required keys',
    `project: demo
problem: binary
data: { holdout: 0.2 }
`,
    [
      'mlops.yaml: data.source: missing; expected a file, a folder or s3://bucket/prefix (line 3, column 1)',
      'mlops.yaml: data.target: missing; expected the name of a column (line 3, column 1)',
    ],
  ],
  [
    'data as a text',
    `project: demo
problem: binary
data: x.csv
`,
    ['mlops.yaml: data: got "x.csv", expected a mapping (line 3, column 7)'],
  ],
  [
    'a misspelt required key',
    `project: demo
problem: binary
data: { source: x.csv, traget: y }
`,
    ['mlops.yaml: data.traget: unknown key "traget"; did you mean "target"? (line 3, column 24)'],
  ],
  [
    'a misspelt section',
    `${base}trainning: { spot: true }
`,
    ['mlops.yaml: trainning: unknown key "trainning"; did you mean "training"? (line 4, column 1)'],
  ],
  [
    'a misspelt nested key',
    `${base}gate:
  champion: { rul: superior }
`,
    ['mlops.yaml: gate.champion.rul: unknown key "rul"; did you mean "rule"? (line 5, column 15)'],
  ],
  [
    'a key in the wrong place',
    `${base}primary: roc_auc
`,
    ['mlops.yaml: primary: unknown key "primary"; did you mean "gate.primary"? (line 4, column 1)'],
  ],
  [
    'a key that is like no other',
    `${base}gate: { zebra: 1 }
`,
    [
      'mlops.yaml: gate.zebra: unknown key "zebra"; expected one of primary, confidence, thresholds, min_positives, floor, champion, anchor, costs, min_change, slices, inconclusive, reuse, enforce (line 4, column 9)',
    ],
  ],
  [
    'a misspelt metric in thresholds',
    `${base}gate: { thresholds: { roc_acu: { min: 0.7 } } }
`,
    [
      'mlops.yaml: gate.thresholds.roc_acu: unknown key "roc_acu"; did you mean "roc_auc"? (line 4, column 23)',
    ],
  ],
  [
    'a project in capitals',
    `project: Demo
problem: binary
data: { source: x.csv, target: y }
`,
    [
      'mlops.yaml: project: got "Demo", expected a name of 2 to 20 lower-case letters, digits and hyphens that starts with a letter and ends with a letter or digit (line 1, column 10)',
    ],
  ],
  [
    'a project too long for a tuning job',
    `project: a-project-of-many-words
problem: binary
data: { source: x.csv, target: y }
`,
    [
      'mlops.yaml: project: got "a-project-of-many-words", expected a name of 2 to 20 lower-case letters, digits and hyphens that starts with a letter and ends with a letter or digit (line 1, column 10)',
    ],
  ],
  [
    'a project as a number',
    `project: 7
problem: binary
data: { source: x.csv, target: y }
`,
    [
      'mlops.yaml: project: got 7, expected a name of 2 to 20 lower-case letters, digits and hyphens that starts with a letter and ends with a letter or digit (line 1, column 10)',
    ],
  ],
  [
    'an unknown problem',
    `project: demo
problem: binray
data: { source: x.csv, target: y }
`,
    [
      'mlops.yaml: problem: got "binray", expected one of binary, multiclass, regression; did you mean "binary"? (line 2, column 10)',
    ],
  ],
  [
    'a threshold as a word',
    `${base}gate:
  thresholds:
    roc_auc: { min: high }
`,
    [
      'mlops.yaml: gate.thresholds.roc_auc.min: got "high", expected a number from 0 to 1 (line 6, column 21)',
    ],
  ],
  [
    'a threshold out of range',
    `${base}gate: { thresholds: { roc_auc: { min: 75 } } }
`,
    ['mlops.yaml: gate.thresholds.roc_auc.min: got 75, expected a number from 0 to 1 (line 4, column 39)'],
  ],
  [
    'a threshold that is not a number',
    `${base}gate: { thresholds: { log_loss: { max: .nan } } }
`,
    [
      'mlops.yaml: gate.thresholds.log_loss.max: got NaN, expected a number of at least 0 (line 4, column 40)',
    ],
  ],
  [
    'a threshold without limits',
    `${base}gate: { thresholds: { roc_auc: {} } }
`,
    [
      'mlops.yaml: gate.thresholds.roc_auc: got neither min nor max, expected at least one of them (line 4, column 32)',
    ],
  ],
  [
    'a threshold upside down',
    `${base}gate: { thresholds: { roc_auc: { min: 0.9, max: 0.8 } } }
`,
    [
      'mlops.yaml: gate.thresholds.roc_auc: got min 0.9 and max 0.8, expected min of at most max (line 4, column 32)',
    ],
  ],
  [
    'a metric of another problem',
    `${base}gate: { primary: rmse, thresholds: { r2: { min: 0.1 } }, slices: { metric: mae } }
`,
    [
      'mlops.yaml: gate.primary: got "rmse", expected a metric of problem binary: roc_auc, pr_auc, log_loss, brier, f1, precision, recall, accuracy, calibration_slope, calibration_in_the_large, expected_cost (line 4, column 18)',
      'mlops.yaml: gate.thresholds.r2: got "r2", expected a metric of problem binary: roc_auc, pr_auc, log_loss, brier, f1, precision, recall, accuracy, calibration_slope, calibration_in_the_large, expected_cost (line 4, column 42)',
      'mlops.yaml: gate.slices.metric: got "mae", expected a metric of problem binary: roc_auc, pr_auc, log_loss, brier, f1, precision, recall, accuracy, calibration_slope, calibration_in_the_large, expected_cost (line 4, column 76)',
    ],
  ],
  [
    'a misspelt primary',
    `${base}gate: { primary: brierr }
`,
    [
      'mlops.yaml: gate.primary: got "brierr", expected one of roc_auc, pr_auc, log_loss, brier, f1, precision, recall, accuracy, calibration_slope, calibration_in_the_large, expected_cost; did you mean "brier"? (line 4, column 18)',
    ],
  ],
  [
    'an expected cost without costs',
    `${base}gate: { primary: expected_cost, costs: off, thresholds: { expected_cost: { max: 1 } } }
`,
    [
      'mlops.yaml: gate.primary: got "expected_cost" without costs, expected gate.costs: { false_positive: 1, false_negative: 5 } with what an error costs (line 4, column 18)',
      'mlops.yaml: gate.thresholds.expected_cost: got "expected_cost" without costs, expected gate.costs: { false_positive: 1, false_negative: 5 } with what an error costs (line 4, column 74)',
    ],
  ],
  [
    'costs of which an error costs no more than the right decision',
    `${base}gate: { costs: { false_positive: 1, false_negative: 0, true_negative: 1 } }
`,
    [
      'mlops.yaml: gate.costs.false_positive: got 1, expected more than true_negative, 1: an error costs more than the right decision (line 4, column 34)',
      'mlops.yaml: gate.costs.false_negative: got 0, expected more than true_positive, 0: an error costs more than the right decision (line 4, column 53)',
    ],
  ],
  [
    'costs that are not all given',
    `${base}gate: { costs: { false_positive: 1 } }
`,
    ['mlops.yaml: gate.costs.false_negative: missing; expected a number (line 4, column 9)'],
  ],
  [
    'a metric that labels cannot give',
    `${base}model: { output: label }
gate: { primary: roc_auc }
`,
    [
      'mlops.yaml: gate.primary: got "roc_auc", which needs probabilities; expected f1, precision, recall, accuracy with model.output label, or model: { output: probability } if serve answers probabilities (line 5, column 18)',
    ],
  ],
  [
    'a certain confidence',
    `${base}gate: { confidence: 1 }
`,
    ['mlops.yaml: gate.confidence: got 1, expected a number above 0.5 and below 1 (line 4, column 21)'],
  ],
  [
    'a confidence in percent',
    `${base}gate: { confidence: 95 }
`,
    ['mlops.yaml: gate.confidence: got 95, expected a number above 0.5 and below 1 (line 4, column 21)'],
  ],
  [
    'a negative margin',
    `${base}gate: { champion: { margin: -0.01 } }
`,
    [
      `mlops.yaml: gate.champion.margin: got -0.01, expected a number of at least 0, or a share of the champion's value from "0%" to "100%" (line 4, column 29)`,
    ],
  ],
  [
    'a margin as a word',
    `${base}gate: { champion: { margin: small }, anchor: { margin: "200%" } }
`,
    [
      `mlops.yaml: gate.champion.margin: got "small", expected a number of at least 0, or a share of the champion's value from "0%" to "100%" (line 4, column 29)`,
      `mlops.yaml: gate.anchor.margin: got "200%", expected a number of at least 0, or a share of the champion's value from "0%" to "100%" (line 4, column 56)`,
    ],
  ],
  [
    'a rule that does not exist',
    `${base}gate: { champion: { rule: better } }
`,
    ['mlops.yaml: gate.champion.rule: got "better", expected non_inferior or superior (line 4, column 27)'],
  ],
  [
    'a switch as a word',
    `${base}gate: { floor: yes }
`,
    ['mlops.yaml: gate.floor: got "yes", expected true or false (line 4, column 16)'],
  ],
  [
    'an empty min_change',
    `${base}gate: { min_change: {} }
`,
    [
      'mlops.yaml: gate.min_change: got neither absolute nor relative, expected at least one of them, or off (line 4, column 21)',
    ],
  ],
  [
    'slices as true',
    `${base}gate: { slices: true }
`,
    [
      'mlops.yaml: gate.slices: got true, expected off, or { metric, max_drop, min_positives, inconclusive } (line 4, column 17)',
    ],
  ],
  [
    'a holdout of everything',
    `project: demo
problem: binary
data: { source: x.csv, target: y, holdout: 1 }
`,
    ['mlops.yaml: data.holdout: got 1, expected a number above 0 and below 1 (line 3, column 44)'],
  ],
  [
    'a holdout in percent',
    `project: demo
problem: binary
data: { source: x.csv, target: y, holdout: 20% }
`,
    ['mlops.yaml: data.holdout: got "20%", expected a number above 0 and below 1 (line 3, column 44)'],
  ],
  [
    'a positive class without two classes',
    `project: demo
problem: regression
data: { source: x.csv, target: y, positive: 1 }
`,
    [
      'mlops.yaml: data.positive: got "1", expected none: only problem binary has a positive class (line 3, column 45)',
    ],
  ],
  [
    'the target as any other column',
    `project: demo
problem: binary
data: { source: x.csv, target: y, row_id: y, exclude: [y], slices: [y] }
`,
    [
      'mlops.yaml: data.row_id: got "y", which is data.target; expected another column (line 3, column 43)',
      'mlops.yaml: data.exclude: got "y", which is data.target; expected other columns (line 3, column 55)',
      'mlops.yaml: data.exclude: got "y", which is data.row_id; expected other columns (a row id is never a feature) (line 3, column 55)',
      'mlops.yaml: data.slices: got "y", which is data.target; expected other columns (line 3, column 68)',
      'mlops.yaml: data.slices: got "y", which is data.row_id; expected other columns (a row id is never a feature) (line 3, column 68)',
      'mlops.yaml: data.slices: got "y", which data.exclude drops; expected it in one of the two lists (data.features_exclude hides a slice from the model) (line 3, column 68)',
    ],
  ],
  [
    'the row id as any other column',
    `project: demo
problem: binary
data: { source: x.csv, target: y, row_id: id, exclude: [id], slices: [id] }
`,
    [
      'mlops.yaml: data.exclude: got "id", which is data.row_id; expected other columns (a row id is never a feature) (line 3, column 56)',
      'mlops.yaml: data.slices: got "id", which is data.row_id; expected other columns (a row id is never a feature) (line 3, column 70)',
      'mlops.yaml: data.slices: got "id", which data.exclude drops; expected it in one of the two lists (data.features_exclude hides a slice from the model) (line 3, column 70)',
    ],
  ],
  [
    'a column twice, and a slice excluded',
    `project: demo
problem: binary
data: { source: x.csv, target: y, exclude: [a, a], slices: [a] }
`,
    [
      'mlops.yaml: data.exclude: got "a" twice, expected each once (line 3, column 44)',
      'mlops.yaml: data.slices: got "a", which data.exclude drops; expected it in one of the two lists (data.features_exclude hides a slice from the model) (line 3, column 60)',
    ],
  ],
  [
    'columns as a text',
    `project: demo
problem: binary
data: { source: x.csv, target: y, exclude: "a, b" }
`,
    ['mlops.yaml: data.exclude: got "a, b", expected a list of columns to leave out (line 3, column 44)'],
  ],
  [
    'data from the web',
    `project: demo
problem: binary
data: { source: "https://example.com/x.csv", target: y }
`,
    [
      'mlops.yaml: data.source: got "https://example.com/x.csv", expected a file, a folder or s3://bucket/prefix (line 3, column 17)',
    ],
  ],
  [
    'scoring rows that are trained on',
    `project: demo
problem: binary
data: { source: x.csv, target: y, scoring: x.csv }
`,
    [
      'mlops.yaml: data.scoring: got "x.csv", which is data.source; expected rows that training never sees (line 3, column 44)',
    ],
  ],
  [
    'an image by tag',
    `${base}model: { image: "example/model:latest" }
`,
    [
      'mlops.yaml: model.image: got "example/model:latest", expected an image URI by digest: REPOSITORY@sha256: and 64 hexadecimal digits (line 4, column 17)',
    ],
  ],
  [
    'an image and a context',
    `${base}model: { context: model, image: 'example/model@sha256:${'0'.repeat(64)}' }
`,
    ['mlops.yaml: model.image: got both context and image, expected one of them (line 4, column 33)'],
  ],
  [
    'a CSV layout for JSON Lines',
    `${base}model: { content_type: application/jsonlines, csv: { header: true } }
`,
    [
      'mlops.yaml: model.csv: got a layout, expected none with content_type application/jsonlines: leave it out (line 4, column 52)',
    ],
  ],
  [
    'an unknown content type',
    `${base}model: { content_type: text/json }
`,
    [
      'mlops.yaml: model.content_type: got "text/json", expected text/csv or application/jsonlines; did you mean "text/csv"? (line 4, column 24)',
    ],
  ],
  [
    'a value for a classification',
    `${base}model: { output: value }
`,
    [
      'mlops.yaml: model.output: got "value", expected probability or label for problem binary: model: { output: probability }, which is the default, or model: { output: label } (line 4, column 18)',
    ],
  ],
  [
    'a probability for a number',
    `${base.replace('binary', 'regression')}model: { output: probability }
`,
    [
      'mlops.yaml: model.output: got "probability", expected value for problem regression: model: { output: value }, which is the default (line 4, column 18)',
    ],
  ],
  [
    'extra columns that clash',
    `${base}model: { extra: [score, why, why] }
`,
    [
      'mlops.yaml: model.extra: got "why" twice, expected each once (line 4, column 17)',
      'mlops.yaml: model.extra: got "score", expected a name other than row_id, label, score, predicted (line 4, column 17)',
    ],
  ],
  [
    'two channels of one name',
    `${base}model: { manifest_channel: train }
`,
    [
      'mlops.yaml: model.manifest_channel: got "train", which is model.channel; expected another name (line 4, column 28)',
    ],
  ],
  [
    'a duration as a number',
    `${base}training: { max_runtime: 3600 }
`,
    [
      'mlops.yaml: training.max_runtime: got 3600, expected a duration such as 90s, 30m or 1h30m, of at most 28d (line 4, column 26)',
    ],
  ],
  [
    'a duration too long',
    `${base}prepare: { max_runtime: 10d }
`,
    [
      'mlops.yaml: prepare.max_runtime: got "10d", expected a duration such as 90s, 30m or 1h30m, of at most 9d (line 4, column 25)',
    ],
  ],
  [
    'an instance type that is none',
    `${base}training: { instance: { type: m5.large, count: 0, volume_gb: 1.5 } }
`,
    [
      'mlops.yaml: training.instance.type: got "m5.large", expected an instance type such as ml.m5.large (line 4, column 31)',
      'mlops.yaml: training.instance.count: got 0, expected a whole number from 1 to 100 (line 4, column 48)',
      'mlops.yaml: training.instance.volume_gb: got 1.5, expected a whole number from 1 to 16384 (line 4, column 62)',
    ],
  ],
  [
    'two prepare instances',
    `${base}prepare: { instance: { count: 2 } }
`,
    [
      'mlops.yaml: prepare.instance.count: got 2, expected 1: the prepare job runs on one instance (line 4, column 31)',
    ],
  ],
  [
    'hyperparameters that are no scalars',
    `${base}training: { hyperparameters: { layers: [1, 2], empty: , sagemaker_program: x } }
`,
    [
      'mlops.yaml: training.hyperparameters.layers: got a list, expected a text, a number, true or false (line 4, column 40)',
      'mlops.yaml: training.hyperparameters.empty: got null, expected a text, a number, true or false (line 4, column 55)',
      'mlops.yaml: training.hyperparameters.sagemaker_program: got "sagemaker_program", expected a name of at most 256 characters that does not start with sagemaker_ or _tuning_ (line 4, column 76)',
    ],
  ],
  [
    'patterns without one group',
    `${base}training: { metrics: { a: 'auc=[0-9.]+', b: '(a)(b)', c: '(', d: 7 } }
`,
    [
      `mlops.yaml: training.metrics.a: got 0 capture groups in "auc=[0-9.]+", expected a regular expression with one capture group, such as 'auc=([0-9.]+);' (line 4, column 27)`,
      `mlops.yaml: training.metrics.b: got 2 capture groups in "(a)(b)", expected a regular expression with one capture group, such as 'auc=([0-9.]+);' (line 4, column 45)`,
      `mlops.yaml: training.metrics.c: got Invalid regular expression: /(|/: Unterminated group, expected a regular expression with one capture group, such as 'auc=([0-9.]+);' (line 4, column 58)`,
      'mlops.yaml: training.metrics.d: got 7, expected a regular expression with one capture group (line 4, column 66)',
    ],
  ],
  [
    'too many metrics',
    `${base}training: { metrics: { ${Array.from({ length: 41 }, (_, i) => `m${i}: '(x)'`).join(', ')} } }
`,
    ['mlops.yaml: training.metrics: got 41 metrics, expected at most 40 (line 4, column 22)'],
  ],
  [
    'a pattern too long',
    `${base}training: { metrics: { a: '(${'x'.repeat(500)})' } }
`,
    ['mlops.yaml: training.metrics.a: got 502 characters, expected at most 500 (line 4, column 27)'],
  ],
  [
    'tuning without anything',
    `${base}tuning: { strategy: random }
`,
    [
      'mlops.yaml: tuning.objective.metric: missing; expected a name of training.metrics, which has none (line 4, column 1)',
      'mlops.yaml: tuning.ranges: got no ranges, expected 1 to 30 (line 4, column 1)',
    ],
  ],
  [
    'an objective that is not measured',
    `${base}training: { metrics: { cv_auc: '(.*)' } }
tuning: { objective: { metric: cv_acu }, ranges: { C: [1, 2] } }
`,
    [
      'mlops.yaml: tuning.objective.metric: got "cv_acu", expected one of training.metrics: cv_auc; did you mean "cv_auc"? (line 5, column 32)',
    ],
  ],
  [
    'an objective to choose',
    `${base}training: { metrics: { a: '(.*)', b: '(.*)' } }
tuning: { ranges: { C: [1, 2] } }
`,
    [
      'mlops.yaml: tuning.objective.metric: missing; expected one of training.metrics: a, b (line 5, column 1)',
    ],
  ],
  [
    'grid with min and max',
    `${base}training: { metrics: { a: '(.*)' } }
tuning: { strategy: grid, ranges: { C: { min: 1, max: 2 }, e: [x, y] } }
`,
    [
      'mlops.yaml: tuning.ranges.C: got min and max, expected a list of values: strategy grid takes no numeric range (line 5, column 40)',
    ],
  ],
  [
    'grid with other than its product',
    `${base}training: { metrics: { a: '(.*)' } }
tuning: { strategy: grid, max_jobs: 8, ranges: { C: [1, 2, 3], e: [x, y] } }
`,
    [
      `mlops.yaml: tuning.max_jobs: got 8, expected 6 for strategy grid, the product of the ranges' sizes (or leave it out) (line 5, column 37)`,
    ],
  ],
  [
    'ranges upside down, of no size, logarithmic from 0',
    `${base}training: { metrics: { a: '(.*)' } }
tuning: { ranges: { a: { min: 2, max: 1 }, b: [], c: { min: 0, max: 1, scale: logarithmic }, d: { min: 0.5, max: 2, type: integer }, e: { min: 1 }, f: 3, g: [1, 1], h: { min: 0.5, max: 1, scale: reverse_logarithmic } } }
`,
    [
      'mlops.yaml: tuning.ranges.a: got min 2 and max 1, expected min below max (line 5, column 24)',
      'mlops.yaml: tuning.ranges.b: got 0 values, expected 1 to 30 (line 5, column 47)',
      'mlops.yaml: tuning.ranges.c.min: got 0, expected a number above 0 for scale logarithmic (line 5, column 61)',
      'mlops.yaml: tuning.ranges.d: got min 0.5 and max 2, expected whole numbers of at most 15 digits for type integer (line 5, column 97)',
      'mlops.yaml: tuning.ranges.e.max: missing; expected a number such as 10, 0.03 or 1e-4 (line 5, column 134)',
      'mlops.yaml: tuning.ranges.f: got 3, expected a list of values, or { min, max } (line 5, column 152)',
      'mlops.yaml: tuning.ranges.g: got "1" twice, expected each once (line 5, column 158)',
      'mlops.yaml: tuning.ranges.h: got continuous from 0.5 to 1, expected continuous, from 0 to below 1, for scale reverse_logarithmic (line 5, column 169)',
    ],
  ],
  [
    'more jobs at a time than jobs',
    `${base}training: { metrics: { a: '(.*)' } }
tuning: { max_jobs: 2, parallel_jobs: 4, ranges: { C: [1, 2] } }
`,
    ['mlops.yaml: tuning.parallel_jobs: got 4, expected at most tuning.max_jobs, 2 (line 5, column 39)'],
  ],
  [
    'too many bayesian jobs',
    `${base}training: { metrics: { a: '(.*)' } }
tuning: { max_jobs: 751, ranges: { C: [1, 2] } }
`,
    ['mlops.yaml: tuning.max_jobs: got 751, expected at most 750 for strategy bayesian (line 5, column 21)'],
  ],
  [
    'a warm start of a grid',
    `${base}training: { metrics: { auc: 'auc=(.*);' } }
tuning: { strategy: grid, warm_start: true, ranges: { C: [1, 2] } }
`,
    [
      'mlops.yaml: tuning.warm_start: got true, expected false with strategy grid: only bayesian and random start from earlier jobs (line 5, column 39)',
    ],
  ],
  [
    'guidance of a grid',
    `${base}training: { metrics: { auc: 'auc=(.*);' } }
tuning: { strategy: grid, guided: {}, ranges: { C: [1, 2] } }
`,
    [
      'mlops.yaml: tuning.max_jobs: got 2, expected at least 3 with tuning.guided: one trial is the best known again, one is random (line 5, column 1)',
      'mlops.yaml: tuning.guided: got a mapping, expected off with strategy grid: only bayesian and random search narrower ranges (line 5, column 35)',
    ],
  ],
  [
    'guidance without a random share',
    `${base}training: { metrics: { auc: 'auc=(.*);' } }
tuning: { guided: { share_random: 0 }, ranges: { C: [1, 2] } }
`,
    ['mlops.yaml: tuning.guided.share_random: got 0, expected a number from 0.05 to 0.9 (line 5, column 35)'],
  ],
  [
    'two ways to learn from earlier searches',
    `${base}training: { metrics: { auc: 'auc=(.*);' } }
tuning: { guided: {}, warm_start: true, ranges: { C: [1, 2] } }
`,
    [
      'mlops.yaml: tuning.guided: got a mapping, expected off with warm_start: true, because a search learns from earlier ones in one of the two ways (line 5, column 19)',
    ],
  ],
  [
    'tuning as a number',
    `${base}tuning: 8
`,
    ['mlops.yaml: tuning: got 8, expected off, or a mapping (line 4, column 9)'],
  ],
  [
    'canary with one instance',
    `${base}inference: { mode: endpoint, strategy: canary }
`,
    [
      'mlops.yaml: inference.instance.count: got 1, expected at least 2 instances for strategy canary (line 4, column 1)',
    ],
  ],
  [
    'linear for batch',
    `${base}inference: { strategy: linear, instance: { count: 2 } }
`,
    [
      'mlops.yaml: inference.strategy: got "linear", expected all_at_once with mode batch: only an endpoint moves in steps (line 4, column 24)',
    ],
  ],
  [
    'an endpoint that bakes for longer than SageMaker lets a deployment take',
    `${base}inference: { mode: endpoint, strategy: linear, instance: { count: 10 }, canary: { bake: 1h } }
`,
    [
      'mlops.yaml: inference.canary.bake: got 3600 s, 39600 s over all steps, expected at most 25200 s in all: bake for less long or take a larger share (line 4, column 89)',
    ],
  ],
  [
    'a serverless endpoint of no size that there is',
    `${base}inference: { mode: serverless, serverless: { memory_mb: 2000, max_concurrency: 201 }, canary: { share: 0.6 } }
`,
    [
      'mlops.yaml: inference.serverless.memory_mb: got 2000, expected one of 1024, 2048, 3072, 4096, 5120, 6144 (line 4, column 57)',
      'mlops.yaml: inference.serverless.max_concurrency: got 201, expected a whole number from 1 to 200 (line 4, column 80)',
      'mlops.yaml: inference.canary.share: got 0.6, expected a number from 0.1 to 0.5 (line 4, column 104)',
    ],
  ],
  [
    'serverless in a VPC',
    `${base}inference: { mode: serverless }
environments:
  staging:
    account: "111111111111"
    region: us-east-1
    network_isolation: true
    vpc: { subnets: [subnet-0a1b2c3d], security_groups: [sg-0a1b2c3d] }
`,
    [
      'mlops.yaml: environments.staging.network_isolation: got true, expected false: a serverless endpoint cannot have network isolation (line 9, column 24)',
      'mlops.yaml: environments.staging.vpc: got a VPC, expected none: a serverless endpoint has no VPC (line 10, column 10)',
    ],
  ],
  [
    'batches too large',
    `${base}inference: { batch: { payload_mb: 50, concurrency: 3 } }
`,
    [
      'mlops.yaml: inference.batch: got payload_mb 50 times concurrency 3, expected at most 100 MB together (line 4, column 21)',
    ],
  ],
  [
    'an account as a number',
    `${base}environments:
  staging: { account: 111111111111, region: us-east-1 }
`,
    [
      'mlops.yaml: environments.staging.account: got 111111111111, expected 12 digits in quotes, such as "111111111111" (line 5, column 23)',
    ],
  ],
  [
    'an account too short, a region that is none',
    `${base}environments:
  staging: { account: "1234", region: virginia }
`,
    [
      'mlops.yaml: environments.staging.account: got "1234", expected 12 digits in quotes, such as "111111111111" (line 5, column 23)',
      'mlops.yaml: environments.staging.region: got "virginia", expected an AWS region such as us-east-1 (line 5, column 39)',
    ],
  ],
  [
    'an environment without its keys',
    `${base}environments:
  staging: { approval: true }
`,
    [
      'mlops.yaml: environments.staging.account: missing; expected 12 digits in quotes, such as "111111111111" (line 5, column 3)',
      'mlops.yaml: environments.staging.region: missing; expected an AWS region such as us-east-1 (line 5, column 3)',
    ],
  ],
  [
    'an environment name in capitals',
    `${base}environments:
  Production: { account: "111111111111", region: us-east-1 }
`,
    [
      'mlops.yaml: environments.Production: got "Production", expected a name of at most 12 lower-case letters, digits and hyphens that does not end in -approval (line 5, column 15)',
    ],
  ],
  [
    'ARNs of another kind or place',
    `${base}environments:
  staging:
    account: "111111111111"
    region: us-east-1
    kms_key: arn:aws:kms:eu-west-1:111111111111:key/abc
    permissions_boundary: boundary
    vpc: { subnets: [], security_groups: [default] }
    tags: { "aws:owner": me }
`,
    [
      'mlops.yaml: environments.staging.permissions_boundary: got "boundary", expected the ARN of an IAM policy: arn:aws:iam::ACCOUNT:policy/NAME (line 9, column 27)',
      'mlops.yaml: environments.staging.vpc.subnets: got an empty list, expected at least one subnet id (line 10, column 21)',
      'mlops.yaml: environments.staging.vpc.security_groups.0: got "default", expected a security group id such as sg-0a1b2c3d (line 10, column 43)',
      'mlops.yaml: environments.staging.tags.aws:owner: got "aws:owner", expected a name of at most 128 characters that does not start with aws: (line 11, column 26)',
    ],
  ],
  [
    'a dispatch to no repository, by no connection',
    `${base}environments:
  staging:
    account: "111111111111"
    region: us-east-1
    repository_dispatch: { repository: "https://github.com/octo/churn", connection: "churn" }
`,
    [
      'mlops.yaml: environments.staging.repository_dispatch.repository: got "https://github.com/octo/churn", expected a repository on github.com: OWNER/REPOSITORY (line 8, column 40)',
      'mlops.yaml: environments.staging.repository_dispatch.connection: got "churn", expected the ARN of an EventBridge connection: arn:aws:events:REGION:ACCOUNT:connection/NAME/ID (line 8, column 85)',
    ],
  ],
  [
    'a dispatch by the connection of another account, of data that nothing watches',
    `${base}environments:
  staging:
    account: "111111111111"
    region: us-east-1
    repository_dispatch: { repository: octo/churn, connection: "arn:aws:events:us-east-1:222222222222:connection/github/1a-2b" }
`,
    [
      'mlops.yaml: environments.staging.repository_dispatch: got a repository, expected none while triggers.data_landed is false (line 8, column 26)',
      'mlops.yaml: environments.staging.repository_dispatch: got a repository and triggers.quiet of 300 s, expected triggers.quiet: off: only a file _SUCCESS tells GitHub (line 8, column 26)',
      'mlops.yaml: environments.staging.repository_dispatch: got a repository and data.source "x.csv", expected data.source on s3://: Retrain reads the rows from there (line 8, column 26)',
      'mlops.yaml: environments.staging.repository_dispatch.connection: got a connection of account "222222222222" in us-east-1, expected one of 111111111111 in us-east-1 (line 8, column 64)',
    ],
  ],
  [
    'decay without a limit, and of a metric that has none',
    `${base}monitoring: { decay: { metric: rmse, windows: [3, 2] } }
`,
    [
      'mlops.yaml: monitoring.decay: got decay without monitoring.truth, expected the labels: without them no decay can be seen (line 4, column 22)',
      'mlops.yaml: monitoring.decay: got none of min, max and tolerance, expected one of them (line 4, column 22)',
      'mlops.yaml: monitoring.decay.metric: got "rmse", expected a metric of problem binary: roc_auc, pr_auc, log_loss, brier, f1, precision, recall, accuracy, calibration_slope, calibration_in_the_large, expected_cost (line 4, column 32)',
      'mlops.yaml: monitoring.decay.windows: unknown key "windows"; expected one of metric, min, max, tolerance, mean_labels_between_false_alarms, cool_down (line 4, column 38)',
    ],
  ],
  [
    'decay beyond its metric',
    `${base}monitoring: { schedule: often, truth: t.csv, decay: { min: 72 } }
`,
    [
      'mlops.yaml: monitoring.schedule: got "often", expected hourly, daily, weekly, monthly, cron(...) or rate(...) (line 4, column 25)',
      'mlops.yaml: monitoring.decay.min: got 72, expected a value that roc_auc can take: at least 0, at most 1 (line 4, column 60)',
    ],
  ],
  [
    'decay of a metric that cannot be watched, and on its good side',
    `${base}monitoring: { truth: x.csv, decay: { metric: pr_auc, max: 0.9 } }
`,
    [
      'mlops.yaml: monitoring.truth: got "x.csv", which is data.source; expected files with the labels of predictions (line 4, column 22)',
      'mlops.yaml: monitoring.decay.metric: got "pr_auc", expected one whose decay can be watched (roc_auc, log_loss, brier, f1, precision, recall, accuracy): it is no mean over rows or pairs of rows; roc_auc is (line 4, column 46)',
      'mlops.yaml: monitoring.decay.max: got max of pr_auc, expected min: a lower value is worse (line 4, column 59)',
    ],
  ],
  [
    'decay with two limits, of labels that are nowhere',
    `${base}monitoring: { truth: "gs://labels", decay: { min: 0.7, tolerance: 0.1 } }
`,
    [
      'mlops.yaml: monitoring.truth: got "gs://labels", expected a file, a folder or s3://bucket/prefix (line 4, column 22)',
      'mlops.yaml: monitoring.decay: got 2 of min, max and tolerance, expected one of them (line 4, column 44)',
    ],
  ],
  [
    'triggers on what is off, at no time and in no place',
    `${base}triggers: { decay: true, schedule: cron(0 3), time_zone: +02:00, quiet: 2d }
`,
    [
      'mlops.yaml: triggers.decay: got true, expected false while monitoring.decay is off (line 4, column 20)',
      'mlops.yaml: triggers.schedule: got "cron(0 3)", expected hourly, daily, weekly, monthly, cron(...) or rate(...) (line 4, column 36)',
      'mlops.yaml: triggers.time_zone: got "+02:00", expected a time zone of the IANA database such as Europe/Berlin (line 4, column 58)',
      'mlops.yaml: triggers.quiet: got "2d", expected a duration such as 90s, 30m or 1h30m, of at most 1d (line 4, column 73)',
    ],
  ],
  [
    'a budget of nothing',
    `${base}budget: { max_run_usd: 0 }
`,
    ['mlops.yaml: budget.max_run_usd: got 0, expected a number above 0 (line 4, column 24)'],
  ],
  [
    'a telephone number for mail',
    `${base}notifications: { email: ["555-0100"] }
`,
    ['mlops.yaml: notifications.email.0: got "555-0100", expected an email address (line 4, column 26)'],
  ],
  [
    'many problems at once',
    `${base}gate: { confidence: 2, thresholds: { roc_auc: { min: high } } }
tuning: { strategy: brute }
budgt: 3
`,
    [
      'mlops.yaml: gate.confidence: got 2, expected a number above 0.5 and below 1 (line 4, column 21)',
      'mlops.yaml: gate.thresholds.roc_auc.min: got "high", expected a number from 0 to 1 (line 4, column 54)',
      'mlops.yaml: tuning.objective.metric: missing; expected a name of training.metrics, which has none (line 5, column 1)',
      'mlops.yaml: tuning.ranges: got no ranges, expected 1 to 30 (line 5, column 1)',
      'mlops.yaml: tuning.strategy: got "brute", expected one of bayesian, random, grid, hyperband (line 5, column 21)',
      'mlops.yaml: budgt: unknown key "budgt"; did you mean "budget"? (line 6, column 1)',
    ],
  ],
  [
    'an override without a value',
    base,
    ['--set training.spot: got no value, expected path=value'],
    ['training.spot'],
  ],
  [
    'an override of an unknown setting',
    base,
    ['--set data.traget: unknown key "traget"; did you mean "target"?'],
    ['data.traget=y'],
  ],
  [
    'an override of an unknown section',
    base,
    ['--set trianing: unknown key "trianing"; did you mean "training"?'],
    ['trianing.spot=true'],
  ],
  [
    'an override of a wrong type',
    base,
    ['--set gate.thresholds.roc_auc.min: got "high", expected a number from 0 to 1'],
    ['gate.thresholds.roc_auc.min=high'],
  ],
  [
    'an override that is no YAML',
    base,
    ['--set data.slices: not valid YAML: flow sequence must end with a ]; quote the value'],
    ['data.slices=[Gender'],
  ],
  [
    'an override into a list',
    `${base}data2: 1
`,
    [
      '--set data.exclude: got a mapping, expected a list of columns to leave out',
      'mlops.yaml: data2: unknown key "data2"; did you mean "data"? (line 4, column 1)',
    ],
    ['data.exclude.0=a'],
  ],
  [
    'an override that contradicts the file',
    `${base}tuning: off
`,
    [
      '--set tuning.objective.metric: missing; expected a name of training.metrics, which has none',
      '--set tuning.ranges: got no ranges, expected 1 to 30',
    ],
    ['tuning.strategy=grid'],
  ],
  [
    'an override that takes a required setting away',
    base,
    ['--set data.target: missing; expected the name of a column'],
    ['data.target='],
  ],
];

test.each(bad)('%s', (_what, text, lines, set = []) => {
  let error: unknown;
  try {
    parseConfig(text, { set });
  } catch (thrown) {
    error = thrown;
  }
  expect(error).toBeInstanceOf(ConfigError);
  expect((error as ConfigError).message.split('\n')).toEqual(lines);
});

test('of thousands of problems the message has the first hundred', () => {
  const text = base + Array.from({ length: 1_050 }, (_, index) => `k${index}: 1`).join('\n');
  let error: unknown;
  try {
    parseConfig(text);
  } catch (thrown) {
    error = thrown;
  }
  const { message, problems } = error as ConfigError;
  expect(problems).toHaveLength(1_050);
  expect(message.split('\n')).toHaveLength(101);
  expect(message.split('\n').at(-1)).toBe('mlops.yaml: 950 more problems');
});

test('a slice that a score file has no room for is refused', () => {
  const refused = (slices: string[]) => {
    const text = `project: demo\nproblem: binary\ndata: { source: d.csv, target: y, slices: [${slices}] }\n`;
    try {
      parseConfig(text);
      return [];
    } catch (error) {
      return (error as ConfigError).problems.map(({ path, message }) => `${path}: ${message}`);
    }
  };
  for (const name of ['score', 'label', 'row_id', 'predicted', 'score_a']) {
    expect(refused([name])).toEqual([
      `data.slices: got "${name}", a name that score files use for their own columns; expected another name (prepare.script can rename the column)`,
    ]);
  }
  const names = Array.from({ length: 17 }, (_, index) => `s${index}`);
  expect(refused(names.slice(1))).toEqual([]);
  expect(refused(names)).toEqual([
    'data.slices: got 17 columns, expected at most 16 with model.content_type text/csv (application/jsonlines takes any number)',
  ]);
});
