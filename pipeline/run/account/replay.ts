import type { Config } from '../../config/schema.ts';
import { decide } from '../../gate/decide.ts';
import { groupColumnOf } from '../../gate/group-column.ts';
import { commonRows } from '../../gate/join.ts';
import { readScores } from '../../gate/scores.ts';
import type { Outcome, Verdict } from '../../gate/verdict.ts';
import type { LeftOut, ModelPackage } from '../../ports.ts';
import type { Scores } from '../../statistics/scores.ts';
import { artifactsOf, readJson, readManifest, type StepContext } from '../../steps/context.ts';
import type { Evidence } from '../../steps/train/evidence.ts';
import type { RunRecord } from '../../steps/train/run-record.ts';
import { trainedAmong } from '../../steps/train/trained-rows.ts';
import { runsOf } from './lineage.ts';

/** A recorded run, judged by another policy. */
export interface ReplayedRun {
  execution: string;
  started_at: string;
  trigger: string;
  package: string | null;
  champion: string | null;
  before: { outcome: Outcome; reason: string };
  /** null if it cannot be judged again. */
  after: Verdict | null;
  /** Why it cannot be judged again; null if it was. */
  problem: string | null;
}

export interface Replay {
  policy: Config['gate'];
  /** Newest first. */
  runs: ReplayedRun[];
  judged: number;
  /** How many runs change from one outcome to another, most frequent first. */
  changes: { from: Outcome; to: Outcome; runs: number }[];
}

/**
 * Judges the newest recorded runs again, by the policy of `config` and the scores that each run kept. Everything else
 * is as it was then: champion, anchor, operating thresholds, seed and number of looks. A run that cannot be judged
 * says why.
 */
export async function replay(
  config: Config,
  last: number,
  context: Pick<StepContext, 'ledger' | 'registry' | 'storage' | 'model' | 'root'>,
  leftOut: LeftOut,
): Promise<Replay> {
  const judged = (await runsOf(context, leftOut)).filter((run) => run.state.gate !== undefined);
  const runs: ReplayedRun[] = [];
  // One after the other, because each holds its scores in memory.
  for (const run of judged.slice(0, last)) runs.push(await replayed(run, config, context));
  return {
    policy: config.gate,
    runs,
    judged: runs.filter(({ after }) => after !== null).length,
    changes: changesOf(runs),
  };
}

export const isChanged = ({ before, after }: ReplayedRun): boolean =>
  after !== null && after.outcome !== before.outcome;

function changesOf(runs: readonly ReplayedRun[]): Replay['changes'] {
  const changes: Replay['changes'] = [];
  for (const { before, after } of runs.filter(isChanged)) {
    if (after === null) continue;
    const same = changes.find(({ from, to }) => from === before.outcome && to === after.outcome);
    if (same) same.runs += 1;
    else changes.push({ from: before.outcome, to: after.outcome, runs: 1 });
  }
  return changes.sort((a, b) => b.runs - a.runs);
}

type Context = Parameters<typeof replay>[2];

async function replayed(run: RunRecord, config: Config, context: Context): Promise<ReplayedRun> {
  const { gate, scoring, request } = run.state;
  const told = {
    execution: run.execution,
    started_at: run.started_at,
    trigger: request.trigger.kind,
    package: run.state.package?.name ?? null,
    champion: scoring?.champion.package ?? null,
    before: { outcome: (gate?.outcome ?? 'reject') as Outcome, reason: gate?.reason ?? '' },
  };
  try {
    return { ...told, after: await judgedAgain(run, config, context), problem: null };
  } catch (error) {
    return { ...told, after: null, problem: (error as Error).message };
  }
}

async function judgedAgain(run: RunRecord, config: Config, context: Context): Promise<Verdict> {
  const { gate, scoring, request, prepared } = run.state;
  if (gate === undefined || scoring === undefined) throw new Error('expected its verdict, found none');
  const { problem } = request.config;
  if (problem !== config.problem) {
    throw new Error(`got a ${problem} model, expected ${config.problem}, as mlops.yaml has it now`);
  }
  const { seed, holdout_uses } = await readJson<Verdict>(context, gate.verdict);
  const { threshold } = await readJson<Evidence>(context, gate.evidence);
  const everyRow = await scoresOf(run.execution, 'candidate', request.config, context);
  const champion = await otherModel('champion', scoring.champion.package, run, context);
  const anchor = await otherModel('anchor', config.gate.anchor.package, run, context);
  // As in the gate: only rows that every model could score, and that none was trained on, are compared.
  const others = [champion, anchor].filter((other) => other !== null);
  const manifest = prepared && (await readManifest(context, prepared));
  const common = commonRows(
    others.filter(({ isView }) => isView).map(({ scores }) => scores),
    (
      await Promise.all(
        others.map(async ({ isView, preparation }) =>
          isView || !manifest ? null : await trainedAmong(everyRow.ids, preparation, manifest, context),
        ),
      )
    ).filter((ids) => ids !== null),
  );
  return decide({
    candidate: common(everyRow),
    champion: champion && common(champion.scores),
    anchor: anchor && common(anchor.scores),
    policy: config.gate,
    threshold,
    championThreshold: champion?.threshold ?? null,
    anchorThreshold: anchor?.threshold ?? null,
    seed,
    looks: { count: holdout_uses },
  });
}

interface OtherModel {
  scores: Scores;
  threshold: number | null;
  isView: boolean;
  preparation: ModelPackage['preparation'];
}

/** The champion or the anchor of a run, with its scores of that run's holdout. */
async function otherModel(
  who: 'champion' | 'anchor',
  name: string | null,
  { execution, state: { request, scoring } }: RunRecord,
  context: Context,
): Promise<OtherModel | null> {
  if (name === null) return null;
  const found = await context.registry.get(name);
  if (found === null) throw new Error(`${who} ${name}: not in the registry`);
  const { threshold, preparation } = found;
  if (scoring?.[who].package === name) {
    const scores = await scoresOf(execution, who, request.config, context);
    return { scores, threshold, preparation, isView: scoring[who].view.exists };
  }
  // The policy of that time named another anchor. This one's own run scored it, perhaps on the same holdout.
  const scores = await scoresOf(found.execution, 'candidate', request.config, context);
  return { scores, threshold, preparation, isView: false };
}

async function scoresOf(
  execution: string,
  who: 'candidate' | 'champion' | 'anchor',
  { problem, data }: Config,
  context: Context,
): Promise<Scores> {
  return await readScores(
    await context.storage.localFile(`${artifactsOf(context, 'runs')}${execution}/${who}.csv`),
    { problem, group: groupColumnOf(data) },
  );
}
