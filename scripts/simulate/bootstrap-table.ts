import { bootstrapEstimate, intervalOf } from '../../pipeline/statistics/estimate.ts';
import { type Model, metricOf, modelOf } from '../../pipeline/statistics/model.ts';
import { Random } from '../../pipeline/statistics/random.ts';
import { samplingOf } from '../../pipeline/statistics/sampling.ts';
import { binormal, drawnLabels, labelsOf, probabilitiesOf, rowsOf, scoresOf } from './models.ts';
import { countOf, type Row, type Table } from './table.ts';

const { round } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

const CONFIDENCE = 0.95;
const REPLICATES = 1000;
/** Rows of which the true values are computed. */
const MANY = 2_000_000;

/** A holdout of `rows` rows, each of which is positive with probability `share`; the model is calibrated. */
interface Setting {
  rows: number;
  share: number;
  auc: number;
}

/** Limits are of the metrics that a user's thresholds most often name. */
const METRICS = {
  log_loss: 0.93,
  brier: 0.93,
  accuracy: 0.93,
  f1: 0.93,
  recall: 0.93,
  precision: undefined,
  pr_auc: undefined,
};
const names = Object.keys(METRICS) as (keyof typeof METRICS)[];

function modelOn(labels: Uint8Array, { auc, share }: Setting, random: Random): Model {
  const scores = scoresOf(labels, binormal(auc), random);
  return modelOf(rowsOf(labels, probabilitiesOf(scores, auc, share)), 0.5);
}

const coverageOf =
  (setting: Setting) =>
  (runs: number, random: Random): Row[] => {
    const { rows, share } = setting;
    const positives = round(MANY * share);
    const large = modelOn(labelsOf({ positives, negatives: MANY - positives }), setting, new Random(7));
    const truth = names.map((name) => metricOf(large, name)!);
    const counts = countOf(runs, () => {
      const model = modelOn(drawnLabels(rows, share, random), setting, random);
      const seed = round(random.uniform() * 2 ** 32);
      const sampling = samplingOf([model], { replicates: REPLICATES, seed, metrics: names });
      const fixed = classesFixed(model, seed);
      return names.flatMap((name, i) =>
        [fixed[i]!, sampling.of(model, name)!].map((estimate) => {
          const [low, high] = intervalOf(estimate, CONFIDENCE);
          return low <= truth[i]! && truth[i]! <= high;
        }),
      );
    });
    return names.map((name, i) => {
      const [naive, ours] = [counts[2 * i]!, counts[2 * i + 1]!];
      return {
        labels: [`${rows} rows, ${(100 * share).toFixed(0)} % positive`, `\`${name}\``],
        measured: [
          { count: naive, of: runs },
          { count: ours, of: runs, least: METRICS[name] },
        ],
      };
    });
  };

/** The naive bootstrap: it holds the sizes of the classes fixed. */
function classesFixed(model: Model, seed: number) {
  const { labels } = model.rows as { labels: Uint8Array };
  const random = new Random(seed);
  const negatives = labels.indexOf(1);
  const weights = new Uint8Array(labels.length);
  const values = names.map(() => new Float64Array(REPLICATES));
  for (let replicate = 0; replicate < REPLICATES; replicate++) {
    weights.fill(0);
    random.resample(weights, 0, negatives);
    random.resample(weights, negatives, labels.length);
    for (const [i, name] of names.entries())
      values[i]![replicate] = model.statistics.get(name)!(weights, labels.length);
  }
  return names.map((name, i) => bootstrapEstimate(metricOf(model, name)!, values[i]!)!);
}

export const bootstrapCoverage: Table = {
  name: 'bootstrap',
  title: 'Bootstrap intervals',
  share: 0.5,
  about:
    'How often, in %, the 95 % interval of a metric holds its true value. The sizes of the classes vary from holdout to ' +
    'holdout, as a split by hash makes them. Naive: a bootstrap that holds them fixed. Ours draws all rows. ' +
    'Expected of ours: at least 93 for log-loss, Brier score, accuracy, F1 and recall.',
  columns: ['holdout', 'metric', 'naive', 'ours'],
  rows: [
    coverageOf({ rows: 294, share: 39 / 294, auc: 0.87 }),
    coverageOf({ rows: 1000, share: 0.3, auc: 0.8 }),
  ],
};
