import { formatCount } from '../../../pipeline/format.ts';
import type { Random } from '../../../pipeline/statistics/random.ts';
import type { Measured, Row, Table } from '../table.ts';
import { AUC, type Change, drawRows, emptyRows, type Rows } from './production.ts';
import { kOfN, restartDetector, type Watcher, weeklyTest } from './watchers.ts';

/** How soon decay is seen in labels, and how often it is seen where there is none. */

const YEAR = 52;
const PATIENCE = 104;
/** The share of healthy years with a false alarm at which delays are compared. */
const RATE = 0.05;

const watchersOf = (limit: number): Watcher[] => [
  weeklyTest(limit),
  kOfN(limit, 3, 5),
  restartDetector(limit, 1),
  restartDetector(limit, 7),
];

/** Rows of a part of a week. */
function partOf({ scores, labels }: Rows, part: number, parts: number): Rows {
  const [from, to] = [part, part + 1].map((i) => Math.round((i * labels.length) / parts));
  return { scores: scores.subarray(from, to), labels: labels.subarray(from, to) };
}

/**
 * Gives a watcher one week.
 *
 * @param onLook is told of each look: what the watcher says, and how much of the week is over. True ends the week
 */
function watchWeek(watcher: Watcher, rows: Rows, onLook: (suspicion: number, over: number) => boolean): void {
  for (let look = 0; look < watcher.looks; look++) {
    const suspicion = watcher.read(partOf(rows, look, watcher.looks));
    if (onLook(suspicion, (look + 1) / watcher.looks)) return;
  }
}

/** The largest suspicion of each of `years` years, ascending. Each starts anew. */
function healthyYears(watchers: Watcher[], years: number, weekly: number, random: Random): Float64Array[] {
  const rows = emptyRows(weekly);
  const highest = watchers.map(() => new Float64Array(years).fill(Number.NEGATIVE_INFINITY));
  for (let year = 0; year < years; year++) {
    for (const watcher of watchers) watcher.reset();
    for (let week = 0; week < YEAR; week++) {
      drawRows(rows, random);
      for (const [i, watcher] of watchers.entries())
        watchWeek(watcher, rows, (suspicion) => {
          highest[i]![year] = Math.max(highest[i]![year]!, suspicion);
          return false;
        });
    }
  }
  return highest.map((values) => values.sort());
}

/** Thresholds at which a share of the years has an alarm. */
const thresholdsAt = (rate: number, highest: readonly Float64Array[]): number[] =>
  highest.map((values) => values[Math.min(values.length - 1, Math.ceil((1 - rate) * values.length))]!);

/** Weeks from the change to the alarm by watcher; PATIENCE if there was none; NaN if it alarmed before the change. */
function delayOf(
  watchers: readonly Watcher[],
  thresholds: readonly number[],
  { weekly, change, healthy }: { weekly: number; change: Change; healthy: number },
  random: Random,
): number[] {
  const rows = emptyRows(weekly);
  const alarms = watchers.map((): number | null => null);
  for (const watcher of watchers) watcher.reset();
  for (let week = -healthy; week < PATIENCE && alarms.includes(null); week++) {
    drawRows(rows, random, week < 0 ? {} : change);
    for (const [i, watcher] of watchers.entries()) {
      if (alarms[i] !== null) continue;
      watchWeek(watcher, rows, (suspicion, over) => {
        if (suspicion < thresholds[i]!) return false;
        alarms[i] = week + over;
        return true;
      });
    }
  }
  return alarms.map((weeks) => (weeks === null ? PATIENCE : weeks <= 0 ? Number.NaN : weeks));
}

function summary(delays: readonly number[]): Measured {
  const valid = delays.filter((delay) => !Number.isNaN(delay)).sort((a, b) => a - b);
  const sum = valid.reduce((total, delay) => total + delay, 0);
  const mean = sum / valid.length;
  const variance = valid.reduce((total, delay) => total + (delay - mean) ** 2, 0) / (valid.length - 1);
  const middle = valid[Math.floor(valid.length / 2)]!;
  const median = middle >= PATIENCE ? `over ${PATIENCE}` : middle.toFixed(1);
  return {
    count: sum,
    of: valid.length,
    as: 'mean',
    error: Math.sqrt(variance / valid.length),
    note: `(${median})`,
  };
}

