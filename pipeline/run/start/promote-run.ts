import type { Promotion } from '../../backends/open.ts';
import { privacyOf } from '../../gate/privacy.ts';
import { publishableVerdict } from '../../gate/publishable-verdict.ts';
import type { Verdict } from '../../gate/verdict.ts';
import { canonicalJson } from '../../hash.ts';
import type { RunFacts } from '../../report/report.ts';
import { readJson } from '../../steps/context.ts';
import type { Evidence, Plots } from '../../steps/train/evidence.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';

/** A run that may not be promoted. */
class PromotionError extends Error {
  override readonly name = 'PromotionError';
}

/** The verdict and the plots of a sealed run (gate.reuse: sealed), which the report shows once the candidate is promoted. */
interface Opened {
  verdict: Verdict;
  plots: Plots;
}

interface Reviewed {
  execution: string;
  fingerprint: string;
  package: string | null;
  verdict: Verdict;
}

/**
 * Makes the candidate of a finished run the champion, if package, fingerprint and verdict match the ledger.
 * `approved`: a person has approved a verdict of hold. Throws PromotionError if the run may not be promoted,
 * ConflictError if another promotion came first. `opened`: null unless the run was sealed.
 */
export async function promoteRun(
  reviewed: Reviewed,
  { context, promote }: Promotion,
  { approved, actor }: { approved: boolean; actor: string | null },
): Promise<{ promotion: RunFacts['promotion']; opened: Opened | null }> {
  const { execution } = reviewed;
  const refuse = (found: string, expected: string) =>
    new PromotionError(`run ${execution}: ${found}, expected ${expected}; nothing was promoted`);
  const record = (await context.ledger.get<RunRecord>(runKind, execution))?.value;
  if (record === undefined) throw refuse('not in the ledger', 'a run of this project and backend');
  const { request, plan, gate, package: registered, promotion } = record.state;
  if (record.status !== 'succeeded') throw refuse(`it ${record.status}`, 'one that succeeded');
  if (request.mode !== 'promote') throw refuse(`mode ${request.mode}`, 'a run in mode promote');
  if (!plan || !gate || !registered) throw refuse('no package or verdict in the ledger', 'both');
  const verdict = await readJson<Verdict>(context, gate.verdict);
  // The reviewed report is the one that everybody may see.
  const told = (whole: Verdict) => canonicalJson(publishableVerdict(whole, privacyOf(request.config)));
  const same =
    registered.name === reviewed.package &&
    plan.fingerprint === reviewed.fingerprint &&
    told(verdict) === told(reviewed.verdict);
  if (!same) throw refuse("its JSON is not the ledger's", 'the same package, fingerprint and verdict');
  const { name } = registered;
  const opened = async (): Promise<Opened | null> => {
    if (!reviewed.verdict.sealed) return null;
    // Read once more: the promotion has just put the open verdict in the sealed one's place.
    const { plots } = await readJson<Evidence>(context, gate.evidence);
    return { verdict: await readJson<Verdict>(context, gate.verdict), plots };
  };
  if (promotion?.promoted)
    return {
      promotion: { promoted: true, package: name, detail: `${name} is the champion now.` },
      opened: await opened(),
    };
  const yes = gate.promotable || (approved && verdict.outcome === 'hold');
  if (!yes) throw refuse(`the verdict is ${verdict.outcome}`, 'promote, or hold that a person has approved');
  const { promoted, refused } = await promote({
    execution,
    package: name,
    compared_with: plan.champion.package,
    expected_version: plan.champion.version,
    fence: null,
    reason: gate.promotable ? gate.reason : `Approved${actor === null ? '' : ` by ${actor}`}: ${gate.reason}`,
    again: approved,
  });
  if (refused !== null) throw refuse(refused, 'another model, or a person who approves it');
  const detail = promoted ? `${name} is the champion now.` : `${name} is the champion already.`;
  return {
    promotion: {
      promoted: true,
      package: name,
      detail: gate.promotable ? detail : `${detail} The hold was approved.`,
    },
    opened: await opened(),
  };
}
