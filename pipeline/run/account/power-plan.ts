import type { Config } from '../../config/schema.ts';
import { InputError } from '../../errors.ts';
import { formatCountOf } from '../../format.ts';
import { inOrder } from '../../gate/decide.ts';
import { joinTo } from '../../gate/join.ts';
import { type Margin, resolveMargin } from '../../gate/policy.ts';
import { smallestClass } from '../../gate/rules.ts';
import {
  chanceOf,
  powerCurve,
  type Question,
  rowsFor,
  type Spread,
  spreadOf,
  spreadOfPair,
} from '../../gate/sample-size.ts';
import { whyAbsent } from '../../gate/wording.ts';
import { metricText } from '../../metrics.ts';
import type { LeftOut } from '../../ports.ts';
import type { PlannedSize, PowerPlan } from '../../report/power.ts';
import { distance } from '../../statistics/metrics.ts';
import { type Model, metricOf, modelOf } from '../../statistics/model.ts';
import { samplingOf } from '../../statistics/sampling.ts';
import { positivesOf } from '../../statistics/scores.ts';
import type { StepContext } from '../../steps/context.ts';
import type { RunRecord } from '../../steps/train/run-record.ts';
import { runsOf } from './lineage.ts';
import { keptModels } from './replay.ts';

/** The question to `mlops power`. The gate's settings answer what it leaves out. */
export interface PowerRequest {
  margin?: Margin | undefined;
  confidence?: number | undefined;
  metric?: string | undefined;
  /** The probability to reach. */
  power: number;
  /** The candidate's true lead over the champion; default: 0 for non_inferior, the margin for superior. */
  lead?: number | undefined;
  /** Assumed where no run has compared two models. */
  correlation: number;
}

type Context = Pick<StepContext, 'ledger' | 'registry' | 'storage' | 'model' | 'root'>;

const REPLICATES = 2000;
const POINTS = 41;
/** Most runs whose scores are looked for. */
const MOST_RUNS = 20;

/**
 * How many holdout rows a comparison needs, by the scores of the newest run that compared two models; where no run did,
 * by those of the newest judged run and an assumed correlation.
 *
 * @throws InputError if no run has scores, or what is asked makes no sense
 */
export async function planPower(
  request: PowerRequest,
  config: Config,
  context: Context,
  leftOut: LeftOut,
): Promise<PowerPlan> {
  const { gate } = config;
  const metric = request.metric ?? gate.primary;
  const confidence = request.confidence ?? gate.confidence;
  const notes: string[] = [];
  const { own, other, run, seed } = await pairOf(metric, config, context, leftOut, notes);
  const { rows } = own;
  const rarest = smallestClass(rows);
  const models = other === null ? [own] : [own, other];
  const sampling = samplingOf(models, { replicates: REPLICATES, seed, metrics: [metric] });
  const difference = other && sampling.orientedDifference(own, other, metric);
  const alone = difference === null || difference.standardError === 0 ? sampling.oriented(own, metric) : null;
  const n = rows.ids.length;
  const sizes = {
    rows: n,
    rarer: metric === 'roc_auc' ? rarest : null,
    least: Math.ceil((gate.min_positives * n) / Math.max(1, rarest)),
  };
  let spread: Spread;
  if (alone === null && difference !== null) spread = spreadOf(difference, sizes);
  else {
    if (other !== null)
      notes.push('Candidate and champion predict alike, so that their difference tells nothing.');
    if (alone === null || alone.standardError === 0)
      throw new InputError(
        `run ${run.execution}: ${metricText(metric).label} does not vary on its ${n} holdout rows, expected scores that overlap and at least two rows of each class`,
      );
    spread = spreadOfPair(alone, request.correlation, sizes);
    notes.push(
      `No other model to compare with in a run yet: the two models' results are supposed to have a correlation of ${request.correlation} (--correlation). Plan again after a run that compares two models.`,
    );
  }
  const { rule } = gate.champion;
  const asked = request.margin ?? gate.champion.margin ?? 0;
  const size = resolveMargin(asked, distance(metric, metricOf(other ?? own, metric) ?? 0));
  const margin = rule === 'superior' ? 0 : size;
  const lead = request.lead ?? (rule === 'superior' ? size : 0);
  requirePossible(rule, margin, lead);
  const question: Question = { margin, confidence, lead };
  const neededRows = rowsFor(question, spread, request.power);
  const positives = positivesOf(rows);
  const sizeOf = (count: number): PlannedSize => ({
    rows: count,
    positives: positives === null ? null : Math.round((positives * count) / n),
  });
  const share = config.data.split.by === 'file' ? null : config.data.holdout;
  const curve = powerCurve(question, spread, neededRows, POINTS);
  if (curve.some(({ rows: count }) => count < sizes.least))
    notes.push(
      `On fewer than ${formatCountOf(sizes.least, 'row')} gate.min_positives leaves every comparison inconclusive.`,
    );
  return {
    project: config.project,
    model: config.name,
    run: run.execution,
    basis: alone === null ? 'candidate and champion' : 'candidate alone',
    correlation: alone === null ? null : request.correlation,
    metric,
    rule,
    margin,
    confidence,
    lead,
    power: request.power,
    today: { ...sizeOf(n), chance: chanceOf(question, spread, n) },
    needed:
      neededRows === null
        ? null
        : { ...sizeOf(neededRows), data_rows: share === null ? null : Math.ceil(neededRows / share) },
    curve: curve.map(({ rows: count, chance }) => ({ ...sizeOf(count), chance })),
    notes,
  };
}