function delays(weekly: number) {
  return (runs: number, random: Random): Row[] => {
    const watchers = watchersOf(AUC);
    const thresholds = thresholdsAt(RATE, healthyYears(watchers, runs, weekly, random));
    return [0.02, 0.05, 0.1].map((loss) => {
      const times = Math.ceil(runs / 4);
      const found = Array.from({ length: times }, () =>
        delayOf(watchers, thresholds, { weekly, change: { loss }, healthy: 20 }, random),
      );
      const measured = watchers.map((_, i) => summary(found.map((each) => each[i]!)));
      const peers = measured.slice(0, 2).map(({ count, of }) => count / of);
      // mlops.yaml's default is a look a day; a window of a week has to end before it can alarm.
      measured.at(-1)!.most = Math.min(...peers);
      return { labels: [String(weekly), `${AUC} to ${(AUC - loss).toFixed(2)}`], measured };
    });
  };
}

export const labelDelays: Table = {
  name: 'delay',
  title: 'How soon a loss of AUC is found in labels',
  about:
    `Mean weeks (median) from the week of a sudden loss to the alarm, at most ${PATIENCE}. Every threshold is set so that ` +
    `${100 * RATE} % of the years of a model at the limit have an alarm: without that, delays say nothing. A loss changes the ` +
    'relation of scores and labels and leaves the scores as they were. Expected of ours with windows of a day, the default: no longer than the better of the two others.',
  columns: ['labels a week', 'AUC', ...watchersOf(AUC).map(({ name }) => name)],
  rows: [1000, 100].map(delays),
};

/** Alarms of a model that is not below the limit, in years that follow each other; a monitor starts anew after its alarm. */
function falseAlarms(weekly: number, better: number) {
  return (runs: number, random: Random): Row => {
    const watchers = watchersOf(AUC - better);
    const rows = emptyRows(weekly);
    const alarms = watchers.map(() => 0);
    const years = watchers.map(() => 0);
    for (let year = 0; year < runs; year++) {
      const before = [...alarms];
      for (let week = 0; week < YEAR; week++) {
        drawRows(rows, random);
        for (const [i, watcher] of watchers.entries())
          watchWeek(watcher, rows, (suspicion) => {
            if (suspicion >= watcher.usual) {
              alarms[i]!++;
              watcher.reset();
            }
            return false;
          });
      }
      for (const [i, count] of alarms.entries()) if (count > before[i]!) years[i]!++;
    }
    const labels = runs * YEAR * weekly;
    const daily = alarms.at(-1)!;
    return {
      labels: [String(weekly), better === 0 ? 'at the limit' : `${better} above it`],
      measured: [
        ...years.map((count): Measured => ({ count, of: runs, as: 'interval' })),
        daily === 0
          ? { count: 0, of: 0, note: `no alarm in ${formatCount(labels)}` }
          : {
              count: (runs * labels) / daily,
              of: runs,
              as: 'mean',
              least: 20_000,
              error: labels / daily / Math.sqrt(daily),
            },
      ],
    };
  };
}

export const labelFalseAlarms: Table = {
  name: 'false-alarms',
  title: 'False alarms of a model that has not decayed',
  about:
    'How many, in %, of the years have a false alarm (95 % interval), with the thresholds that people use: the z-test at 5 %, ' +
    'an AUC below the limit in 3 of 5 weeks, ours with `mean_labels_between_false_alarms: 20000`. The last column is what ours ' +
    'states: mean labels between alarms, expected to be at least 20,000. A monitor starts anew after its alarm.',
  columns: [
    'labels a week',
    'AUC',
    ...watchersOf(AUC).map(({ name }) => name),
    'ours (a day): labels between alarms',
  ],
  rows: [1000, 100].flatMap((weekly) => [0, 0.03].map((better) => falseAlarms(weekly, better))),
};
