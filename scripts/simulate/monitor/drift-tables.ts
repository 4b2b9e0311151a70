import { judgeDrift } from '../../../pipeline/monitor/drift.ts';
import { levelsOf } from '../../../pipeline/monitor/levels.ts';
import type { ColumnReference, Reference } from '../../../pipeline/monitor/reference.ts';
import type { WindowColumn, WindowSummary } from '../../../pipeline/monitor/window.ts';
import { psiTest } from '../../../pipeline/statistics/psi.ts';
import type { Random } from '../../../pipeline/statistics/random.ts';
import type { Measured, Row, Table } from '../table.ts';
import { drawRows, emptyRows } from './production.ts';
import { type DriftWatcher, excessPsi, fixedPsi, smirnov } from './score-drift.ts';

/** Drift of scores and columns: how often it is seen where there is none, and how soon where there is some. */

const YEAR = 52;
const WEEK = 7 * 86_400;
const HOLDOUT = 5000;
const FALSE_ALARMS = 0.05;
const COLUMNS = 10;
const BINS = 10;

const levels = levelsOf({ drift: { tolerance: 0.1, false_alarms: FALSE_ALARMS }, window: WEEK });

/** Counts of rows that fall into bins of equal probability. */
function drawCounts(rows: number, random: Random): number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (let row = 0; row < rows; row++) counts[Math.floor(BINS * random.uniform())]!++;
  return counts;
}

const names = Array.from({ length: COLUMNS }, (_, i) => `column ${i + 1}`);

/** A package's reference: scores in ten bins, ten columns of numbers that do not depend on each other. */
function referenceFrom(random: Random): Reference {
  const inBins = (counts: number[]) => counts.map((n) => ({ n, sum: 0, positives: 0 }));
  const edges = Array.from({ length: BINS - 1 }, (_, i) => i + 1);
  return {
    version: 1,
    problem: 'binary',
    labels: ['No', 'Yes'],
    threshold: null,
    rows: HOLDOUT,
    scores: [{ name: '', edges, bins: inBins(drawCounts(HOLDOUT, random)) }],
    decisions: [],
    metrics: {},
    losses: {},
    columns: names.map(
      (name): ColumnReference => ({
        name,
        type: 'number',
        edges,
        counts: drawCounts(HOLDOUT, random),
        missing: 0,
        range: [0, BINS],
      }),
    ),
  };
}

function windowFrom(rows: number, random: Random): WindowSummary {
  return {
    package: 'simulated',
    start: '2026-01-05T00:00:00.000Z',
    end: '2026-01-12T00:00:00.000Z',
    rows,
    scores: [{ name: '', counts: drawCounts(rows, random), sums: new Array(BINS).fill(0), bad: 0 }],
    decisions: [],
    columns: names.map(
      (name): WindowColumn => ({
        name,
        type: 'number',
        absent: false,
        counts: drawCounts(rows, random),
        missing: 0,
      }),
    ),
  };
}

/** Healthy years: scores and ten columns in ten bins each. */
function healthy(rows: number, tolerance: number) {
  return (asked: number, random: Random): Row => {
    // The quantiles that a tolerance takes are slow, and hardly any of these years has an alarm.
    const runs = tolerance === 0 ? asked : Math.ceil(asked / 10);
    const years = { ours: 0, tenth: 0, fifth: 0, anyFifth: 0, test: 0 };
    for (let run = 0; run < runs; run++) {
      const reference = referenceFrom(random);
      const seen = new Set<keyof typeof years>();
      for (let week = 0; week < YEAR; week++) {
        const window = windowFrom(rows, random);
        if (judgeDrift(reference, window, tolerance, levels).some(({ outcome }) => outcome === 'alarm'))
          seen.add('ours');
        const expected = reference.scores[0]!.bins.map(({ n }) => n);
        const scores = psiTest(expected, window.scores[0]!.counts, 0)!;
        if (scores.value > 0.1) seen.add('tenth');
        if (scores.value > 0.2) seen.add('fifth');
        const ofColumns = reference.columns.map(
          ({ counts }, i) => psiTest(counts, window.columns[i]!.counts, 0)!,
        );
        if (ofColumns.some(({ value }) => value > 0.2)) seen.add('anyFifth');
        if (ofColumns.some(({ pValue }) => pValue < 0.05)) seen.add('test');
      }
      for (const name of seen) years[name]++;
    }
    const cell = (count: number, most?: number): Measured => ({ count, of: runs, as: 'interval', most });
    const { ours, tenth, fifth, anyFifth, test } = years;
    return {
      labels: [String(rows), String(tolerance)],
      measured: [tenth, fifth, anyFifth, test].map((count) => cell(count)).concat(cell(ours, FALSE_ALARMS)),
    };
  };
}

export const driftFalseAlarms: Table = {
  name: 'drift-false-alarms',
  title: 'False alarms of drift',
  about:
    `How many, in %, of healthy years of weekly windows have an alarm (95 % interval). A reference of ${HOLDOUT} rows, scores and ` +
    `${COLUMNS} columns in ${BINS} bins each. The limits .1 and .2 are those that people use; the test is one at 5 % of each column and ` +
    'week. Ours watches scores and columns together, with `false_alarms: 0.05`: expected at most 5.',
  columns: [
    'rows a week',
    'tolerance of ours',
    'scores’ PSI over .1',
    'scores’ PSI over .2',
    'any column’s PSI over .2',
    'any column’s test at 5 %',
    'ours',
  ],
  rows: [100, 1000].flatMap((rows) => [0, 0.1].map((tolerance) => healthy(rows, tolerance))),
};

