import { readFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { parseConfig } from '../../config/load.ts';
import type { Manifest } from '../context.ts';
import { ModelOutputError, scoreFileOf } from './score-file.ts';

const manifest = (changes: Partial<Manifest>): Manifest => ({
  problem: 'binary',
  target: 'y',
  positive: 'yes',
  positive_defaulted: false,
  labels: ['no', 'yes'],
  content_type: 'text/csv',
  features: [{ name: 'x', type: 'number' }],
  slices: [],
  row_id: 'id',
  files: {
    train: { path: 'train/train.csv', rows: 1, positives: 1, sha256: '' },
    holdout: { path: 'holdout/holdout.csv', rows: 1, positives: 1, sha256: '' },
  },
  holdout_sha256: '',
  warnings: [],
  ...changes,
});

const multiclass: Partial<Manifest> = { problem: 'multiclass', labels: ['a,b', 'b', 'c'], positive: null };
const json: Partial<Manifest> = { content_type: 'application/jsonlines' };

function modelOf(settings: string) {
  const problem = settings.includes('value') ? 'regression' : 'multiclass';
  return parseConfig(
    `{project: abc, problem: ${problem}, data: {source: a, target: y}, model: {${settings}}}`,
  ).model;
}
const probabilities = modelOf('output: probability');

test('binary: row id, label, score, slices', () => {
  const text = scoreFileOf(
    'r1,1,m,north,0.25\nr2,0,f,,1e-300\n',
    manifest({ slices: ['sex', 'region'] }),
    probabilities,
  );
  expect(text).toBe('row_id,label,score,sex,region\nr1,1,0.25,m,north\nr2,0,1e-300,f,\n');
});

test('ids and slices that need quotes keep every character, spaces too', () => {
  const output = '"a,1",1,"say ""hi""",0.5\n" r2",0,x y,0.5\n__proto__,0,"two\nlines",0.5\n07,1,ü😀,0.5\n';
  const text = scoreFileOf(output, manifest({ slices: ['note'] }), probabilities);
  expect(text).toBe(
    'row_id,label,score,note\n"a,1",1,0.5,"say ""hi"""\n r2,0,0.5,x y\n__proto__,0,0.5,"two\nlines"\n07,1,0.5,ü😀\n',
  );
});

test('columns after the score are let go, where mlops.yaml names them', () => {
  const text = scoreFileOf('r1,1,0.5,age,0.2\n', manifest({}), modelOf('extra: [factor, weight]'));
  expect(text).toBe('row_id,label,score\nr1,1,0.5\n');
});

test.each([
  ['adds rows of its own', 'r1,1,0.9\rf1,1,0.99\rf2,0,0.01\r\nr2,0,0.2\r\nr3,1,0.3\n', 'output: probability'],
  ['takes the next row in', 'r1,1,0.9,"x\nr2,0,"\nr3,0,0.1,x\n', 'extra: [why]'],
  ['ends in a bare carriage return', 'r1,1,0.9,x\rr2,0\nr3,0,0.1,x\n', 'extra: [why]'],
])('an answer that %s is refused', (_what, output, settings) => {
  expect(() => scoreFileOf(output, manifest({}), modelOf(settings))).toThrow(ModelOutputError);
});

test('lines may end as on Windows', () => {
  expect(scoreFileOf('r1,1,0.5\r\nr2,0,0.25\r\n', manifest({}), probabilities)).toBe(
    'row_id,label,score\nr1,1,0.5\nr2,0,0.25\n',
  );
});

test.each([
  ['plain', 'r1,0,0.2,0.3,0.5\n'],
  ['in brackets', 'r1,0,[0.2, 0.3, 0.5]\n'],
  ['in brackets with spaces', 'r1,0,[ 0.2,0.3 ,0.5 ]\n'],
  ['as one quoted list', 'r1,0,"[0.2, 0.3, 0.5]"\n'],
])('several classes, %s: a column for each, named by its label', (_what, output) => {
  expect(scoreFileOf(output, manifest(multiclass), probabilities)).toBe(
    'row_id,label,"score_a,b",score_b,score_c\nr1,"a,b",0.2,0.3,0.5\n',
  );
});

test.each([
  ['a number', 'binary', '0.5', ['0.5']],
  ['a list', 'multiclass', '[0.2,0.3,0.5]', ['0.2', '0.3', '0.5']],
  ['a list of one list', 'multiclass', '[[0.2,0.3,0.5]]', ['0.2', '0.3', '0.5']],
  ['an object', 'multiclass', '{"probabilities":[0.2,0.3,0.5]}', ['0.2', '0.3', '0.5']],
])('JSON Lines that answer %s', (_what, problem, answer, scores) => {
  const line = `{"row_id":7,"label":1,"slices":{"sex":"m"},"SageMakerOutput":${answer}}\n`;
  const of = problem === 'multiclass' ? multiclass : {};
  const text = scoreFileOf(line, manifest({ ...of, ...json, slices: ['sex', 'region'] }), probabilities);
  const label = problem === 'multiclass' ? 'b' : '1';
  expect(text.split('\n')[1]).toBe(`7,${label},${scores.join(',')},m,`);
});

test('a predicted class is named as the label is, a predicted value is left alone', () => {
  const labels = modelOf('output: label');
  const text = scoreFileOf('r1,0,2\nr2,1,0.0\n', manifest(multiclass), labels);
  expect(text).toBe('row_id,label,predicted\nr1,"a,b",c\nr2,b,"a,b"\n');
  const value = scoreFileOf(
    'r1,3.5,2\n',
    manifest({ problem: 'regression', labels: [] }),
    modelOf('output: value'),
  );
  expect(value).toBe('row_id,label,predicted\nr1,3.5,2\n');
});

test('a predicted class of a binary problem is 0 or 1, however a model writes whole numbers', () => {
  const output = 'r1,0,1\nr2,1,0.0\nr3,1,1.0\nr4,0,0.\nr5,1,1.000000000000000000e+00\n';
  expect(scoreFileOf(output, manifest({}), modelOf('output: label'))).toBe(
    'row_id,label,predicted\nr1,0,1\nr2,1,0\nr3,1,1\nr4,0,0\nr5,1,1\n',
  );
});

test.each(['2', '0.7', '-1', '', 'nan', 'true', 'error: bad record'])(
  'a predicted class %j of a binary problem is none',
  (answer) => {
    expect(() => scoreFileOf(`r1,0,1\nr2,1,${answer}\n`, manifest({}), modelOf('output: label'))).toThrow(
      `line 2 of the model's answers: got ${JSON.stringify(answer)}, expected a class as a whole number from 0 to 1`,
    );
  },
);

test('a class that is answered by its name: the number that stands for it', () => {
  expect(() => scoreFileOf('r1,0,no\n', manifest({}), modelOf('output: label'))).toThrow(
    'got "no", expected a class as a whole number from 0 to 1: "no" is 0, as in the training files',
  );
});

test.each(['3', '-1', '1.5', '', 'b', 'error: bad record', 'nan'])(
  'a predicted class %j that was never taught is no class',
  (answer) => {
    const output = `r1,0,1\nr2,1,"${answer}"\n`;
    expect(() => scoreFileOf(output, manifest(multiclass), modelOf('output: label'))).toThrow(
      `line 2 of the model's answers: got ${JSON.stringify(answer)}, expected a class as a whole number from 0 to 2`,
    );
  },
);

test.each([
  [
    'too many columns',
    {},
    'r1,1,0.5\nr2,1,0.5,0.5\n',
    /line 2 .*got 2 columns \(0\.5,0\.5\), expected 1: score/,
  ],
  [
    'too few columns',
    multiclass,
    'r1,1,0.5,0.5\n',
    /line 1 .*got 2 columns .*expected 3: score_a,b, score_b, score_c/,
  ],
  ['no answer', {}, 'r1,1\n', /line 1 .*got 0 columns/],
  ['quotes in the middle', {}, 'r1,1,0.5\nr2,1,"0.5"x\n', /expected CSV; .*line 2/],
  ['no JSON', json, '{"row_id":1,"label":1,"slices":{},"SageMakerOutput":nan}\n', /line 1 .*expected JSON/],
  [
    'an error marker of two fields',
    json,
    '{"row_id":1,"label":1,"slices":{},"SageMakerOutput":{"error":"x","line":1}}',
    /got 2/,
  ],
])('%s: ModelOutputError, with the line', (_what, changes, output, message) => {
  const call = () => scoreFileOf(output, manifest(changes), probabilities);
  expect(call).toThrow(ModelOutputError);
  expect(call).toThrow(message);
});

test.each([
  [
    'both probabilities of a binary problem',
    {},
    'output: probability',
    'r1,1,0.3,0.7\n',
    'got 2 columns (0.3,0.7), expected 1: score. The first two add up to 1, as the probabilities of "no" and "yes" do: ' +
      'let serve answer only that of "yes" (data.positive), with scikit-learn predict_proba(rows)[:, 1]',
  ],
  [
    'both in single precision, in brackets, columns after them',
    {},
    'extra: [why]',
    'r1,1,"[0.33333334, 0.6666667, 2]"\n',
    'expected 2: score, why. The first two add up to 1',
  ],
  [
    'columns that nothing names',
    {},
    'extra: [why]',
    'r1,1,0.5,age,0.2,x\n',
    'got 4 columns (0.5,age,0.2,x), expected 2: score, why. If they are columns that follow the prediction, mlops.yaml ' +
      'names them: model: { extra: [why, column_3, column_4] } (in model.yaml without "model:")',
  ],
  [
    'two columns that are no probabilities',
    {},
    'output: probability',
    'r1,1,0.5,0.7\n',
    'mlops.yaml names them: model: { extra: [column_2] }',
  ],
  [
    'fewer columns than named',
    {},
    'extra: [why, how_much, when]',
    'r1,1,0.5,age\n',
    'If serve does not answer how_much, when, mlops.yaml says so: model: { extra: [why] }',
  ],
  ['none of those named', {}, 'extra: [why]', 'r1,1,0.5\n', 'mlops.yaml says so: model: { extra: [] }'],
  [
    'the name of a class instead of a probability',
    {},
    'output: probability',
    'r1,1,0.5\nr2,1,yes\n',
    'line 2 of the model\'s answers: got "yes", a class, expected a probability: let serve answer it, with scikit-learn ' +
      'predict_proba(rows)[:, 1]; or let it answer the class as in the training files, 1 for "yes", and mlops.yaml says ' +
      'so: model: { output: label }',
  ],
  [
    'a class instead of probabilities',
    multiclass,
    'output: probability',
    'r1,1,2.0\n',
    'If serve answers a class instead of probabilities, mlops.yaml says so: model: { output: label }',
  ],
  [
    'probabilities instead of a class',
    multiclass,
    'output: label',
    'r1,1,0.2,0.3,0.5\n',
    'If serve answers a probability for each class, mlops.yaml says so: model: { output: probability }',
  ],
])('%s: the line that fixes it', (_what, changes, settings, output, message) => {
  expect(() => scoreFileOf(output, manifest(changes), modelOf(settings))).toThrow(message);
});

test('what a model says for a score is passed on for the gate to refuse', () => {
  for (const said of ['nan', '-inf', '', 'error: bad record', '2'])
    expect(scoreFileOf(`r1,1,${said}\n`, manifest({}), probabilities)).toContain(`\nr1,1,${said}\n`);
});

/** What models answer, and what both this and the release's reader (pipeline/prepare, answers.py) make of it. */
interface AnswerCase {
  name: string;
  problem: Manifest['problem'];
  output?: string;
  extra?: string[];
  json?: true;
  answers: string[];
  read?: (number[] | number)[];
  refused?: true;
}

const shared = JSON.parse(
  readFileSync(new URL('../../prepare/tests/answer-cases.json', import.meta.url), 'utf8'),
) as { cases: AnswerCase[] };

const classes: Record<Manifest['problem'], string[]> = {
  binary: ['no', 'yes'],
  multiclass: ['a', 'b', 'c'],
  regression: [],
};

test.each(shared.cases.map((one) => [one.name, one] as const))('as a release reads it: %s', (_name, one) => {
  const { problem, output = 'probability', extra = [], answers } = one;
  const facts = manifest({
    problem,
    labels: classes[problem],
    slices: ['area'],
    content_type: one.json ? 'application/jsonlines' : 'text/csv',
  });
  const model = { ...probabilities, output: output as typeof probabilities.output, extra };
  const text = answers.map((answer, at) =>
    one.json
      ? `{"row_id":"r${at}","label":0,"slices":{"area":"north"},"SageMakerOutput":${answer}}\n`
      : `r${at},0,north,${answer}\n`,
  );
  const read = () => scoreFileOf(text.join(''), facts, model);
  if (one.refused) {
    expect(read).toThrow(ModelOutputError);
    return;
  }
  const rows = (parse(read()) as string[][]).slice(1);
  const found = rows.map((row) => {
    const answer = row.slice(2, -1);
    if (output !== 'label') return answer.map(Number);
    return problem === 'binary' ? Number(answer[0]) : classes[problem].indexOf(answer[0] ?? '');
  });
  expect(found).toEqual(one.read);
});
