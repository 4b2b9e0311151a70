import { formatCount, formatCountOf, formatP, formatPercent, formatValue } from '../format.ts';
import { holm } from '../statistics/holm.ts';
import { alarmFrom, joinBins, joined, type Psi, psiTest, smallestPsi } from '../statistics/psi.ts';
import { shareTest } from '../statistics/share-test.ts';
import type { Evidence } from './finding.ts';
import type { Levels } from './levels.ts';
import type { ColumnReference, Reference } from './reference.ts';
import type { WindowColumn, WindowSummary } from './window.ts';

/** Scores and numbers are compared in at most so many bins. */
const BINS = 10;

/** A share of missing values, or of new categories, that differs by less is no drift, however many rows show it. */
export const SHARE_TOLERANCE = 0.01;

/** One test before it is known how many there are. */
interface Test {
  kind: Evidence['kind'];
  name: string;
  n: number;
  /** @param level of this test alone, if all tests of its family share theirs evenly */
  run: (level: number) => Outcome;
}

type Outcome = { pValue: number; value: number; limit: number | null; numbers: string } | { why: string };

/**
 * What differs in a complete window from the package's reference: the scores, and the columns as diagnosis. Scores and columns
 * have half of the window's level each, over which Holm's procedure holds.
 *
 * @param tolerance an index beyond chance that is no drift
 */
export function judgeDrift(
  reference: Reference,
  window: WindowSummary,
  tolerance: number,
  levels: Levels,
): Evidence[] {
  const columns = columnTests(reference, window, tolerance);
  return [
    ...family(scoreTests(reference, window, tolerance), levels.half, window),
    ...family([...badScores(reference, window), ...columns.tests], levels.half, window),
    ...columns.absent,
  ];
}

/** The smallest true index of the scores that this window's test finds with 80 %; null where there is no test. */
export function smallestScoreShift(
  reference: Reference,
  window: WindowSummary,
  tolerance: number,
  levels: Levels,
): number | null {
  const tests = scoreCounts(reference, window);
  const shifts = tests.map(({ before, now }) => {
    const psi = psiOf(before, now, tolerance, BINS);
    return psi === null ? null : smallestPsi(psi, tolerance, levels.half / tests.length, 0.8);
  });
  return shifts.length === 0 || shifts.includes(null) ? null : Math.max(...(shifts as number[]));
}

function family(tests: readonly Test[], level: number, window: WindowSummary): Evidence[] {
  const outcomes = tests.map((test) => test.run(level / tests.length));
  const adjusted = holm(outcomes.map((outcome) => ('pValue' in outcome ? outcome.pValue : 1)));
  return tests.map(({ kind, name, n }, i) => {
    const outcome = outcomes[i]!;
    const place = { kind, name, n, interval: null, window: { start: window.start, end: window.end } };
    if ('why' in outcome)
      return { ...place, outcome: 'cannot tell', detail: outcome.why, value: null, limit: null, level: null };
    const isAlarm = adjusted[i]! <= level;
    return {
      ...place,
      outcome: isAlarm ? 'alarm' : 'pass',
      detail: `${outcome.numbers} (p ${pText(outcome.pValue)}): ${isAlarm ? 'a drift' : 'no drift shown'}.`,
      value: outcome.value,
      limit: outcome.limit,
      level,
    };
  });
}

const pText = (p: number) => (p < 0.001 ? formatP(p) : `= ${formatP(p)}`);

function psiOf(
  before: readonly number[],
  now: readonly number[],
  tolerance: number,
  most: number,
): Psi | null {
  const rows = now.reduce((sum, count) => sum + count, 0);
  if (rows === 0) return null;
  const starts = joinBins(before, rows, most);
  return psiTest(joined(before, starts), joined(now, starts), tolerance);
}

function psiOutcome(
  what: string,
  before: readonly number[],
  now: readonly number[],
  { tolerance, level, most }: { tolerance: number; level: number; most: number },
): Outcome {
  const psi = psiOf(before, now, tolerance, most);
  const rows = now.reduce((sum, count) => sum + count, 0);
  if (psi === null)
    return {
      why: `${what} cannot be compared: ${formatCountOf(rows, 'row')} do not fill two bins with twenty rows each.`,
    };
  const limit = alarmFrom(psi, tolerance, level);
  return {
    pValue: psi.pValue,
    value: psi.value,
    limit,
    numbers: `${what} has a stability index of ${formatValue(psi.value)} in ${psi.bins} bins of ${formatCountOf(rows, 'row')}; chance alone gives ${formatValue(psi.byChance)}, ${formatValue(tolerance)} is tolerated, and an alarm takes ${formatValue(limit)}`,
  };
}

/** Counts of the reference's holdout and of the window, by score. */
function scoreCounts(reference: Reference, window: WindowSummary) {
  if (reference.scores.length === 0)
    return reference.decisions.length === 0
      ? []
      : [{ name: 'decisions', before: reference.decisions, now: window.decisions }];
  return reference.scores.map(({ name, bins }) => ({
    name,
    before: bins.map(({ n }) => n),
    now: window.scores.find((score) => score.name === name)?.counts ?? [],
  }));
}

