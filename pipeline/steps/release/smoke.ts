import { deploymentSteps } from '../../config/deployment-steps.ts';
import type { Config } from '../../config/schema.ts';
import { EndpointError, NotFoundError } from '../../errors.ts';
import { formatCountOf } from '../../format.ts';
import type { ModelPackage } from '../../ports.ts';
import { judgeCanary } from '../../release/canary.ts';
import { type Manifest, preparedFile, readJson, type StepContext } from '../context.ts';
import { ModelOutputError } from '../train/score-file.ts';
import { evidenceFolder, runFolder } from '../train/seal.ts';
import { readNamedJson } from '../train/unchanged.ts';
import { currentId, type Deployed, deployedKind } from './records.ts';
import { AnswerCountError, answeredScores, differenceOf, recordedScores, takeRows } from './smoke-rows.ts';
import type { ReleasePlan, ReleaseState, Smoke } from './state.ts';

export interface SmokeEvent {
  execution: string;
  plan: ReleasePlan;
  endpoint: NonNullable<ReleaseState['endpoint']>;
}

/** An endpoint in service that does not answer as its model was judged. */
export class SmokeError extends Error {
  override readonly name = 'SmokeError';
}

const mostRows = 50;
const tolerance = 1e-6;

/**
 * Asks the endpoint for rows of the package's own holdout and compares the answers with the scores that the gate judged. After
 * a deployment in steps it also judges the errors of the real requests meanwhile. Messages quote no cell and no row id.
 *
 * @throws SmokeError, also where holdout or scores are gone: a model that nothing is compared with does not pass
 */
export async function smoke({ plan, endpoint }: SmokeEvent, context: StepContext): Promise<Smoke> {
  const { registry } = context;
  const found = await registry.get(plan.package);
  if (found === null)
    throw new SmokeError(`package ${plan.package}: expected it in the registry, found none`);
  const { rows, largest } = await askHoldout(found, plan.endpoint.name, context);
  return {
    rows,
    largest_difference: largest,
    notes: [
      ...plan.notes,
      `The endpoint answered ${formatCountOf(rows, 'row')} of the holdout as the gate had judged them.`,
      ...(await canaryNotes(plan, endpoint, context)),
    ],
  };
}

async function askHoldout(
  found: ModelPackage,
  name: string,
  context: StepContext,
): Promise<{ rows: number; largest: number }> {
  const config = await readNamedJson<Config>(found.config, context);
  const manifest = await readJson<Manifest>(context, found.preparation.manifest);
  const holdout = await fileOf(
    preparedFile(found.preparation.manifest, manifest.files.holdout),
    found,
    context,
  );
  const scores = await fileOf(await scoresUri(found, config, context), found, context);
  const rows = await takeRows(holdout, manifest, mostRows);
  if (rows.sent.length === 0)
    throw new SmokeError(`package ${found.name}: got a holdout without rows, expected some`);
  const body = await answer(
    name,
    { contentType: manifest.content_type, body: `${rows.sent.join('\n')}\n` },
    context,
  );
  const answered = asked(name, () => answeredScores(rows, body, manifest, config.model));
  const judged = await recordedScores(scores, new Set(answered.keys()), manifest, config.model.output);
  const { rows: differing, largest } = differenceOf(answered, judged, tolerance);
  if (differing > 0)
    throw new SmokeError(
      `endpoint ${name}: got other scores for ${differing} of ${formatCountOf(answered.size, 'row')} of the holdout, by up to ` +
        `${Number.isFinite(largest) ? largest.toPrecision(3) : 'no number at all'}, expected those that the gate judged within ${tolerance}`,
    );
  return { rows: answered.size, largest };
}

async function answer(
  name: string,
  request: { contentType: string; body: string },
  { endpoints }: StepContext,
): Promise<string> {
  try {
    return await endpoints.invoke(name, request);
  } catch (error) {
    if (error instanceof EndpointError)
      throw new SmokeError(`endpoint ${name}: got no answer: ${error.message}`);
    throw error;
  }
}

/** What the model answers may be anything: a message says what it is not, and quotes nothing. */
function asked<T>(name: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof AnswerCountError) throw new SmokeError(`endpoint ${name}: ${error.message}`);
    if (error instanceof ModelOutputError || error instanceof SyntaxError)
      throw new SmokeError(
        `endpoint ${name}: got answers that are not of the shape that output and extra of model.yaml declare, expected those that the gate judged`,
      );
    throw error;
  }
}

/** The candidate's scores. A package that was never promoted may have them under seal. */
async function scoresUri(found: ModelPackage, config: Config, context: StepContext): Promise<string> {
  const open = `${runFolder(found.execution, context)}candidate.csv`;
  if (await context.storage.exists(open)) return open;
  return `${evidenceFolder(found.execution, config.gate, context)}candidate.csv`;
}

async function fileOf(uri: string, { name }: ModelPackage, { storage }: StepContext): Promise<string> {
  try {
    return await storage.localFile(uri);
  } catch (error) {
    if (!(error instanceof NotFoundError)) throw error;
    throw new SmokeError(
      `package ${name}: ${uri} is gone, expected the holdout and the scores that the package was judged by: without them ` +
        'nothing shows that the endpoint answers as it was judged. Train the same again, or release it as a batch',
    );
  }
}

/** What the requests during a deployment in steps show. Throws SmokeError where too many failed. */
async function canaryNotes(
  { endpoint: { guarded, name } }: ReleasePlan,
  { asked, at }: SmokeEvent['endpoint'],
  { endpoints, ledger }: StepContext,
): Promise<string[]> {
  const inference = (await ledger.get<Deployed>(deployedKind, currentId))?.value.config.inference;
  if (!guarded || !asked || at === undefined || !inference || inference.strategy === 'all_at_once') return [];
  const traffic = await endpoints.traffic(name, new Date(at));
  if (traffic === null) return [];
  // Metrics count old and new instances together: only the first step's share surely went to the new model.
  const share = deploymentSteps(inference).instances / inference.instance.count;
  const requests = Math.floor(traffic.requests * share);
  const { outcome, detail } = judgeCanary(
    { requests, errors: traffic.errors },
    inference.canary.max_error_rate,
  );
  const told = `While it baked: ${detail} (Of ${formatCountOf(traffic.requests, 'request')} at least that share went to the new model; all errors count as its own.)`;
  if (outcome === 'fail') throw new SmokeError(`endpoint ${name}: ${told}`);
  return [told];
}
