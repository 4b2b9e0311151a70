import { expect, test } from '@jest/globals';
import { renderHtml } from './html.ts';
import { renderComment, renderSummary } from './markdown.ts';
import { parseReport, parseVerdict } from './parse-report.ts';
import {
  failedRun,
  firstRun,
  HOSTILE_TEXTS,
  heldRun,
  hostileRun,
  multiclassRun,
  regressionRun,
  rejectedRun,
  reusedRun,
  sampleReport,
  sampleVerdict,
  unenforcedRun,
} from './report.fixture.ts';
import type { Report } from './report.ts';

const reports: [string, Report][] = [
  ['promote', sampleReport()],
  ['hold', heldRun()],
  ['reject', rejectedRun()],
  ['first run', firstRun()],
  ['failed', failedRun()],
  ['not enforced', unenforcedRun()],
  ['all reused', reusedRun()],
  ['multiclass', multiclassRun()],
  ['regression', regressionRun()],
];

test.each(reports)('%s: what was written is read again, nothing lost', (_, report) => {
  expect(parseReport(JSON.stringify(report))).toEqual(report);
});

test('a verdict on its own', () => {
  expect(parseVerdict(JSON.stringify(sampleVerdict()))).toEqual(sampleVerdict());
});

test.each(HOSTILE_TEXTS.map((text) => [text]))('any text is text: %j', (text) => {
  const started_at = '2026-11-22T20:00:00.000Z';
  const hostile = hostileRun(text);
  const report = { ...hostile, run: { ...hostile.run, started_at } };
  expect(parseReport(JSON.stringify(report))).toEqual(report);
});

test('what a newer version adds is left out', () => {
  const report = sampleReport();
  expect(parseReport(JSON.stringify({ ...report, more: 1 }))).toEqual(report);
});

/** The report's JSON with one part of its text replaced. */
const edited = (from: string | RegExp, to: string, report = sampleReport()): string => {
  const before = JSON.stringify(report);
  const after = before.replace(from, to);
  if (after === before) throw new Error(`${String(from)} is not in the report`);
  return after;
};

test.each([
  ['NaN', edited('"candidate":0.8554', '"candidate":NaN'), /report: expected JSON: .*N/],
  [
    'infinity',
    edited('"candidate":0.8554', '"candidate":1e999'),
    'report: verdict.metrics.roc_auc.candidate: got Infinity: Invalid input: expected number, received Infinity',
  ],
  [
    'the null that JSON.stringify makes of NaN',
    edited('"candidate":0.8554', '"candidate":null'),
    'report: verdict.metrics.roc_auc.candidate: got null: Invalid input: expected number, received null',
  ],
  ['a number as text', edited('"candidate":0.8554', '"candidate":"0.8554"'), /candidate: got "0.8554"/],
  ['a missing part', edited('"outcome":"promote",', ''), /verdict\.outcome: got nothing: Invalid option/],
  ['an outcome that there is not', edited('"outcome":"promote"', '"outcome":"Promote"'), /got "Promote"/],
  ['a negative count', edited('"n":255', '"n":-255'), /verdict\.n: got -255/],
  ['half a row', edited('"n":255', '"n":255.5'), /verdict\.n: got 255\.5/],
  [
    'an interval upside down',
    edited('[0.7974,0.9051]', '[0.9051,0.7974]'),
    /interval: .*the lower end first/,
  ],
  ['a time that is none', edited(/"started_at":"[^"]*"/, '"started_at":"yesterday"'), /run\.started_at/],
  ['another version', edited('"version":1', '"version":2'), /report: version: got 2/],
  ['half a file', JSON.stringify(sampleReport()).slice(0, 500), /report: expected JSON/],
  ['no file', '', /report: expected JSON/],
  ['a list', '[]', /report: got \[\]: Invalid input: expected object/],
  ['depth', '['.repeat(1_000_000), /report: expected JSON/],
  [
    'a text without end',
    edited('"attrition"', JSON.stringify('x'.repeat(40_000))),
    /project: got "xxx.*: Too big/,
  ],
  [
    'a curve of more points than any of ours',
    edited('"roc":[', `"roc":[${'[0,0],'.repeat(5000)}`),
    /plots\.candidate\.roc: got .*: Too big/,
  ],
  [
    'a confusion matrix that is not square',
    edited(/"counts":\[\[\d+,/, '"counts":[[', multiclassRun()),
    /confusion: .*as many rows and columns/,
  ],
  [
    'too much',
    `${JSON.stringify(sampleReport())}${' '.repeat(9_000_000)}`,
    /got 90\d+ bytes, expected at most 8388608/,
  ],
])('%s is refused, and told', (_, text, message) => {
  expect(() => parseReport(text)).toThrow(message);
});

const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

test.each<[string, (report: Report) => void]>([
  [
    'slices',
    ({ verdict }) => {
      const [slice] = verdict?.slices ?? [];
      if (verdict && slice) verdict.slices = many(10_000, (i) => ({ ...slice, value: `<${i}` }));
    },
  ],
  [
    'trials',
    ({ tuning }) => {
      const [trial] = tuning?.trials ?? [];
      if (tuning && trial) tuning.trials = many(10_000, (i) => ({ ...trial, name: `t${i}` }));
    },
  ],
  [
    'long notes',
    (report) => {
      report.notes = many(200, () => '`<?X-Amz-'.repeat(3500));
    },
  ],
])('as many %s as there may be are rendered within the limits of GitHub', (_, grow) => {
  const report = sampleReport();
  grow(report);
  const read = parseReport(JSON.stringify(report));
  expect(renderComment(read).length).toBeLessThanOrEqual(65_536);
  expect(Buffer.byteLength(renderSummary(read))).toBeLessThanOrEqual(1_048_576);
  expect(renderHtml(read)).toContain('</html>');
});

test('many problems are told in a few lines, and nothing in them acts', () => {
  const metrics = Object.fromEntries(
    Array.from({ length: 50 }, (_, i) => [`::error::\n\u001b[31m${i}`, { candidate: 'x' }]),
  );
  const report = { ...sampleReport(), verdict: { ...sampleVerdict(), metrics } };
  try {
    parseReport(JSON.stringify(report));
    throw new Error('accepted');
  } catch (error) {
    const { message } = error as Error;
    expect(message.split('\n')).toHaveLength(4);
    expect(message).toMatch(/and \d+ more problems$/);
    expect(message).not.toContain('\u001b');
    expect(message).not.toMatch(/^::/m);
  }
});

test("a name of an object's own machinery is a name", () => {
  const text = edited('"roc_auc":{', '"__proto__":{"candidate":1},"roc_auc":{');
  const { verdict } = parseReport(text);
  expect(Object.getPrototypeOf(verdict?.metrics)).toBe(Object.prototype);
  expect(verdict?.metrics.candidate).toBeUndefined();
});
