import type { GatePolicy } from './policy.ts';
import { policyNotes } from './reason.ts';
import { NO_NUMBERS, type Verdict } from './verdict.ts';
import { countChecks } from './wording.ts';

/**
 * The verdict as it is shown under `gate.reuse: sealed`: whether the candidate passes, and nothing that a later challenger
 * could be fitted to. A hold counts as not passed, and no number that comes from a prediction is left. So as long as the
 * answer is no, the chooser of the next challenger has learnt one bit that the chooser could have guessed, and the error
 * rate of `superior` holds however challengers are chosen.
 */
export function sealed(verdict: Verdict, policy: GatePolicy): Verdict {
  const passes = verdict.outcome === 'promote';
  const reason = passes
    ? 'The candidate passes. gate.reuse is sealed: the numbers are shown when it is promoted.'
    : 'The candidate does not pass. gate.reuse is sealed: why, and by how much, is not shown, since later challengers are judged on the same rows.';
  const outcome = passes ? 'pass' : 'fail';
  const checks = [{ ...NO_NUMBERS, name: 'sealed', outcome, detail: reason } as const];
  const { n, positives, seed, confidence, holdout_uses, primary, enforced } = verdict;
  // Field by field, so that a number which is added to a verdict is withheld.
  return {
    outcome: passes ? 'promote' : 'reject',
    reason,
    n,
    positives,
    seed,
    confidence,
    smallest_detectable_difference: null,
    power: null,
    holdout_uses,
    primary,
    enforced,
    metrics: {},
    slices: [],
    checks,
    check_counts: countChecks(checks),
    sealed: true,
    notes: policyNotes(policy, verdict.holdout_uses, true),
  };
}
