import { expect, test } from '@jest/globals';
import { publishableVerdict } from '../gate/publishable-verdict.ts';
import type { Check } from '../gate/verdict.ts';
import { parseReport } from './parse-report.ts';
import { publishable } from './publishable.ts';
import {
  failedRun,
  heldRun,
  multiclassRun,
  regressionRun,
  sampleReport,
  sampleVerdict,
} from './report.fixture.ts';
import type { Report } from './report.ts';

const privacy = { sensitive: ['Gender', 'Job Role'], min_group: 12, row_id: 'id' };
const check = (name: string, outcome: Check['outcome'], detail: string): Check => ({
  name,
  outcome,
  detail,
  value: 0.1,
  bound: 0.2,
  limit: 0.3,
  confidence: 0.95,
});

test.each([
  ['a promotion', sampleReport()],
  ['a hold', heldRun()],
  ['a failure', failedRun()],
  ['several classes', multiclassRun()],
  ['regression', regressionRun()],
])('%s: published twice it is the same, and it is a report', (_, report: Report) => {
  const once = publishable({ ...report, privacy, model_notes: ['read 7 rows'] });
  expect(publishable(once)).toEqual(once);
  expect(parseReport(JSON.stringify(once))).toEqual(JSON.parse(JSON.stringify(once)));
});

test('a report with nothing to hide is shown as it is', () => {
  const report = sampleReport({ privacy: { sensitive: [], min_group: 1, row_id: null } });
  expect(publishable(report)).toEqual(report);
});

test('slices of sensitive columns and of few rows are one check each; the worst outcome stays, the reason has no group', () => {
  const failing = check('slices Gender=Female', 'fail', 'ROC AUC of Gender=Female is .300 worse.');
  const verdict = sampleVerdict({
    reason: `${failing.detail} 1 more check fails.`,
    checks: [
      check('champion', 'fail', 'ROC AUC is .2 worse than the champion.'),
      failing,
      check('slices Gender=Male', 'pass', 'ROC AUC of Gender=Male is no worse.'),
      check('slices Department=Human Resources', 'not_judged', 'Not judged: 2 rows in its rarest class.'),
      check('slices Department=Sales', 'pass', 'ROC AUC of Department=Sales is no worse.'),
    ],
    notes: ['Gender has 3 more slices that are too small to judge; they are not listed.', 'A note.'],
  });
  const told = publishableVerdict(verdict, privacy);
  expect(told.checks.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['champion', 'fail'],
    ['slices Department=Sales', 'pass'],
    ['slices of sensitive columns', 'fail'],
    ['slices of few rows', 'not_judged'],
  ]);
  expect(told.reason).toBe(
    'A group of a sensitive column falls behind the champion by more than gate.slices.max_drop, or cannot be judged; the private report names it. 1 more check fails.',
  );
  expect(told.slices.length).toBeGreaterThan(0);
  expect(JSON.stringify(told)).not.toMatch(/Gender|Male|Human Resources/);
  expect(told.notes).toEqual(['A note.']);
  expect(told.outcome).toBe(verdict.outcome);
});

test('a sensitive slice is hidden also where a slice of another column has its name', () => {
  const [slice] = sampleVerdict().slices;
  if (slice === undefined) throw new Error('the sample has slices');
  const slices = [
    { ...slice, column: 'a', value: 'b=c', n: 100 },
    { ...slice, column: 'a=b', value: 'c', n: 100 },
  ];
  const checks = slices.map(() => check('slices a=b=c', 'fail', 'ROC AUC of a=b=c is .300 worse.'));
  const told = publishableVerdict(sampleVerdict({ slices, checks }), { sensitive: ['a'], min_group: 10 });
  expect(told.checks.map(({ name, outcome }) => [name, outcome])).toEqual([
    ['slices of sensitive columns', 'fail'],
  ]);
  expect(told.slices.map(({ column }) => column)).toEqual(['a=b']);
});

test('features and notes that name a sensitive column, alone or in a part, are left out; other words stay', () => {
  const feature = (name: string) => ({ name, value: 1 });
  const names = ['Gender', 'Gender=Male', 'cat__Gender_Male', 'onehot: Job Role: Nurse', 'GenderGap', 'Age'];
  const report = sampleReport({
    privacy,
    verdict: null,
    explanation: { kind: 'coefficients', unit: 'log-odds', features: names.map(feature) },
    notes: ['The column "Gender" is a category.', 'The column "Age" is a number.'],
    model_notes: ['unknown value x'],
  });
  const told = publishable(report);
  expect(told.explanation?.features.map(({ name }) => name)).toEqual(['GenderGap', 'Age']);
  expect(told.notes).toEqual([
    'The column "Age" is a number.',
    "Only the private report has features of such columns and groups, notes on sensitive columns, the model's own notes.",
  ]);
  expect(told.model_notes).toBeUndefined();
});

