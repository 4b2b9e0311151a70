import { formatValue } from '../format.ts';
import { metricsOf } from '../metrics.ts';
import type { Model } from '../statistics/model.ts';
import type { Check, CheckOutcome } from './verdict.ts';

/**
 * Words that checks, reasons and reports share. Differences between models are in words, since the meaning of a sign
 * depends on whether higher or lower is better.
 */

/**
 * ".005 worse than", "less than .001 better than", "equal to"
 *
 * @param difference oriented: positive is better
 */
export function comparedTo(difference: number, decimals: number): string {
  return difference === 0 ? 'equal to' : `${amountOf(difference, decimals)} than`;
}

/** ".005 worse"; a difference that rounds to 0 is "less than .001 worse". */
export function amountOf(difference: number, decimals: number): string {
  const size = formatValue(Math.abs(difference), decimals);
  const shown = /[1-9]/.test(size) ? size : `less than ${formatValue(10 ** -decimals, decimals)}`;
  return `${shown} ${difference > 0 ? 'better' : 'worse'}`;
}

/** How many checks have each outcome. */
export function countChecks(checks: readonly Check[]): Record<CheckOutcome, number> {
  const counts = { pass: 0, fail: 0, inconclusive: 0, not_judged: 0 };
  for (const { outcome } of checks) counts[outcome]++;
  return counts;
}

/** "1 fails, 1 inconclusive, 3 pass, 10 not judged" */
export function countsText({ pass, fail, inconclusive, not_judged }: Record<CheckOutcome, number>): string {
  return [
    fail > 0 ? `${fail} ${fail === 1 ? 'fails' : 'fail'}` : '',
    inconclusive > 0 ? `${inconclusive} inconclusive` : '',
    pass > 0 ? `${pass} ${pass === 1 ? 'passes' : 'pass'}` : '',
    not_judged > 0 ? `${not_judged} not judged` : '',
  ]
    .filter((text) => text !== '')
    .join(', ');
}

/** The reason why the metric has no value. */
export function whyAbsent({ rows: { problem }, absent }: Model, metric: string): string {
  const known: readonly string[] = metricsOf(problem);
  if (!known.includes(metric))
    return `the gate knows no such metric of a ${problem} model, only ${known.join(', ')}`;
  const why = metric === 'expected_cost' ? 'gate.costs is off' : 'it is not a finite number';
  return absent.get(metric) ?? why;
}