const PATIENCE = 52;

const watchersOf = (reference: Float64Array): DriftWatcher[] => [
  fixedPsi(reference, 0.1),
  fixedPsi(reference, 0.2),
  smirnov(reference),
  excessPsi(reference, 0.1, levels.half),
  excessPsi(reference, 0, levels.half),
];

const watcherNames = watchersOf(emptyRows(100).scores).map(({ name }) => name);

/** Of references with rows that follow a change: how many are noticed, with the limits that people use. */
function noticed(rows: number, shift: number) {
  return (runs: number, random: Random): Row => {
    const holdout = emptyRows(HOLDOUT);
    const window = emptyRows(rows);
    const counts = watcherNames.map(() => 0);
    for (let run = 0; run < runs; run++) {
      drawRows(holdout, random);
      const watchers = watchersOf(holdout.scores.toSorted());
      const alarmed = watchers.map(() => false);
      for (let week = 0; week < (shift === 0 ? YEAR : 4) && alarmed.includes(false); week++) {
        drawRows(window, random, { shift });
        for (const [i, watcher] of watchers.entries())
          if (!alarmed[i] && watcher.read(window.scores) >= watcher.usual) alarmed[i] = true;
      }
      for (const [i, isAlarmed] of alarmed.entries()) if (isAlarmed) counts[i]!++;
    }
    return {
      labels: [String(rows), shift === 0 ? 'none: healthy years' : String(shift)],
      measured: counts.map((count) => ({ count, of: runs })),
    };
  };
}

export const driftNoticed: Table = {
  name: 'drift-noticed',
  title: 'Drift of the scores, with usual limits',
  about: `How many, in %, of the healthy years have an alarm, and how many shifts of the scores (in spreads of one class) are noticed within four weeks. A reference of ${HOLDOUT} rows. Of ours, the scores’ half of the budget: at most 2.5 healthy years.`,
  columns: ['rows a week', 'shift', ...watcherNames],
  share: 0.5,
  rows: [100, 1000].flatMap((rows) => [0, 0.25, 0.5].map((shift) => noticed(rows, shift))),
};

/** Mean weeks to the alarm, with each threshold at the same share of healthy years. */
function delays(rows: number) {
  return (runs: number, random: Random): Row[] => {
    const references = Array.from({ length: 20 }, () => {
      const holdout = emptyRows(HOLDOUT);
      drawRows(holdout, random);
      return watchersOf(holdout.scores.toSorted()).filter((_, i) => i !== 1);
    });
    const kinds = references[0]!.length;
    const window = emptyRows(rows);
    const highest = Array.from({ length: kinds }, () => new Float64Array(runs));
    for (let run = 0; run < runs; run++)
      for (let week = 0; week < YEAR; week++) {
        drawRows(window, random);
        for (const [i, watcher] of references[run % references.length]!.entries())
          highest[i]![run] = Math.max(highest[i]![run]!, watcher.read(window.scores));
      }
    const limits = highest.map((values) => values.sort()[Math.ceil((1 - FALSE_ALARMS) * runs) - 1]!);
    return [0.1, 0.25, 0.5].map((shift) => {
      const times = Math.ceil(runs / 4);
      const sums = limits.map(() => 0);
      const squares = limits.map(() => 0);
      for (let run = 0; run < times; run++) {
        const watchers = references[run % references.length]!;
        const found = limits.map(() => PATIENCE);
        for (let week = 1; week <= PATIENCE && found.includes(PATIENCE); week++) {
          drawRows(window, random, { shift });
          for (const [i, watcher] of watchers.entries())
            if (found[i] === PATIENCE && watcher.read(window.scores) > limits[i]!) found[i] = week;
        }
        for (const [i, weeks] of found.entries()) {
          sums[i]! += weeks;
          squares[i]! += weeks * weeks;
        }
      }
      const measured = sums.map((sum, i): Measured => {
        const variance = squares[i]! / times - (sum / times) ** 2;
        return { count: sum, of: times, as: 'mean', error: Math.sqrt(variance / times) };
      });
      return { labels: [String(rows), String(shift)], measured };
    });
  };
}

export const driftDelays: Table = {
  name: 'drift-delay',
  title: 'Drift of the scores at the same rate of false alarms',
  about:
    `Mean weeks to the alarm, at most ${PATIENCE}, where every threshold is set so that ${100 * FALSE_ALARMS} % of healthy years have an alarm. ` +
    'A KS test needs no bins and finds a small shift sooner than any PSI; ours joins bins that expect few rows; a tolerance makes ours slower on purpose.',
  columns: ['rows a week', 'shift', 'PSI', 'KS test', 'ours, tolerance 0.1', 'ours, tolerance 0'],
  share: 0.5,
  rows: [100, 1000].map(delays),
};