function requirePossible(rule: PowerPlan['rule'], margin: number, lead: number): void {
  if (rule === 'superior' && !(lead > 0))
    throw new InputError(
      `--lead: got ${lead}, expected a number above 0: a candidate that is not better passes gate.champion.rule: superior by luck alone, on any number of rows`,
    );
  if (lead + margin > 0) return;
  const found = lead === 0 ? `a margin of ${margin}` : `a lead of ${lead} with a margin of ${margin}`;
  throw new InputError(
    `--margin: got ${found}, expected a lead above -margin: no number of rows shows a candidate to be within a margin that it is not within (mlops.yaml: gate.champion.margin)`,
  );
}

interface Pair {
  own: Model;
  other: Model | null;
  run: RunRecord;
  seed: number;
}

/** The models of the newest run that compared two; else of the newest judged run. */
async function pairOf(
  metric: string,
  config: Config,
  context: Context,
  leftOut: LeftOut,
  notes: string[],
): Promise<Pair> {
  const judged = (await runsOf(context, leftOut)).filter(({ state }) => state.gate !== undefined);
  if (judged.length === 0)
    throw new InputError(
      'no run has been judged yet, expected one whose scores tell how much results vary: start one with `npm start`',
    );
  let found: Pair | null = null;
  const problems: string[] = [];
  for (const run of judged.slice(0, MOST_RUNS)) {
    if (found !== null && (run.state.scoring?.champion.package ?? null) === null) continue;
    try {
      const pair = await modelsOf(run, config, context);
      const missing = [pair.own, pair.other].find(
        (model) => model !== null && metricOf(model, metric) === null,
      );
      if (missing)
        throw new Error(`${metricText(metric).label} cannot be computed: ${whyAbsent(missing, metric)}`);
      found = pair.other === null ? (found ?? pair) : pair;
      if (pair.other !== null) break;
    } catch (error) {
      problems.push(`run ${run.execution}: ${(error as Error).message.replace(/\.$/, '')}`);
    }
  }
  if (found === null)
    throw new InputError(
      `no run has scores to plan with: ${problems[0]}${problems.length > 1 ? ` (and ${problems.length - 1} more)` : ''}; start a run with \`npm start\``,
    );
  notes.push(...problems.map((problem) => `Left out: ${problem}.`));
  return found;
}

async function modelsOf(run: RunRecord, config: Config, context: Context): Promise<Pair> {
  const anchorless = {
    ...config,
    gate: { ...config.gate, anchor: { ...config.gate.anchor, package: null } },
  };
  const { candidate, champion, threshold, verdict } = await keptModels(run, anchorless, context);
  const rows = inOrder(candidate);
  return {
    own: modelOf(rows, threshold ?? 0.5, config.gate.costs),
    other: champion && modelOf(joinTo(rows, champion.scores), champion.threshold ?? 0.5, config.gate.costs),
    run,
    seed: verdict.seed,
  };
}
