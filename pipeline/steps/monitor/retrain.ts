import { ConflictError } from '../../errors.ts';
import { formatDuration } from '../../format.ts';
import { type DataInput, dataVersionOf, type Request } from '../../machines/request.ts';
import type { FindingName } from '../../monitor/finding.ts';
import type { History } from '../../monitor/history.ts';
import type { StepContext } from '../context.ts';
import { currentId, type Deployed, deployedKind } from '../release/records.ts';
import { dataVersion } from '../train/inputs.ts';
import { type RetrainClaim, retrainKind } from './records.ts';
import type { LookSettings, Retrain } from './state.ts';

/** Longest time from a claim to the start of its run; after it, the run was killed before it started. Milliseconds. */
const longestStart = 15 * 60_000;

interface Judged {
  execution: string;
  /** MonitorRequest.retrain. */
  asked: boolean;
  finding: FindingName;
  /** The package that readers see. */
  package: string | null;
  history: History;
}

const no = (why: string): Retrain => ({ wanted: false, why });

/**
 * Whether a look starts a run: decay was found, triggers.decay is true, labels of after the package's training are mature, the
 * training data are others than the package's, none was started for the package, and none for another within the cool-down. Where
 * it does, the package is claimed by a conditional write.
 */
export async function retrainOf(
  { execution, asked, finding, package: name, history }: Judged,
  { config }: LookSettings,
  context: StepContext,
): Promise<Retrain> {
  const { ledger, registry, clock } = context;
  if (finding !== 'decayed' || name === null) return no('No decay was found, which alone starts a run.');
  if (!config.triggers.decay) return no('triggers.decay is false: decay starts no run.');
  if (!asked) return no('The look was asked for without a run.');
  const found = await registry.get(name);
  if (found === null)
    return no(`${name} is no longer in the registry, so nothing says what it was trained on.`);
  const newer = history.windows.some(
    ({ summary, labels }) =>
      summary.package === name &&
      labels.state === 'mature' &&
      labels.count > 0 &&
      Date.parse(summary.end) > Date.parse(found.created_at),
  );
  if (!newer) return no(`No labels of after the training of ${name} are mature.`);
  const now = clock.now();
  const claimed = await ledger.get<RetrainClaim>(retrainKind, name);
  const isOwn = claimed?.value.look === execution;
  const isLost =
    claimed !== null &&
    claimed.value.run === null &&
    now.getTime() - Date.parse(claimed.value.at) > longestStart;
  if (claimed !== null && !isOwn && !isLost)
    return no(
      `Decay of ${name} has started a run already (${claimed.value.run ?? `look ${claimed.value.look}`}): once a package.`,
    );
  const same = await unchangedData(found.data.version, context);
  if (same !== null)
    return no(`${same} are those that ${name} was trained on: a run would make the same model.`);
  const coolDown = config.monitoring?.decay?.cool_down ?? 0;
  const last = (await ledger.list<RetrainClaim>(retrainKind))
    .filter(({ id }) => id !== name)
    .map(({ value }) => value.at)
    .sort()
    .at(-1);
  if (last !== undefined && now.getTime() - Date.parse(last) < coolDown * 1000)
    return no(
      `Decay started a run on ${last.slice(0, 16).replace('T', ' ')} UTC, less than ${formatDuration(coolDown)} ago (monitoring.decay.cool_down).`,
    );
  const alarm = history.alarms.find(({ kind, package: of }) => kind === 'decay' && of === name);
  const wanted: Retrain = {
    wanted: true,
    ...(alarm && { since: alarm.window.start }),
    why: `Decay of ${name} starts a run in mode promote; the gate decides as always.`,
  };
  if (isOwn) return wanted;
  try {
    const claim: RetrainClaim = { look: execution, at: now.toISOString(), run: null };
    await ledger.putIf<RetrainClaim>(retrainKind, name, claim, claimed?.version ?? 0);
    return wanted;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    return no(`Another look has just started a run for the decay of ${name}.`);
  }
}

/** The setting whose rows are those of a version; null: the rows are others, or nobody can tell. */
async function unchangedData(version: string, context: StepContext): Promise<string | null> {
  const deployed = (await context.ledger.get<Deployed>(deployedKind, currentId))?.value;
  const data = deployed?.data ?? (deployed?.request && (await versionNow(deployed.request.data, context)));
  return data?.version === version ? `The rows of data.source (${data.source})` : null;
}

async function versionNow(
  data: Request['data'],
  context: StepContext,
): Promise<{ source: string; version: string }> {
  const { holdout = null, ...rows } = data;
  const now = async <Rows extends DataInput>(input: Rows): Promise<Rows> => ({
    ...input,
    version: await dataVersion(input.uri, context),
  });
  const found = { ...(await now(rows)), holdout: holdout && (await now(holdout)) };
  return { source: data.source, version: dataVersionOf(found) };
}
