import * as z from 'zod/mini';
import { UnreadableRecordError } from '../../errors.ts';
import { dataVersionOf } from '../../machines/request.ts';
import { trialsTable } from '../../queries/recorded-tables.ts';
import { readRows } from '../../tables/read-rows.ts';
import { artifactsOf, readJson, type StepContext } from '../context.ts';
import { recordRows } from '../record-rows.ts';
import type { Evidence } from './evidence.ts';
import type { PastRun } from './guide.ts';
import type { TrainState } from './state.ts';

type Place = Pick<StepContext, 'storage' | 'root' | 'model'>;

/** Files, the newest, that are looked through for like runs. */
const mostFiles = 200;

const row = z.object({
  alike: z.nullable(z.string()),
  value: z.nullable(z.number()),
  hyperparameters: z.record(z.string(), z.string()),
  guided: z.nullable(z.boolean()),
});

/**
 * The runs on like data whose trials are recorded, the newest first.
 *
 * @param alike what the runs share (plan.ts)
 * @returns notes: a sentence on each file that cannot be read, which is left out
 */
export async function pastRuns(
  alike: string,
  { storage, ...place }: Place,
): Promise<{ runs: PastRun[]; notes: string[] }> {
  const files = (await storage.list(artifactsOf(place, 'trials')))
    .map(({ uri }) => uri)
    .filter((uri) => uri.endsWith('.parquet'))
    // Names begin with the time of the search.
    .sort()
    .reverse()
    .slice(0, mostFiles);
  const notes: string[] = [];
  const runs: PastRun[] = [];
  for (const uri of files) {
    try {
      const rows = z.array(row).parse(await readRows(await storage.read(uri), trialsTable.columns));
      if (rows.length === 0 || rows.some((trial) => trial.alike !== alike)) continue;
      const trials = rows.map(({ value, hyperparameters, guided }) => ({
        value: value === null || Number.isFinite(value) ? value : null,
        hyperparameters,
        guided: guided === true,
      }));
      runs.push({ trials });
    } catch (error) {
      const [reason = ''] = String(error instanceof Error ? error.message : error).split('\n');
      notes.push(
        `Guided tuning left out the trials of one run: ${new UnreadableRecordError(uri, reason).message}.`,
      );
    }
  }
  return { runs, notes };
}

/**
 * Records the trials of the search that made a run's model, by the gate's evidence. A run that reuses the model of an earlier one
 * records them only if that one did not get so far. Returns the file's URI, null without a search.
 */
export async function recordTrials(
  execution: string,
  { request, plan, model, gate }: TrainState,
  context: Place,
): Promise<string | null> {
  if (!model?.tuning || !gate || !plan) return null;
  const { tuning: facts } = await readJson<Evidence>(context, gate.evidence);
  if (facts === null) return null;
  const { tuning_job, search } = model.tuning;
  const started = new Date(model.tuning.started);
  const file = `${started.toISOString().replaceAll(/[:.]/g, '-')}-${tuning_job}`;
  const uri = `${artifactsOf(context, 'trials')}${file}.parquet`;
  if (plan.train.reused && (await context.storage.exists(uri))) return uri;
  return await recordRows(
    trialsTable,
    file,
    facts.trials.map((trial) => ({
      model: context.model,
      execution,
      started_at: started,
      data_version: dataVersionOf(request.data),
      alike: search?.alike ?? null,
      // Of a guided search, the share that is not guided is random whatever the strategy.
      strategy: trial.guided === false ? 'random' : facts.ran_as,
      trial: trial.name,
      status: trial.status,
      objective: facts.objective.metric,
      goal: facts.objective.goal,
      value: trial.value,
      seconds: trial.seconds,
      hyperparameters: trial.hyperparameters,
      guided: trial.guided === true,
      best: trial.name === facts.best,
    })),
    context,
  );
}
