import { defaultGate } from '../../pipeline/config/schema.ts';
import { decide } from '../../pipeline/gate/decide.ts';
import type { GatePolicy } from '../../pipeline/gate/policy.ts';
import * as normal from '../../pipeline/statistics/normal.ts';
import type { Random } from '../../pipeline/statistics/random.ts';
import type { BinaryScores } from '../../pipeline/statistics/scores.ts';
import { luckOf, rowsOf } from './models.ts';

const { SQRT2, exp, sqrt } = Math; // once: where Jest runs the code, looking up a global takes 200 ns

/**
 * Simulates how often the gate is right on models of known quality. Scores are binormal, so that a model's true AUC is
 * Phi(shift / sqrt 2). All models share a part of each row's noise (SHARED of its variance), as real models do.
 */

const SHARED = 0.5;

/** A holdout: labels, ids and the noise of each row that all models share. */
export interface Holdout {
  labels: Uint8Array;
  ids: string[];
  shared: Float64Array;
}

export function holdoutOf(rows: number, positives: number, random: Random): Holdout {
  return {
    labels: Uint8Array.from({ length: rows }, (_, row) => (row < positives ? 1 : 0)),
    ids: Array.from({ length: rows }, (_, row) => String(row).padStart(9, '0')),
    shared: luckOf(rows, random),
  };
}

/** A model's scores on the holdout. Two models with the same AUC differ only in their own noise. */
export function modelOn({ labels, ids, shared }: Holdout, auc: number, random: Random): BinaryScores {
  const shift = SQRT2 * normal.quantile(auc);
  const scores = Float64Array.from(labels, (label, row) => {
    const luck = sqrt(SHARED) * shared[row]! + sqrt(1 - SHARED) * random.normal();
    return 1 / (1 + exp(-(shift * label + luck - 1.5)));
  });
  return { ...rowsOf(labels, scores), ids };
}

export const SUPERIOR: GatePolicy = {
  ...defaultGate('binary'),
  slices: null,
  champion: { rule: 'superior' },
};
export const NON_INFERIOR: GatePolicy = {
  ...defaultGate('binary'),
  slices: null,
  champion: { rule: 'non_inferior', margin: 0.03 },
};

/** Number of holdouts, out of `times`, on which a challenger replaces the champion; both have known AUCs. */
export function promotions(
  times: number,
  {
    rows,
    positives,
    champion,
    challenger,
    policy,
  }: {
    rows: number;
    positives: number;
    champion: number;
    challenger: number;
    policy: GatePolicy;
  },
  random: Random,
): number {
  let promoted = 0;
  for (let time = 0; time < times; time++) {
    const holdout = holdoutOf(rows, positives, random);
    const verdict = decide({
      candidate: modelOn(holdout, challenger, random),
      champion: modelOn(holdout, champion, random),
      policy,
      replicates: 0,
    });
    if (verdict.outcome === 'promote') promoted++;
  }
  return promoted;
}

/**
 * Number of promotions in a series of challengers on one holdout. Each has the first champion's true AUC and is
 * compared with the current champion.
 *
 * @param policy the gate's policy, or naive: the higher AUC wins
 */
export function seriesPromotions(
  challengers: number,
  {
    rows,
    positives,
    auc,
    policy,
  }: { rows: number; positives: number; auc: number; policy: GatePolicy | 'naive' },
  random: Random,
): number {
  const holdout = holdoutOf(rows, positives, random);
  let champion = modelOn(holdout, auc, random);
  let promoted = 0;
  for (let look = 1; look <= challengers; look++) {
    const candidate = modelOn(holdout, auc, random);
    const rule = policy === 'naive' ? SUPERIOR : policy;
    const verdict = decide({ candidate, champion, policy: rule, looks: { count: look }, replicates: 0 });
    const replaces =
      policy === 'naive' ? verdict.metrics.roc_auc!.difference! > 0 : verdict.outcome === 'promote';
    if (!replaces) continue;
    champion = candidate;
    promoted++;
  }
  return promoted;
}
