import { metricText } from '../metrics.ts';
import { distance, orientation } from '../statistics/metrics.ts';
import { constantModel, type Model, metricOf, predictAlike } from '../statistics/model.ts';
import type { Sampling } from '../statistics/sampling.ts';
import type { Scores } from '../statistics/scores.ts';
import {
  aucFloorCheck,
  comparisonCheck,
  failed,
  floorCheck,
  inconclusive,
  minChangeCheck,
  notJudged,
  thresholdBoundCheck,
  thresholdCheck,
  tooFew,
} from './checks.ts';
import { type GatePolicy, resolveMargin } from './policy.ts';
import type { Check } from './verdict.ts';
import { whyAbsent } from './wording.ts';

/** Makes the checks that a policy asks for. A check whose metric cannot be computed fails. */

const TOO_FEW = 'there are too few rows for a bound';

function absentCheck(name: string, model: Model, metric: string, of = ''): Check {
  return failed(name, `${metricText(metric).label}${of} cannot be computed: ${whyAbsent(model, metric)}.`);
}

/**
 * Rows of the rarest class, of a regression all rows. A class of the file without any row counts as 0 in the whole
 * holdout; in a part of it, where only some of many classes may occur, it does not count.
 */
export function smallestClass(rows: Scores, part?: Uint32Array): number {
  if (rows.problem === 'regression') return (part ?? rows.ids).length;
  const counts = new Uint32Array(rows.classes.length);
  if (part === undefined) for (const label of rows.labels) counts[label]!++;
  else for (const row of part) counts[rows.labels[row]!]!++;
  const counted =
    part !== undefined && rows.problem === 'multiclass' ? counts.filter((count) => count > 0) : counts;
  return Math.min(...counted);
}

/** Why the whole holdout is too small for any comparison; null if it is not. */
export function whyTooFew(rows: Scores, { min_positives }: GatePolicy): string | null {
  const smallest = smallestClass(rows);
  return smallest < min_positives ? tooFew(smallest, min_positives, rows.problem === 'regression') : null;
}

/** The primary metric must be computable, whatever else the policy asks for. */
export function primaryChecks(candidate: Model, { primary }: GatePolicy): Check[] {
  return metricOf(candidate, primary) === null ? [absentCheck('primary', candidate, primary)] : [];
}

export function thresholdChecks(
  candidate: Model,
  { thresholds, confidence }: GatePolicy,
  sampling: Sampling,
): Check[] {
  return Object.entries(thresholds).flatMap(([metric, limits]) => {
    const sides = (['min', 'max'] as const).filter((side) => limits?.[side] !== undefined);
    return sides.map((side) => {
      const name = sides.length === 1 ? `threshold ${metric}` : `threshold ${metric} ${side}`;
      const value = metricOf(candidate, metric);
      const limit = limits![side]!;
      if (value === null) return absentCheck(name, candidate, metric);
      if (limits!.by !== 'bound') return thresholdCheck(name, metric, value, side, limit);
      const estimate = sampling.of(candidate, metric);
      return estimate === null
        ? failed(name, `${metricText(metric).label} cannot be held to a bound: ${TOO_FEW}.`)
        : thresholdBoundCheck(name, metric, estimate, side, { limit, confidence });
    });
  });
}

/** @param constant the constant prediction, sampled with the candidate; null if it has no such metric */
export function floorChecks(
  candidate: Model,
  constant: Model | null,
  policy: GatePolicy,
  sampling: Sampling,
): Check[] {
  const { floor, primary, confidence } = policy;
  if (!floor) return [];
  const value = metricOf(candidate, primary);
  if (value === null) return [absentCheck('floor', candidate, primary)];
  const few = whyTooFew(candidate.rows, policy);
  if (few !== null) return [inconclusive('floor', few)];
  const cannot = `${metricText(primary).label} cannot be held to the floor: ${TOO_FEW}.`;
  if (primary === 'roc_auc') {
    const estimate = sampling.of(candidate, primary);
    return [estimate === null ? failed('floor', cannot) : aucFloorCheck(primary, estimate, confidence)];
  }
  const other = constant && metricOf(constant, primary);
  if (constant === null || other === null) {
    const detail = `${metricText(primary).label} has no value for a constant prediction: choose another primary metric, or set gate.floor to false.`;
    return [failed('floor', detail)];
  }
  const difference = sampling.orientedDifference(candidate, constant, primary);
  if (difference === null) return [failed('floor', cannot)];
  return [floorCheck({ metric: primary, candidate: value, other }, difference, confidence)];
}

