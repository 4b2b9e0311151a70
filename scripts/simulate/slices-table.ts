import { defaultGate } from '../../pipeline/config/schema.ts';
import type { GatePolicy } from '../../pipeline/gate/policy.ts';
import { judgeSlices } from '../../pipeline/gate/slices.ts';
import { modelOf } from '../../pipeline/statistics/model.ts';
import type { Random } from '../../pipeline/statistics/random.ts';
import { binormal, luckOf, rowsOf, scoresOf } from './models.ts';
import { countOf, type Table } from './table.ts';

const MOST_REJECTED = 0.05;
const MAX_DROP = 0.1;
/** How much worse one slice is for the last column. */
const WORSE = 0.25;

const POLICY: GatePolicy = {
  ...defaultGate('binary'),
  slices: { metric: 'roc_auc', max_drop: MAX_DROP, min_positives: 20, inconclusive: 'hold' },
};

/** Disjoint slices of one size. */
interface Setting {
  slices: number;
  positives: number;
  negatives: number;
  auc: number;
  rho: number;
}

const row =
  ({ slices, positives, negatives, auc, rho }: Setting) =>
  (runs: number, random: Random) => {
    const each = positives + negatives;
    const labels = Uint8Array.from({ length: slices * each }, (_, i) => Number(i % each < positives));
    const column = {
      values: Array.from({ length: slices }, (_, slice) => String(slice)),
      codes: Uint32Array.from(labels, (_, i) => Math.floor(i / each)),
    };
    const judge = (aucOf: (slice: number) => number) => {
      const shared = luckOf(labels.length, random);
      const model = (ofSlice: (slice: number) => number) => {
        const scores = new Float64Array(labels.length);
        for (let slice = 0; slice < slices; slice++) {
          const [start, end] = [slice * each, (slice + 1) * each];
          const own = { shared: shared.subarray(start, end), rho };
          scores.set(scoresOf(labels.subarray(start, end), binormal(ofSlice(slice)), random, own), start);
        }
        return modelOf(rowsOf(labels, scores, new Map([['slice', column]])), 0.5);
      };
      return judgeSlices(
        model(aucOf),
        model(() => auc),
        POLICY,
        { replicates: 0, seed: 0 },
      );
    };
    const [naive, rejected, held] = countOf(runs, () => {
      const { results, checks } = judge(() => auc);
      const fails = checks.some(({ outcome }) => outcome === 'fail');
      return [
        results.some(({ difference }) => difference! < -MAX_DROP),
        fails,
        !fails && checks.some(({ outcome }) => outcome === 'inconclusive'),
      ];
    });
    const [found, said] = countOf(runs, () => {
      const { results } = judge((slice) => (slice === 0 ? auc - WORSE : auc));
      return [results[0]!.outcome === 'fail', results[0]!.outcome !== 'pass'];
    });
    return {
      labels: [`${slices} of ${positives}/${negatives}`, String(auc), String(rho)],
      measured: [
        { count: naive!, of: runs },
        { count: rejected!, of: runs, most: MOST_REJECTED },
        { count: held!, of: runs },
        { count: found!, of: runs },
        { count: said!, of: runs },
      ],
    };
  };

export const slicesOfEqualCandidate: Table = {
  name: 'slices',
  title: 'Slices',
  share: 0.25,
  about:
    'An equal candidate: how often, in %, it is rejected for its slices alone, with `max_drop` .1. naive: where the point of ' +
    'any slice is beyond the drop. Ours: where an upper bound shows it, with Holm over the slices. Held: where only a point ' +
    'is beyond it, and `gate.slices.inconclusive` is `hold` (by default such slices are reported and hold nothing). The last ' +
    'two columns: of a candidate that is .25 worse on one slice, how often that slice fails, and how often it fails or is ' +
    'reported. Expected of ours: at most 5 rejected.',
  columns: [
    'slices, positives/negatives each',
    'AUC',
    'rho',
    'equal, rejected: naive',
    'ours',
    'held with `hold`',
    '.25 worse: fails',
    'fails or reported',
  ],
  rows: [
    { slices: 8, positives: 20, negatives: 20, auc: 0.75, rho: 0.5 },
    { slices: 8, positives: 20, negatives: 20, auc: 0.75, rho: 0.8 },
    { slices: 8, positives: 20, negatives: 100, auc: 0.75, rho: 0.5 },
    { slices: 8, positives: 20, negatives: 100, auc: 0.87, rho: 0.5 },
    { slices: 3, positives: 25, negatives: 130, auc: 0.87, rho: 0.7 },
    { slices: 8, positives: 20, negatives: 60, auc: 0.75, rho: 0.5 },
    { slices: 4, positives: 100, negatives: 400, auc: 0.8, rho: 0.7 },
  ].map(row),
};