function scoreTests(reference: Reference, window: WindowSummary, tolerance: number): Test[] {
  const isDecided = reference.scores.length === 0;
  return scoreCounts(reference, window).map(({ name, before, now }) => ({
    kind: 'scores',
    name: isDecided ? 'decisions' : name === '' ? 'score' : name,
    n: window.rows,
    run: (level) => {
      const what = isDecided
        ? 'The mix of decisions'
        : name === ''
          ? 'The score'
          : `The probability of ${name}`;
      if (now.length !== before.length)
        return {
          why: `${what} is counted in ${now.length} bins, expected the reference's ${before.length}.`,
        };
      return psiOutcome(what, before, now, {
        tolerance,
        level,
        most: isDecided ? Number.POSITIVE_INFINITY : BINS,
      });
    },
  }));
}

/** Rows without a finite score, which the holdout did not have. */
function badScores(reference: Reference, window: WindowSummary): Test[] {
  const bad = window.scores.reduce((most, score) => Math.max(most, score.bad), 0);
  if (bad === 0) return [];
  return [
    shareOf(
      'missing',
      'score',
      'no finite score',
      { count: bad, of: window.rows },
      { count: 0, of: reference.rows },
      'above',
    ),
  ];
}

function shareOf(
  kind: 'missing' | 'categories',
  name: string,
  what: string,
  now: { count: number; of: number },
  before: { count: number; of: number },
  side: 'above' | 'both',
): Test {
  return {
    kind,
    name,
    n: now.of,
    run: (level) => {
      if (now.of === 0 || before.of === 0) return { why: `${name} has no rows to compare.` };
      const pValue = shareTest({
        now,
        reference: before,
        tolerance: SHARE_TOLERANCE,
        beta: level / 10,
        side,
      });
      return {
        pValue,
        value: now.count / now.of,
        limit: null,
        numbers: `${formatCount(now.count)} of ${formatCountOf(now.of, 'row')} (${formatPercent(now.count / now.of)}) have ${what} in ${name}, of the reference's ${formatPercent(before.count / before.of)}; ${formatPercent(SHARE_TOLERANCE)} ${side === 'both' ? 'more or less' : 'more'} is tolerated`,
      };
    },
  };
}

function columnTests(
  reference: Reference,
  window: WindowSummary,
  tolerance: number,
): { tests: Test[]; absent: Evidence[] } {
  const tests: Test[] = [];
  const absent: Evidence[] = [];
  const place = {
    window: { start: window.start, end: window.end },
    n: window.rows,
    interval: null,
    value: null,
    limit: null,
    level: null,
  };
  for (const before of reference.columns) {
    const now = window.columns.find(({ name }) => name === before.name);
    if (now === undefined)
      absent.push({
        ...place,
        kind: 'column',
        name: before.name,
        outcome: 'cannot tell',
        detail: `${before.name} was not counted in this window.`,
      });
    else if (now.absent)
      absent.push({
        ...place,
        kind: 'column',
        name: before.name,
        outcome: 'alarm',
        detail: `${before.name} is a column of training, and no file of this window has it.`,
      });
    else if (now.type !== before.type)
      absent.push({
        ...place,
        kind: 'column',
        name: before.name,
        outcome: 'cannot tell',
        detail: `${before.name} was a ${before.type} in training and is a ${now.type} now.`,
      });
    else tests.push(...testsOf(before, now, tolerance));
  }
  // A reference without columns hides them all, or is older: then none of the window's is new.
  for (const { name } of reference.columns.length === 0 ? [] : window.columns)
    if (!reference.columns.some((column) => column.name === name))
      absent.push({
        ...place,
        kind: 'column',
        name,
        outcome: 'cannot tell',
        detail: `${name} is new: training did not have it, so there is nothing to compare it with.`,
      });
  return { tests, absent };
}

function testsOf(before: ColumnReference, now: WindowColumn, tolerance: number): Test[] {
  const valued = (column: { counts: number[]; others?: number; unseen?: number }) =>
    column.counts.reduce((sum, count) => sum + count, 0) + (column.others ?? 0) + (column.unseen ?? 0);
  const [m, n] = [valued(now), valued(before)];
  const tests: Test[] = [
    shareOf(
      'missing',
      before.name,
      'no value',
      { count: now.missing, of: m + now.missing },
      { count: before.missing, of: n + before.missing },
      'both',
    ),
  ];
  const isNumber = before.type === 'number';
  const counts = {
    before: isNumber ? before.counts : [...before.counts, before.others],
    now: now.type === 'number' ? now.counts : [...now.counts, now.others],
  };
  // A column with one value or category has nothing that could move but its missing and its new values.
  if (counts.before.filter((count) => count > 0).length > 1)
    tests.push({
      kind: 'column',
      name: before.name,
      n: m,
      run: (level) =>
        counts.now.length === counts.before.length
          ? psiOutcome(before.name, counts.before, counts.now, {
              tolerance,
              level,
              most: isNumber ? BINS : Number.POSITIVE_INFINITY,
            })
          : {
              why: `${before.name} is counted in ${counts.now.length} bins, expected the reference's ${counts.before.length}.`,
            },
    });
  if (before.type === 'category' && now.type === 'category' && before.known !== null && m > 0 && n > 0) {
    tests.push(
      shareOf(
        'categories',
        before.name,
        'a category that training never saw',
        { count: now.unseen, of: m },
        { count: onceAtMost(before), of: n },
        'above',
      ),
    );
  }
  return tests;
}

/**
 * The most training rows that can be the only one of their category. A row's chance of a category that n rows before it did not
 * have is about the share of such rows among them (Good, Biometrika 40, 1953, 237).
 */
function onceAtMost(column: Extract<ColumnReference, { type: 'category' }>): number {
  const listed = column.counts.filter((count) => count === 1).length;
  const rare = Math.max(0, (column.known?.length ?? 0) - column.categories.length);
  return listed + Math.min(column.others, rare);
}
