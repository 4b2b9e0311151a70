import { expect, test } from '@jest/globals';
import { renderHtml } from './html.ts';
import { renderComment, renderSummary } from './markdown.ts';
import { parseReport } from './parse-report.ts';
import { publishable } from './publishable.ts';
import { releaseText } from './reading.ts';
import { failedRun, heldRun, rejectedRun, sampleReport } from './report.fixture.ts';
import type { ReleaseFacts, Report } from './report.ts';
import { renderTerminal } from './terminal.ts';

/*
 * What a report says of the release that a promotion would start.
 */

const cost = '$0.02; at rest $0/month';
const facts = (change: Partial<ReleaseFacts> = {}): ReleaseFacts => ({
  mode: 'batch',
  source: 'model/data/scoring.csv',
  rows: 200,
  places: [{ environment: 'production', cost }],
  note: 'The cost of a release is that of its jobs, if they take as long as those of this run.',
  ...change,
});

/** An evaluation on a pull request. */
function evaluated(change: Partial<Report> = {}, report = sampleReport()): Report {
  const promotion = { promoted: false, package: 'attrition/7', detail: 'attrition/7 waits in the registry.' };
  return {
    ...report,
    backend: 'aws',
    environment: 'production',
    run: { ...report.run, mode: 'evaluate', promotion },
    release: facts(),
    ...change,
  };
}

const sentence =
  'A merge would release it: batch predictions of 200 rows of model/data/scoring.csv, on production: $0.02; at rest $0/month.';

test('comment, summary, page and terminal say what a merge would release, where and for how much', () => {
  const report = evaluated();
  expect(releaseText(report)).toBe(sentence);
  expect(renderComment(report)).toContain(sentence.replaceAll('$', '<span>$</span>'));
  expect(renderSummary(report)).toContain('as those of this run.');
  expect(renderHtml(report)).toContain(sentence);
  expect(renderTerminal(report, { color: false, columns: 200 }).replace(/\s+/g, ' ')).toContain(sentence);
  // It names no cell, so everybody may read it.
  expect(releaseText(publishable(report))).toBe(sentence);
});

test.each<[string, Partial<Report>, string]>([
  [
    'on the runner',
    { backend: 'embedded', environment: null, release: facts({ places: [], note: '' }) },
    'A merge would release it: batch predictions of 200 rows of model/data/scoring.csv, on the runner, as an artifact.',
  ],
  [
    'an endpoint where there is none',
    { backend: 'embedded', environment: null, release: facts({ mode: 'serverless', places: [], note: '' }) },
    'A merge would release it: as the model that mlops serve answers with, on the runner, as an artifact.',
  ],
  [
    'rows that were not counted',
    { release: facts({ rows: null }) },
    'A merge would release it: batch predictions of the rows of model/data/scoring.csv, on production: $0.02; at rest $0/month.',
  ],
  [
    'two environments of one price',
    { release: facts({ places: ['staging', 'production'].map((environment) => ({ environment, cost })) }) },
    'A merge would release it: batch predictions of 200 rows of model/data/scoring.csv, on staging, then production: $0.02; at rest $0/month each.',
  ],
  [
    'two environments of two prices',
    {
      release: facts({
        mode: 'endpoint',
        places: [
          { environment: 'staging', cost: 'at rest $0.115/hour' },
          { environment: 'production', cost: 'price not known' },
        ],
      }),
    },
    'A merge would release it: on an endpoint, on staging (at rest $0.115/hour), then production (price not known).',
  ],
])('%s', (_, change, text) => {
  expect(releaseText(evaluated(change))).toBe(text);
});

test('who decides depends on the verdict and on who asked', () => {
  expect(releaseText(evaluated({}, heldRun()))).toMatch(/^If a person promotes it, it is released: batch/);
  const report = evaluated();
  const manual = { ...report, backend: 'embedded' as const, run: { ...report.run, trigger: 'manual' } };
  expect(releaseText(manual)).toBe(
    'Promoted, it would be released: batch predictions of 200 rows of model/data/scoring.csv, on this machine.',
  );
});

test('nothing is said where nothing will be released', () => {
  for (const report of [
    evaluated({ release: null }),
    evaluated({}, rejectedRun()),
    evaluated({}, failedRun()),
    // A promotion is released at once, and that is told by the release.
    { ...evaluated(), run: sampleReport().run },
  ])
    expect(releaseText(report)).toBe('');
  const { release: _, ...older } = evaluated();
  expect(releaseText(older)).toBe('');
  expect(renderComment(evaluated({ release: null }))).not.toContain('cost of a release');
});

test('of a sealed verdict it does not tell a hold from a reject', () => {
  const sealed = (report: Report): Report =>
    report.verdict === null ? report : { ...report, verdict: { ...report.verdict, sealed: true } };
  expect(releaseText(sealed(evaluated({}, heldRun())))).toBe(
    releaseText(sealed(evaluated({}, rejectedRun()))),
  );
  expect(releaseText(sealed(evaluated()))).toBe(sentence);
});

test('a report is read again with it and without it, and refused if it is malformed', () => {
  for (const report of [evaluated(), evaluated({ release: null }), sampleReport()])
    expect(parseReport(JSON.stringify(report))).toEqual(report);
  expect(() => parseReport(JSON.stringify(evaluated({ release: facts({ rows: -1 }) })))).toThrow(
    /report: release\.rows: got -1/,
  );
});
