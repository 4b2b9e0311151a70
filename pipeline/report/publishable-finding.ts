import { formatCountOf } from '../format.ts';
import { namesNoneOf, type Privacy } from '../gate/privacy.ts';
import type { Evidence, Finding } from '../monitor/finding.ts';

const withheld = 'What was found names a column of data.sensitive, which is not shown here.';

/**
 * The finding as everybody may see it: without columns of data.sensitive, without categories that training never saw, and without
 * counts of fewer rows than report.min_group.
 */
export function publishableFinding(finding: Finding, privacy: Privacy): Finding {
  const isTold = namesNoneOf(privacy.sensitive);
  const told = (texts: readonly string[]) => texts.filter(isTold);
  const { card } = finding;
  return {
    ...finding,
    reason: isTold(finding.reason) ? finding.reason : withheld,
    evidence: publishableEvidence(finding.evidence, privacy),
    blind: told(finding.blind),
    next: told(finding.next),
    card: {
      ...card,
      watched: told(card.watched),
      smallest: told(card.smallest),
      cannot_see: told(card.cannot_see),
    },
  };
}

/** Evidence as everybody may see it. The judge's sentences hold no cells. */
export function publishableEvidence(
  evidence: readonly Evidence[],
  { sensitive, min_group }: Pick<Privacy, 'sensitive' | 'min_group'>,
): Evidence[] {
  const isTold = namesNoneOf(sensitive);
  return evidence
    .filter(({ name, detail }) => isTold(name) && isTold(detail))
    .map((found) => (isOfFew(found, min_group) ? withoutCounts(found, min_group) : found));
}

/** Whether it counts rows of a small group: those without a value, or with a category that training never saw. */
function isOfFew({ kind, value, n }: Evidence, least: number): boolean {
  if ((kind !== 'missing' && kind !== 'categories') || value === null) return false;
  const rows = Math.round(value * n);
  return rows > 0 && rows < least;
}

const withoutCounts = (found: Evidence, least: number): Evidence => ({
  ...found,
  value: null,
  detail: `Fewer than ${least} of ${formatCountOf(found.n, 'row')} have ${found.kind === 'missing' ? 'no value' : 'a category that training never saw'} in ${found.name}.`,
});
