import { aucDifference, aucEstimate } from '../../pipeline/statistics/auc.ts';
import { aucVariance, compareAucs, placements } from '../../pipeline/statistics/delong.ts';
import {
  type Estimate,
  type Interval,
  normalEstimate,
  valueIntervalOf,
} from '../../pipeline/statistics/estimate.ts';
import * as normal from '../../pipeline/statistics/normal.ts';
import type { Random } from '../../pipeline/statistics/random.ts';
import { binormal, halfEasy, labelsOf, pairOf, type Shape, type Sizes, scoresOf, unequal } from './models.ts';
import { countOf, type Table } from './table.ts';

const { sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

const CONFIDENCE = 0.95;
const MARGIN = 0.03;
/** From this number of positives on, the limits below hold. */
const FEWEST = 10;
const LEAST_COVERAGE = 0.92;
const MOST_ERRORS = 0.06;

const covers = ([low, high]: Interval, truth: number): boolean => low <= truth && truth <= high;

/** The interval of a share of n rows, which an AUC is not. */
function naiveInterval(auc: number, n: number): Interval {
  const half = normal.quantile((1 + CONFIDENCE) / 2) * sqrt((auc * (1 - auc)) / n);
  return [auc - half, auc + half];
}

const coverageRow = (sizes: Sizes, shape: Shape) => (runs: number, random: Random) => {
  const labels = labelsOf(sizes);
  const [naive, delong, ours] = countOf(runs, () => {
    const ranks = placements(labels, scoresOf(labels, shape, random));
    const wald = normalEstimate(ranks.auc, aucVariance(ranks))!;
    const intervals = [
      naiveInterval(ranks.auc, labels.length),
      valueIntervalOf('roc_auc', wald, CONFIDENCE),
      valueIntervalOf('roc_auc', aucEstimate(ranks, null)!, CONFIDENCE),
    ];
    return intervals.map((interval) => covers(interval, shape.auc));
  });
  return {
    labels: [`${sizes.positives}/${sizes.negatives}`, shape.name, String(shape.auc)],
    measured: [
      { count: naive!, of: runs },
      { count: delong!, of: runs },
      { count: ours!, of: runs, least: LEAST_COVERAGE },
    ],
  };
};

const COVERED: [positives: number, negatives: number, shape: Shape][] = [
  [39, 255, binormal(0.87)],
  [39, 255, binormal(0.95)],
  [39, 255, binormal(0.99)],
  [20, 200, binormal(0.95)],
  [10, 100, binormal(0.87)],
  [5, 100, binormal(0.87)],
  ...[40, 400].flatMap((positives): [number, number, Shape][] =>
    [
      binormal(0.87),
      halfEasy(0.87),
      halfEasy(0.95),
      unequal(0.87, 3),
      unequal(0.87, 1 / 3),
      unequal(0.95, 3),
    ].map((shape) => [positives, 9 * positives, shape]),
  ),
];

export const aucCoverage: Table = {
  name: 'auc',
  title: 'The interval of one ROC AUC',
  // Some rows are near their limit.
  share: 2.5,
  about:
    'How often, in %, the 95 % interval of a single AUC holds the true one. naive: as if the AUC were a share of the rows. ' +
    'DeLong: as R’s pROC, clipped to [0, 1]. Half easy: half of the positives score above every negative. Expected of ours: ' +
    'at least 92 in every row.',
  columns: ['positives/negatives', 'scores', 'true AUC', 'naive', 'DeLong', 'ours'],
  rows: COVERED.map(([positives, negatives, shape]) => coverageRow({ positives, negatives }, shape)),
};

const DIFFERENCES: [positives: number, negatives: number, auc: number, rho: number][] = [
  [39, 255, 0.87, 0.5],
  [39, 255, 0.87, 0.9],
  [39, 255, 0.95, 0.9],
  [39, 255, 0.99, 0.9],
  [20, 200, 0.95, 0.9],
  [10, 100, 0.87, 0.9],
  [10, 100, 0.99, 0.5],
  [100, 500, 0.87, 0.98],
  [400, 1600, 0.85, 0.9],
];

const differenceRow =
  (positives: number, negatives: number, auc: number, rho: number) => (runs: number, random: Random) => {
    const sizes = { positives, negatives };
    const estimatesOf = (candidate: number): [naive: number, delong: Estimate, ours: Estimate] => {
      const pair = pairOf(sizes, { champion: auc, candidate, rho }, random);
      const { difference, variance } = compareAucs(pair.candidate, pair.champion);
      return [
        difference,
        normalEstimate(difference, variance)!,
        aucDifference(pair.candidate, pair.champion, null)!,
      ];
    };
    const exceed = ([naive, ...estimates]: ReturnType<typeof estimatesOf>, limit: number) => [
      naive > limit,
      ...estimates.map((estimate) => estimate.quantile(1 - CONFIDENCE) > limit),
    ];
    const worse = countOf(runs, () => exceed(estimatesOf(auc - MARGIN), -MARGIN));
    const equal = countOf(runs, () => {
      const estimates = estimatesOf(auc);
      return [...exceed(estimates, -MARGIN), ...exceed(estimates, 0)];
    });
    const most = positives >= FEWEST ? MOST_ERRORS : undefined;
    const [passes, superior] = [equal.slice(0, 3), equal.slice(3)];
    return {
      labels: [`${positives}/${negatives}`, String(auc), String(rho)],
      measured: [
        ...worse.map((count, i) => ({ count, of: runs, most: i === 2 ? most : undefined })),
        ...passes.map((count) => ({ count, of: runs })),
        ...superior.map((count, i) => ({ count, of: runs, most: i === 2 ? most : undefined })),
      ],
    };
  };

export const aucDifferences: Table = {
  name: 'difference',
  title: 'The difference of two ROC AUCs',
  about:
    'How often, in %, a candidate passes at one-sided 5 %: one that is truly .03 worse and one that is equal, under ' +
    '`non_inferior` with margin .03, and an equal one under `superior`. naive: the point decides. DeLong: as R’s pROC. rho is ' +
    'the share of a row’s luck that both models share. The first and the last three columns are errors. Expected of ours: ' +
    'at most 6 of them in every row.',
  columns: [
    'positives/negatives',
    'champion’s AUC',
    'rho',
    ...['.03 worse passes', 'equal passes .03', 'equal is superior'].flatMap((what) => [
      `${what}: naive`,
      'DeLong',
      'ours',
    ]),
  ],
  rows: DIFFERENCES.map((row) => differenceRow(...row)),
};
