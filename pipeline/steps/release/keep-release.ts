import type { StepContext } from '../context.ts';
import { type Prepared, readJson, type Scored } from '../context.ts';
import { copyFolder, JobOutputError, outputOf, requireOnly } from '../train/keep.ts';
import { inputsFolder, predictionsFolder, releaseFolder } from './artifacts.ts';
import type { LaidOut, Summary } from './delivery.ts';
import { type Delivered, deliveredKind } from './records.ts';
import type { BatchPlan, ReleasePlan } from './state.ts';

export type KeepReleaseEvent = { execution: string; plan: ReleasePlan } & (
  | { kind: 'rows'; at: BatchPlan['lay_out']; item: Prepared }
  | { kind: 'answers'; at: BatchPlan['transform']; item: Scored }
  | { kind: 'predictions'; at: BatchPlan['deliver']; item: Prepared }
);

/**
 * Copies what a job of a release wrote from the folder that jobs may write to one that only this function may. Returns the
 * job's result with the places of the copies. Throws RewrittenError, and JobOutputError if it is not what was asked for.
 */
export async function keepRelease(
  event: KeepReleaseEvent,
  context: StepContext,
): Promise<Prepared | Scored | Delivered> {
  switch (event.kind) {
    case 'rows': {
      const kept = { ...event.item, ...(await copyFolder(event.item.output, event.at.output, context)) };
      const rows = await readJson<LaidOut>(context, `${kept.output}rows/rows.json`);
      requireOnly(['rows/rows.json', rows.path], kept);
      const found = kept.objects.find(({ uri }) => uri === kept.output + rows.path)?.sha256;
      if (found !== rows.sha256)
        throw new JobOutputError(
          `${kept.output}rows/rows.json: sha256: got ${rows.sha256}, but the file has ${found}`,
        );
      return kept;
    }
    case 'answers': {
      const kept = { ...event.item, ...(await copyFolder(event.item.output, event.at.output, context)) };
      requireOnly([outputOf(event.at.rows)], kept);
      return kept;
    }
    case 'predictions':
      return await keepPredictions(event, context);
  }
}

/** Puts predictions where readers look once the partition is added, and their inputs and summary beside. */
async function keepPredictions(
  { execution, plan, at, item }: Extract<KeepReleaseEvent, { kind: 'predictions' }>,
  context: StepContext,
): Promise<Delivered> {
  const copy = (from: string, to: string) => copyFolder(`${item.output}${from}/`, to, context);
  const summary = await copy('summary', `${releaseFolder(context, execution)}summary/`);
  const inputs = await copy('inputs', inputsFolder(context, execution));
  const { output, objects } = await copy('predictions', predictionsFolder(context, execution));
  const { rows } = await readJson<Summary>(context, `${summary.output}summary.json`);
  const laid = await readJson<LaidOut>(context, `${plan.batch.lay_out.output}rows/rows.json`);
  if (rows !== laid.rows)
    throw new JobOutputError(
      `${output}: got ${rows} predictions, expected one for each of ${laid.rows} rows`,
    );
  const delivered: Delivered = {
    ...item,
    release: execution,
    rows,
    output,
    objects: [...objects, ...inputs.objects, ...summary.objects],
  };
  await context.ledger.put(deliveredKind, at.key, delivered);
  return delivered;
}
