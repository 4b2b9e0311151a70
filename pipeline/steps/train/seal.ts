import type { Config } from '../../config/schema.ts';
import type { GatePolicy } from '../../gate/policy.ts';
import { privacyOf } from '../../gate/privacy.ts';
import { publishableVerdict } from '../../gate/publishable-verdict.ts';
import { sealed } from '../../gate/seal.ts';
import type { Verdict } from '../../gate/verdict.ts';
import { artifactsOf, type StepContext } from '../context.ts';
import { privateFile, type Whole } from './private-file.ts';
import { publishableEvidence } from './publishable-evidence.ts';

/**
 * The gate keeps verdict, evidence and scores in the run's folder. Under `gate.reuse: sealed` it keeps them in the folder
 * `sealed`, which nothing shows, and the run's folder holds only whether the candidate passes. A promotion opens the seal: it
 * copies them to the run's folder.
 */

export const isSealed = ({ reuse }: Pick<GatePolicy, 'reuse'>): boolean => reuse === 'sealed';

export const runFolder = (execution: string, context: Pick<StepContext, 'root' | 'model'>): string =>
  `${artifactsOf(context, 'runs')}${execution}/`;

export const sealedFolder = (execution: string, context: Pick<StepContext, 'root' | 'model'>): string =>
  `${artifactsOf(context, 'sealed')}${execution}/`;

/** The folder of what tells more than whether the candidate passes. */
export const evidenceFolder = (
  execution: string,
  policy: Pick<GatePolicy, 'reuse'>,
  context: Pick<StepContext, 'root' | 'model'>,
): string => (isSealed(policy) ? sealedFolder : runFolder)(execution, context);

/** What monitoring compares production with. */
export const referenceFile = 'reference.json';

const scoreFiles = ['candidate.csv', 'champion.csv', 'anchor.csv'];
const files = [...scoreFiles, 'evidence.json', 'verdict.json', referenceFile, privateFile];

/** Writes verdict and evidence. Returns what may be shown now, and the URIs of the run's files. */
export async function writeVerdict(
  execution: string,
  config: Config,
  { verdict, evidence }: Whole,
  context: StepContext,
): Promise<{ shown: Verdict; uris: { verdict: string; evidence: string } }> {
  const { gate: policy } = config;
  const privacy = privacyOf(config);
  const told: Whole = {
    verdict: publishableVerdict(verdict, privacy),
    evidence: publishableEvidence(evidence, verdict, privacy),
  };
  const write = async (folder: string, { verdict, evidence }: Whole) => {
    const uris = { verdict: `${folder}verdict.json`, evidence: `${folder}evidence.json` };
    await context.storage.write(uris.verdict, JSON.stringify(verdict));
    await context.storage.write(uris.evidence, JSON.stringify(evidence));
    return uris;
  };
  const run = runFolder(execution, context);
  // Ledger, registry and the state that workflows keep have what everybody may see; the rest is in a file of its own.
  const wholeUri = `${evidenceFolder(execution, policy, context)}${privateFile}`;
  await context.storage.write(wholeUri, JSON.stringify({ verdict, evidence }));
  if (!isSealed(policy)) return { shown: told.verdict, uris: await write(run, told) };
  await write(sealedFolder(execution, context), told);
  const shown = sealed(told.verdict, policy);
  const plots = { candidate: {}, champion: null };
  return { shown, uris: await write(run, { verdict: shown, evidence: { ...told.evidence, plots } }) };
}

/** Copies what a run sealed, if it sealed anything, to the run's folder. */
export async function openSeal(execution: string, context: StepContext): Promise<void> {
  const { storage } = context;
  for (const file of files) {
    const uri = `${sealedFolder(execution, context)}${file}`;
    if (await storage.exists(uri))
      await storage.write(`${runFolder(execution, context)}${file}`, await storage.read(uri));
  }
}
