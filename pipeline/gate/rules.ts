import { metricText } from '../metrics.ts';
import { orientation } from '../statistics/metrics.ts';
import { constantOf, type Model, metricOf } from '../statistics/model.ts';
import type { Sampling } from '../statistics/sampling.ts';
import { comparisonCheck, failed, floorCheck, minChangeCheck, passed, thresholdCheck } from './checks.ts';
import { type GatePolicy, resolveMargin } from './policy.ts';
import type { Check } from './verdict.ts';
import { whyAbsent } from './wording.ts';

/** Makes the checks that a policy asks for. A check whose metric cannot be computed fails. */

const TOO_FEW = 'there are too few rows for a bound';

function absentCheck(name: string, model: Model, metric: string, of = ''): Check {
  return failed(name, `${metricText(metric).label}${of} cannot be computed: ${whyAbsent(model, metric)}.`);
}

/** The primary metric must be computable, whatever else the policy asks for. */
export function primaryChecks(candidate: Model, { primary }: GatePolicy): Check[] {
  return metricOf(candidate, primary) === null ? [absentCheck('primary', candidate, primary)] : [];
}

export function thresholdChecks(candidate: Model, { thresholds }: GatePolicy): Check[] {
  return Object.entries(thresholds).flatMap(([metric, limits]) => {
    const bounds = (['min', 'max'] as const).filter((bound) => limits?.[bound] !== undefined);
    return bounds.map((bound) => {
      const name = bounds.length === 1 ? `threshold ${metric}` : `threshold ${metric} ${bound}`;
      const value = metricOf(candidate, metric);
      return value === null
        ? absentCheck(name, candidate, metric)
        : thresholdCheck(name, metric, value, bound, limits![bound]!);
    });
  });
}

export function floorChecks(
  candidate: Model,
  { floor, primary, confidence }: GatePolicy,
  sampling: Sampling,
): Check[] {
  if (!floor) return [];
  if (metricOf(candidate, primary) === null) return [absentCheck('floor', candidate, primary)];
  const constant = constantOf(candidate.rows, primary);
  if (constant === null) {
    const detail = `${metricText(primary).label} has no value for a constant prediction: choose another primary metric, or set gate.floor to false.`;
    return [failed('floor', detail)];
  }
  const estimate = sampling.oriented(candidate, primary);
  if (estimate === null)
    return [failed('floor', `${metricText(primary).label} cannot be held to the floor: ${TOO_FEW}.`)];
  const sign = metricText(primary).better === 'lower' ? -1 : 1;
  return [floorCheck(primary, estimate, orientation(primary)(constant), sign, confidence)];
}

/** @param confidence the level of the check: stricter than the policy's if `reuse: correct` corrects for looks */
export function championCheck(
  candidate: Model,
  champion: Model | null,
  { champion: rule, primary }: GatePolicy,
  confidence: number,
  sampling: Sampling,
): Check {
  return comparison({
    name: 'champion',
    candidate,
    other: champion,
    rule,
    metric: primary,
    confidence,
    sampling,
  });
}

export function anchorCheck(
  candidate: Model,
  anchor: Model | null,
  { anchor: { package: name, margin }, primary, confidence }: GatePolicy,
  sampling: Sampling,
): Check {
  if (anchor === null && name !== null && name !== 'none') {
    return failed('anchor', `The policy names the anchor ${name}, but there are no scores of it.`);
  }
  const rule = { rule: 'non_inferior', margin } as const;
  return comparison({
    name: 'anchor',
    candidate,
    other: anchor,
    rule,
    metric: primary,
    confidence,
    sampling,
  });
}

function comparison({
  name,
  candidate,
  other,
  rule,
  metric,
  confidence,
  sampling,
}: {
  name: 'champion' | 'anchor';
  candidate: Model;
  other: Model | null;
  rule: GatePolicy['champion'];
  metric: string;
  confidence: number;
  sampling: Sampling;
}): Check {
  if (other === null) return passed(name, 'none');
  const value = metricOf(candidate, metric);
  if (value === null) return absentCheck(name, candidate, metric);
  const otherValue = metricOf(other, metric);
  if (otherValue === null) return absentCheck(name, other, metric, ` of the ${name}`);
  const difference = sampling.orientedDifference(candidate, other, metric);
  if (difference === null) {
    return failed(name, `The difference in ${metricText(metric).label} cannot be judged: ${TOO_FEW}.`);
  }
  const margin = rule.rule === 'superior' ? 0 : resolveMargin(rule.margin, otherValue);
  if (Number.isNaN(margin)) {
    return failed(
      name,
      `The margin is ${JSON.stringify(rule.margin)}, expected a number of at least 0 or a share such as "5%".`,
    );
  }
  const compared = { metric, candidate: value, other: otherValue };
  return comparisonCheck(name, compared, { difference, margin, confidence });
}

export function minChangeChecks(
  candidate: Model,
  champion: Model | null,
  { min_change: limits, primary }: GatePolicy,
): Check[] {
  if (limits === null) return [];
  if (champion === null) return [passed('min_change', 'none')];
  const value = metricOf(candidate, primary);
  if (value === null) return [absentCheck('min_change', candidate, primary)];
  const championValue = metricOf(champion, primary);
  if (championValue === null) return [absentCheck('min_change', champion, primary, ' of the champion')];
  const orient = orientation(primary);
  const difference = orient(value) - orient(championValue);
  const limit = Math.max(limits.absolute ?? 0, (limits.relative ?? 0) * Math.abs(championValue));
  return [minChangeCheck({ metric: primary, candidate: value, other: championValue }, difference, limit)];
}