/** The constant prediction of the floor in the primary metric; null where the floor needs none or there is none. */
export function floorModel(candidate: Model, { floor, primary }: GatePolicy): Model | null {
  return floor ? constantModel(candidate, primary) : null;
}

/** @param confidence the level of the check: stricter than the policy's if it corrects for looks */
export function championCheck(
  candidate: Model,
  champion: Model | null,
  policy: GatePolicy,
  confidence: number,
  sampling: Sampling,
): Check {
  if (champion === null) return notJudged('champion', 'There is no champion to compare with.');
  const { champion: rule } = policy;
  return comparison('champion', candidate, champion, rule, policy, confidence, sampling);
}

export function anchorCheck(
  candidate: Model,
  anchor: Model | null,
  policy: GatePolicy,
  sampling: Sampling,
): Check {
  const { package: name, margin } = policy.anchor;
  if (anchor === null) {
    return name === null || name === 'none'
      ? notJudged('anchor', 'gate.anchor names no package to compare with.')
      : failed('anchor', `The policy names the anchor ${name}, but there are no scores of it.`);
  }
  const rule = { rule: 'non_inferior', margin } as const;
  return comparison('anchor', candidate, anchor, rule, policy, policy.confidence, sampling);
}

function comparison(
  name: 'champion' | 'anchor',
  candidate: Model,
  other: Model,
  rule: GatePolicy['champion'],
  policy: GatePolicy,
  confidence: number,
  sampling: Sampling,
): Check {
  const { primary: metric } = policy;
  const value = metricOf(candidate, metric);
  if (value === null) return absentCheck(name, candidate, metric);
  const otherValue = metricOf(other, metric);
  if (otherValue === null) return absentCheck(name, other, metric, ` of the ${name}`);
  const margin = marginOf(rule, metric, otherValue);
  if (Number.isNaN(margin)) {
    return failed(
      name,
      `The margin is ${JSON.stringify(rule.margin)}, expected a number of at least 0 or a share such as "5%".`,
    );
  }
  const few = whyTooFew(candidate.rows, policy);
  if (few !== null) return inconclusive(name, few);
  const difference = sampling.orientedDifference(candidate, other, metric);
  if (difference === null) {
    return failed(name, `The difference in ${metricText(metric).label} cannot be judged: ${TOO_FEW}.`);
  }
  const compared = { metric, candidate: value, other: otherValue };
  const alike = predictAlike(candidate, other, metric);
  return comparisonCheck(name, compared, { rule: rule.rule, difference, margin, confidence, alike });
}

/** The rule's margin in units of the metric: 0 for superior. */
export function marginOf(rule: GatePolicy['champion'], metric: string, otherValue: number): number {
  return rule.rule === 'superior' ? 0 : resolveMargin(rule.margin, distance(metric, otherValue));
}

export function minChangeChecks(
  candidate: Model,
  champion: Model | null,
  { min_change: limits, primary }: GatePolicy,
): Check[] {
  if (limits === null) return [];
  if (champion === null) return [notJudged('min_change', 'There is no champion to compare with.')];
  const value = metricOf(candidate, primary);
  if (value === null) return [absentCheck('min_change', candidate, primary)];
  const championValue = metricOf(champion, primary);
  if (championValue === null) return [absentCheck('min_change', champion, primary, ' of the champion')];
  const orient = orientation(primary);
  const difference = orient(value) - orient(championValue);
  const limit = Math.max(limits.absolute ?? 0, (limits.relative ?? 0) * distance(primary, championValue));
  return [minChangeCheck({ metric: primary, candidate: value, other: championValue }, difference, limit)];
}
