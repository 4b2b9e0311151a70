import { floorCheck } from '../../pipeline/gate/checks.ts';
import { constantModel, metricOf, modelOf } from '../../pipeline/statistics/model.ts';
import type { Random } from '../../pipeline/statistics/random.ts';
import { samplingOf } from '../../pipeline/statistics/sampling.ts';
import type { RegressionScores } from '../../pipeline/statistics/scores.ts';
import { countOf, type Table } from './table.ts';

const { round, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

const ROWS = 300;
const REPLICATES = 1000;
const CONFIDENCE = 0.95;

/** The prediction is `scale` times the part of the label that can be known, which has this share of its variance. */
interface Setting {
  model: string;
  r2: number;
  scale: number;
  errors: 'normal' | 't(3)';
  /** It is no better than the mean, so that a pass is an error. */
  isNull?: true;
}

/** Student's t with 3 degrees of freedom and variance 1. */
function heavy(random: Random): number {
  const square = random.normal() ** 2 + random.normal() ** 2 + random.normal() ** 2;
  return random.normal() / sqrt(square / 3) / sqrt(3);
}

const row =
  ({ model, r2, scale, errors, isNull }: Setting) =>
  (runs: number, random: Random) => {
    const [fixed, paired] = countOf(runs, () => {
      const known = Float64Array.from({ length: ROWS }, () => sqrt(r2) * random.normal());
      const error = () => sqrt(1 - r2) * (errors === 'normal' ? random.normal() : heavy(random));
      const scores: RegressionScores = {
        problem: 'regression',
        source: 'simulation',
        ids: new Array<string>(ROWS).fill(''),
        positions: null,
        slices: new Map(),
        labels: known.map((value) => value + error()),
        predicted: known.map((value) => scale * value),
      };
      const candidate = modelOf(scores, 0.5);
      const constant = constantModel(candidate, 'rmse')!;
      const seed = round(random.uniform() * 2 ** 32);
      const sampling = samplingOf([candidate, constant], { replicates: REPLICATES, seed, metrics: ['rmse'] });
      const [value, other] = [metricOf(candidate, 'rmse')!, metricOf(constant, 'rmse')!];
      const difference = sampling.orientedDifference(candidate, constant, 'rmse')!;
      const compared = { metric: 'rmse', candidate: value, other };
      return [
        sampling.of(candidate, 'rmse')!.quantile(CONFIDENCE) < other,
        floorCheck(compared, difference, CONFIDENCE).outcome === 'pass',
      ];
    });
    return {
      labels: [model, errors],
      measured: [
        { count: fixed!, of: runs },
        { count: paired!, of: runs, most: isNull ? 0.06 : undefined },
      ],
    };
  };

export const floorOfRegression: Table = {
  name: 'floor',
  title: 'The floor',
  share: 0.5,
  about:
    'How often, in %, a regression model passes the floor in RMSE on 300 rows. naive: its upper bound is below the constant ' +
    'prediction’s error, held fixed. Ours: the difference to the constant, which is resampled with the model. The models ' +
    'whose R² is 0 should not pass: expected of ours, at most 6.',
  columns: ['model', 'errors', 'naive', 'ours'],
  rows: (['normal', 't(3)'] as const)
    .flatMap((errors): Setting[] => [
      { model: 'R² .2', r2: 0.2, scale: 1, errors },
      { model: 'R² .1', r2: 0.1, scale: 1, errors },
      { model: 'R² 0: it exaggerates what it knows twofold', r2: 0.1, scale: 2, errors, isNull: true },
      { model: 'R² 0: it predicts the true mean', r2: 0, scale: 1, errors, isNull: true },
    ])
    .map(row),
};