test('what a program says of its failure stays private where columns are sensitive; what the pipeline says does not', () => {
  const failure = (error: string, cause: string, step = 'Train') => ({
    step,
    error,
    cause,
    log: ['Traceback', "could not convert 'Nurse'"],
    hint: 'Fix it.',
  });
  const told = (given: Report['failure'], own = privacy) =>
    publishable({ ...failedRun(), failure: given, privacy: own }).failure;
  const traceback = failure('AlgorithmError', "ValueError: could not convert 'Nurse'");
  expect(told(traceback)).toMatchObject({ cause: expect.stringMatching(/^The reason may quote/), log: [] });
  expect(told(traceback, { ...privacy, sensitive: [] })).toEqual(traceback);
  const budget = failure('BudgetError', 'estimated at $9, expected at most $5', 'Plan');
  expect(told(budget)).toEqual(budget);
});

test.each([
  ['s3://mlops/small/looks/small/1/history.json: no such object', true],
  ['s3://mlops/small/data/Gender=Male/a.csv: no such object', false],
  ["row 7 has 'Nurse': s3://a/b: no such object", false],
])('an object that is gone is named, unless its name holds more than that: %s', (cause, isTold) => {
  const failure = { step: 'Judge', error: 'NotFoundError', cause, log: ["could not find 'Nurse'"], hint: '' };
  const told = publishable({ ...failedRun(), failure, privacy }).failure;
  expect(told?.cause === cause).toBe(isTold);
  expect(told?.log).toEqual([]);
});

test.each([
  [
    'x.csv: line 3: column id: got "a 1" again (first at line 2)',
    'x.csv: line 3: column id: got an id again (first at line 2)',
  ],
  [
    'kept.csv: line 2: column id: got "r5", which is in the training data too (x.csv line 4)',
    'kept.csv: line 2: column id: got an id, which is in the training data too (x.csv line 4)',
  ],
  [
    'x.csv: column "id" (data.row_id) repeats 2 ids: "r1" on x.csv lines 2, 3, "a\\"b" on my file.csv rows 7, 9',
    'x.csv: column "id" (data.row_id) repeats 2 ids: an id on x.csv lines 2, 3, an id on my file.csv rows 7, 9',
  ],
  [
    'x.csv: data.target: got "Atrition", expected a column',
    'x.csv: data.target: got "Atrition", expected a column',
  ],
])('row ids are not quoted, their lines are: %s', (cause, shown) => {
  const failure = { step: 'Plan', error: 'DataContractError', cause, log: [cause], hint: '' };
  const told = publishable({ ...failedRun(), failure, privacy: { ...privacy, sensitive: [] } }).failure;
  expect(told).toMatchObject({ cause: shown, log: [shown] });
});

test('plots show no bin of few rows and no single row; a sensitive time column has no boundary', () => {
  const plots = regressionRun().plots;
  const points = plots?.candidate.predicted_actual ?? [];
  expect(points.length).toBeGreaterThan(24);
  const told = publishable({ ...regressionRun(), privacy }).plots?.candidate;
  expect(told?.rows_per_point).toBe(12);
  expect(told?.predicted_actual).toHaveLength(Math.floor(points.length / 12));
  const mean = points.slice(0, 12).reduce((sum, [predicted]) => sum + predicted, 0) / 12;
  expect(told?.predicted_actual?.[0]?.[0]).toBeCloseTo(mean, 12);

  const bin = (n: number) => ({ predicted: 0.5, observed: 0.5, n, interval: [0, 1] as [number, number] });
  const split = { by: 'time' as const, column: 'Gender', boundary: '1999-01-01' };
  const report = sampleReport({ privacy });
  if (report.plots === null || report.data === null) throw new Error('the sample has both');
  const changed = publishable({
    ...report,
    plots: { candidate: { calibration: [bin(11), bin(12)] }, champion: null },
    data: { ...report.data, split },
  });
  expect(changed.plots?.candidate.calibration).toEqual([bin(12)]);
  expect(changed.data?.split).toEqual({ by: 'time', column: 'Gender' });
});
