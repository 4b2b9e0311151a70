import { stripVTControlCharacters } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import type { TuningFacts } from '../steps/train/evidence.ts';
import { renderHtml } from './html.ts';
import { renderComment } from './markdown.ts';
import { parseReport } from './parse-report.ts';
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
  unenforcedRun,
} from './report.fixture.ts';
import type { Report } from './report.ts';
import { renderTerminal } from './terminal.ts';

const plain = { color: false, columns: 80 };
const states = {
  promote: sampleReport(),
  hold: heldRun(),
  reject: rejectedRun(),
  first: firstRun(),
  failed: failedRun(),
  unenforced: unenforcedRun(),
  reused: reusedRun(),
  multiclass: multiclassRun(),
  regression: regressionRun(),
};

test('the verdict and why come first, then each metric with its difference and interval', () => {
  const lines = renderTerminal(sampleReport(), plain).split('\n');
  expect(lines[0]).toBe('  PROMOTE  Not worse than the champion by .030 in ROC AUC: the difference is');
  expect(lines[1]).toBe('  +.012 with a lower bound of −.007 at 95 %.');
  expect(lines).toContain('  ROC AUC                 .855      .843       +.012  [−.011, +.035]');
  expect(lines).toContain('  Log-loss ↓              .309      .330       −.021  [−.040, −.002]  better');
});

test('a tuning job that started from earlier ones is told, on the page and in the comment too', () => {
  const report = sampleReport();
  if (report.tuning === null) throw new Error('expected a tuned sample');
  report.tuning.warm_start = { parents: 2, best: 0.8412 };
  const told = '; warm start: 2 parents, best known value .841';
  expect(renderTerminal(report, plain).replaceAll(/\s+/g, ' ')).toContain(told);
  for (const text of [renderHtml(report), renderComment(report)]) expect(text).toContain(told);
  expect(parseReport(JSON.stringify(report)).tuning?.warm_start).toEqual({ parents: 2, best: 0.8412 });
  expect(renderTerminal(sampleReport(), plain)).not.toContain('warm start');
});

describe('a guided search', () => {
  const standing = { runs: 1, guided: 6, random: 2, won: 1, better: null, interval: null };
  const guide: NonNullable<TuningFacts['guidance']>['guide'] = {
    ...{ runs: 3, trials: 24, parts: { first: 1, guided: 5, random: 2 }, first: { C: '0.3' } },
    ranges: {
      C: { min: '0.0123456', max: '3', type: 'continuous', scale: 'logarithmic' },
      encoding: ['onehot', 'linear'],
    },
  };
  const reportOf = (guidance: NonNullable<TuningFacts['guidance']>, ran_as: string) => {
    const report = sampleReport();
    if (report.tuning === null) throw new Error('expected a tuned sample');
    const trials = report.tuning.trials.map((trial, index) => ({ ...trial, guided: index === 0 }));
    report.tuning = { ...report.tuning, ran_as, trials, guidance };
    return report;
  };
  const texts = (report: Report) =>
    [renderTerminal(report, plain), renderHtml(report), renderComment(report)].map((text) =>
      text.replaceAll(/(\s|&nbsp;)+/g, ' '),
    );

  test.each<[string, NonNullable<TuningFacts['guidance']>, string[]]>([
    [
      'too few runs',
      { guide, why: null, standing },
      [
        'guided by 24 trials of 3 earlier runs on like data: the best known again, 5 where past ones were good (C 0.01235 to 3; encoding onehot, linear), 2 at random over the full ranges.',
        'Guided against random trials: too few runs to say (1 so far, expected 5).',
      ],
    ],
    [
      'no guide yet',
      { guide: null, why: '3 earlier trials, expected at least 20', standing: { ...standing, runs: 0 } },
      ['The search was not guided yet: 3 earlier trials, expected at least 20.'],
    ],
    [
      'better',
      { guide, why: null, standing: { ...standing, runs: 8, better: 0.75, interval: [0.6, 0.9] } },
      [
        'in 75 % of pairs (95 % interval 60 % to 90 %), and the best of all in 1 of 8 runs: guidance helps.',
        'both are credited',
      ],
    ],
    [
      'worse',
      { guide, why: null, standing: { ...standing, runs: 8, better: 0.25, interval: [0.1, 0.4] } },
      ['guidance does worse than chance, so past trials mislead: set tuning.guided: off'],
    ],
    [
      'no difference',
      { guide, why: null, standing: { ...standing, runs: 8, better: 0.5, interval: [0.4, 0.6] } },
      ['that shows no difference'],
    ],
  ])('%s: is told in the terminal, on the page and in the comment', (what, guidance, sentences) => {
    const report = reportOf(guidance, what === 'better' ? 'bayesian' : 'random');
    for (const text of texts(report)) for (const sentence of sentences) expect(text).toContain(sentence);
    expect(parseReport(JSON.stringify(report)).tuning).toEqual(report.tuning);
  });

  test('marks its trials', () => {
    const [, page = '', comment = ''] = texts(reportOf({ guide, why: null, standing }, 'random'));
    expect(page.match(/<span class="tag">guided<\/span>/g)).toHaveLength(1);
    expect(comment.match(/guided <code>trial-1<\/code>/g)).toHaveLength(1);
    for (const text of texts(sampleReport())) expect(text).not.toMatch(/guided/i);
  });
});

