import { ConflictError } from '../../errors.ts';
import type { Finding } from '../../monitor/finding.ts';
import { monitoringTable } from '../../queries/recorded-tables.ts';
import { readJson, type StepContext } from '../context.ts';
import { recordRows } from '../record-rows.ts';
import { currentId } from '../release/records.ts';
import { claimRun } from '../train/claim.ts';
import {
  type CurrentHistory,
  findingKind,
  type KeptHistory,
  type LookRecord,
  monitoringKind,
} from './records.ts';
import { retrainOf } from './retrain.ts';
import type { Judged, LookPlan, LookSettings, MonitorState, Retrain } from './state.ts';

export interface RecordLookEvent {
  execution: string;
  arn: string;
  started: string;
  status: 'succeeded' | 'failed';
  state: MonitorState;
}

/**
 * Moves the history by one conditional write, decides whether decay starts a run, and records the look. A look that another one
 * came before is recorded as superseded, and changes nothing else. Again, it changes nothing. `steps` comes from the execution's
 * history; on this machine, the caller adds it. Throws ConflictError if another execution has its name.
 */
export async function recordLook(
  event: RecordLookEvent,
  context: StepContext,
  steps: LookRecord['steps'] = [],
): Promise<LookRecord> {
  const { execution, state } = event;
  await claimRun(event, context);
  const { plan, judged } = state;
  const ended =
    event.status === 'succeeded' && plan !== undefined && judged !== undefined
      ? await conclude(event, plan, judged, context)
      : { superseded: false, retrain: { wanted: false, why: 'The look failed, and found nothing.' } };
  const record: LookRecord = {
    look: execution,
    status: event.status,
    started_at: event.started,
    finished_at: context.clock.now().toISOString(),
    request: state.request,
    state,
    ...ended,
    finding: event.status === 'succeeded' ? (judged?.finding ?? null) : null,
    steps,
  };
  await context.ledger.put<LookRecord>(findingKind, execution, record);
  return record;
}

async function conclude(
  { execution, state: { request } }: RecordLookEvent,
  plan: LookPlan,
  judged: Judged,
  context: StepContext,
): Promise<{ superseded: boolean; retrain: Retrain }> {
  if (!(await moveHistory(execution, plan, judged, context)))
    return {
      superseded: true,
      retrain: { wanted: false, why: 'Another look came first, so this one changes nothing.' },
    };
  await recordRows(monitoringTable, execution, await rowsOf(execution, judged, context), context);
  const settings = await readJson<LookSettings>(context, plan.look);
  const { history } = await readJson<KeptHistory>(context, judged.history.uri);
  const look = { execution, asked: request.retrain, finding: judged.finding, package: plan.package, history };
  return { superseded: false, retrain: await retrainOf(look, settings, context) };
}

/** What the look judged, as rows of the table monitoring. */
async function rowsOf(execution: string, judged: Judged, context: StepContext) {
  const { model, at, package: name, finding, evidence } = await readJson<Finding>(context, judged.uri);
  const look = { model, looked_at: new Date(at), look: execution, finding, package: name };
  return evidence.map(({ kind, name, outcome, value, interval, limit, level, n, window }) => ({
    ...look,
    window_start: window && new Date(window.start),
    window_end: window && new Date(window.end),
    kind,
    name,
    outcome,
    value,
    low: interval?.[0] ?? null,
    high: interval?.[1] ?? null,
    limit_value: limit,
    level,
    n,
  }));
}

/** Whether the history is this look's now. */
async function moveHistory(
  execution: string,
  { at, history }: LookPlan,
  judged: Judged,
  { ledger }: StepContext,
): Promise<boolean> {
  const moved: CurrentHistory = {
    ...judged.history,
    labels: judged.labels,
    captures: judged.captures,
    execution,
    at,
  };
  try {
    await ledger.putIf<CurrentHistory>(monitoringKind, currentId, moved, history.version);
    return true;
  } catch (error) {
    if (!(error instanceof ConflictError)) throw error;
    // A first attempt of this step may have moved it.
    const found = await ledger.get<CurrentHistory>(monitoringKind, currentId);
    return found?.value.execution === execution;
  }
}
