import {
  type DetectorState,
  isBreach,
  isRestartAlarm,
  readLosses,
  startDetectors,
} from '../../../pipeline/statistics/detectors.ts';
import type { Random } from '../../../pipeline/statistics/random.ts';
import type { Measured, Row, Table } from '../table.ts';

/** How many labels the two detectors need, on losses of 0 and 1. */

const LIMIT = 0.12;
const HEALTHY = 0.1;
const BEFORE = 5000;
const ALPHA = 0.05;
const MEAN_LABELS = 20_000;
const MOST = 200_000;
const AT_ONCE = 100;

/** Labels until `isAlarm`, read at most `most`; `most` if there was no alarm. */
function labelsUntil(
  start: DetectorState,
  loss: number,
  isAlarm: (state: DetectorState) => boolean,
  most: number,
  random: Random,
): { read: number; state: DetectorState } {
  let state = start;
  for (let read = 0; read < most; read += AT_ONCE) {
    const losses = Uint8Array.from({ length: AT_ONCE }, () => Number(random.uniform() < loss));
    const next = readLosses(state, losses);
    if (!isAlarm(next)) {
      state = next;
      continue;
    }
    // The alarm came within these labels: which one it was.
    for (let i = 0; i < AT_ONCE; i++) {
      state = readLosses(state, losses.subarray(i, i + 1));
      if (isAlarm(state)) return { read: read + i + 1, state };
    }
  }
  return { read: most, state };
}

/** After labels of a healthy model without an alarm. */
function afterHealthy(isAlarm: (state: DetectorState) => boolean, random: Random): DetectorState {
  for (;;) {
    const { read, state } = labelsUntil(startDetectors(LIMIT), HEALTHY, isAlarm, BEFORE, random);
    if (read === BEFORE && !isAlarm(state)) return state;
  }
}

function medianOf(values: number[], [least, most]: [number, number]): Measured {
  const sorted = values.sort((a, b) => a - b);
  const of = sorted.length;
  return { count: of * sorted[Math.floor(of / 2)]!, of, as: 'mean', least, most };
}

const breached = (state: DetectorState) => isBreach(state, ALPHA);
const decayed = (state: DetectorState) => isRestartAlarm(state, MEAN_LABELS);

/** What was measured with another program (facts); the simulation's noise is about 8 % with 400 runs. */
const near = (value: number): [number, number] => [0.8 * value, 1.25 * value];

function losses(loss: number, [atOnce, afterwards, restart]: [number, number, number]) {
  return (runs: number, random: Random): Row => {
    const times = (once: () => number) => Array.from({ length: runs }, once);
    return {
      labels: [`${100 * loss} %`],
      measured: [
        medianOf(
          times(() => labelsUntil(startDetectors(LIMIT), loss, breached, MOST, random).read),
          near(atOnce),
        ),
        medianOf(
          times(() => labelsUntil(afterHealthy(breached, random), loss, breached, MOST, random).read),
          near(afterwards),
        ),
        medianOf(
          times(() => labelsUntil(afterHealthy(decayed, random), loss, decayed, MOST, random).read),
          near(restart),
        ),
      ],
    };
  };
}

export const evidence: Table = {
  name: 'evidence',
  title: 'Labels until an alarm',
  about:
    `Median number of labels. Losses are 0 or 1; a mean of ${100 * LIMIT} % is no decay, a healthy model has ${100 * HEALTHY} %. The ` +
    'e-process says that the limit was breached, with an error of 5 % however often it is asked; e-SR raises the alarm, with 20,000 ' +
    'labels between false alarms. Expected: within a fifth of what an independent program measured.',
  columns: [
    'mean loss now',
    'e-process, bad from the start',
    `e-process, after ${BEFORE} healthy labels`,
    `e-SR, after ${BEFORE} healthy labels`,
  ],
  share: 0.4,
  rows: [losses(0.13, [7637, 27_488, 3630]), losses(0.15, [872, 6675, 878]), losses(0.18, [225, 3150, 329])],
};

/** A model whose mean loss is the limit: how often a year of labels seems a breach, by each of two tests. */
function atTheLimit(runs: number, random: Random): Row {
  const labels = 20_000;
  let breaches = 0;
  let naive = 0;
  for (let run = 0; run < runs; run++) {
    let isNaive = false;
    let sum = 0;
    const weekly = Math.floor(labels / 52);
    const losses = new Uint8Array(labels);
    for (let i = 0; i < labels; i++) {
      losses[i] = Number(random.uniform() < LIMIT);
      sum += losses[i]!;
      if ((i + 1) % weekly !== 0) continue;
      if (sum / weekly > LIMIT + 1.645 * Math.sqrt((LIMIT * (1 - LIMIT)) / weekly)) isNaive = true;
      sum = 0;
    }
    if (breached(readLosses(startDetectors(LIMIT), losses))) breaches++;
    if (isNaive) naive++;
  }
  return {
    labels: ['as good as the limit'],
    measured: [
      { count: naive, of: runs, as: 'interval' },
      { count: breaches, of: runs, as: 'interval', most: ALPHA },
    ],
  };
}

export const atLimit: Table = {
  name: 'at-limit',
  title: 'A year at the limit',
  about:
    '20,000 labels in 52 weeks of a model whose mean loss is exactly the limit: how many, in %, of the years have a false alarm (95 % ' +
    'interval) by a weekly z-test at 5 %, and by the e-process at 5 %. Expected of the e-process: at most 5.',
  columns: ['model', 'weekly z-test', 'e-process'],
  rows: [atTheLimit],
};