test('what changed stands beside what moved', () => {
  const text = renderTerminal(sampleReport(), plain);
  expect(text).toMatch(/Changed since the champion +Moved\n/);
  expect(text).toMatch(/hyperparameter C: 1 → 0\.3 +\S/);
  expect(text).toContain('2 of 7 steps reused, saving 5.1 s.');
});

test('a value that a search drew is cut to what says all of it', () => {
  const changes = [
    { what: 'hyperparameters' as const, path: 'C', from: '0.08758321087095153', to: '1.0399810663633664' },
    { what: 'config' as const, path: 'version', from: '2024.10', to: '12345678' },
  ];
  const text = renderTerminal(sampleReport({ changes }), plain);
  expect(text).toContain('C: 0.08758 → 1.04');
  expect(text).toContain('version: 2024.10 → 12345678');
});

test('each state is told plainly', () => {
  const text = (state: keyof typeof states) => renderTerminal(states[state], plain);
  expect(text('hold')).toContain('? champion: The difference of −.019');
  expect(text('reject')).toContain('✗ threshold roc_auc: .721 is below .750.');
  expect(text('reject')).toContain('Checks: 3 fail, 4 pass, 1 not judged');
  expect(text('first')).toContain('there was no champion to compare with.');
  expect(text('first')).not.toContain('Champion ');
  expect(text('failed')).toContain('FAILED IN TRAIN');
  expect(text('failed')).toContain('|     model.fit(features, target)');
  expect(text('failed')).toContain('Try: Read the lines of the log above.');
  expect(text('unenforced')).toContain('Not enforced: gate.enforce is false.');
  expect(text('reused')).toContain('Nothing ran again: all 7 steps were reused, saving 22 s.');
});

test('a run that costs nothing says nothing of cost', () => {
  const cost = { estimated_usd: 0, actual_usd: 0, note: '' };
  expect(renderTerminal(sampleReport({ cost }), plain)).not.toContain('Cost');
  expect(renderTerminal(sampleReport(), plain)).toContain('Cost: $0 spent, $0.04 estimated.');
});

test.each(Object.entries(states))('%s fits the terminal at any width, but for its log', (_, report) => {
  for (const columns of [40, 60, 80, 100, 200])
    for (const line of renderTerminal(report, { color: false, columns }).split('\n'))
      if (!line.startsWith('  | ')) expect(line.length).toBeLessThanOrEqual(columns);
});

test('every line of the log is whole', () => {
  const report = failedRun();
  const log = Array.from({ length: 60 }, (_, at) => `  frame ${at} ${'x'.repeat(200)}`);
  const text = renderTerminal({ ...report, failure: report.failure && { ...report.failure, log } }, plain);
  for (const line of log) expect(text).toContain(`\n  | ${line}\n`);
});

test.each(Object.entries(states))('%s: colour adds nothing but colour', (_, report) => {
  const colored = renderTerminal(report, { color: true, columns: 80 });
  expect(colored).toContain('\u001b[');
  expect(stripVTControlCharacters(colored)).toBe(renderTerminal(report, plain));
});

test.each(HOSTILE_TEXTS.map((text) => [text]))('no control character gets through: %j', (hostile) => {
  const text = renderTerminal(hostileRun(hostile), plain);
  expect(text.replaceAll('\n', '')).not.toMatch(/\p{Cc}|[\u202a-\u202e\u2066-\u2069]/u);
});
