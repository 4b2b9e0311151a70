import { namesNoneOf, type Privacy } from '../gate/privacy.ts';
import type { Finding } from '../monitor/finding.ts';

const withheld = 'What was found names a column of data.sensitive, which is not shown here.';

/** The finding as everybody may see it: without columns of data.sensitive. */
export function publishableFinding(finding: Finding, { sensitive }: Privacy): Finding {
  const isTold = namesNoneOf(sensitive);
  const told = (texts: readonly string[]) => texts.filter(isTold);
  const { card } = finding;
  return {
    ...finding,
    reason: isTold(finding.reason) ? finding.reason : withheld,
    evidence: finding.evidence.filter(({ name, detail }) => isTold(name) && isTold(detail)),
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
