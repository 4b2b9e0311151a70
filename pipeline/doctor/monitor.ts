import type { Config } from '../config/schema.ts';
import { formatCountOf, formatDuration, formatPercent } from '../format.ts';
import type { WindowRecord } from '../monitor/history.ts';
import { lateness } from '../monitor/overdue.ts';
import type { StepContext } from '../steps/context.ts';
import { readHistory } from '../steps/monitor/read-history.ts';
import { readReference } from '../steps/monitor/read-reference.ts';
import {
  type CurrentHistory,
  findingKind,
  type LookRecord,
  monitoringKind,
} from '../steps/monitor/records.ts';
import {
  currentId,
  type Deployed,
  deployedKind,
  type Pointer,
  pointerKind,
} from '../steps/release/records.ts';
import { attempt, type Check, ok, problem, warning } from './check.ts';

type Monitored = NonNullable<Config['monitoring']>;
/**
 * Checks of what looks at production need and have left: the last look, the reference of the package that readers see, the
 * labels, and the label delay against when labels really came.
 * @param again how somebody looks by hand
 */
export async function checkMonitoring(
  monitoring: Monitored,
  context: StepContext,
  again: string,
): Promise<Check[]> {
  return await Promise.all([
    attempt('Looks', () => checkLooks(monitoring, context, again)),
    attempt('Reference', () => checkReference(context)),
    attempt('Truth', () => checkTruth(monitoring, context)),
    attempt('Label delay', () => checkLabelDelay(monitoring, context)),
  ]);
}

/** Checks that looks come as the schedule says, and that the last one ended well. */
async function checkLooks({ schedule }: Monitored, context: StepContext, again: string): Promise<Check> {
  const { ledger, clock } = context;
  const current = (await ledger.get<CurrentHistory>(monitoringKind, currentId))?.value;
  const looks = (await ledger.list<LookRecord>(findingKind, () => {})).map(({ value }) => value);
  const last = looks.reduce<LookRecord | null>(
    (newest, look) => (newest === null || look.finished_at > newest.finished_at ? look : newest),
    null,
  );
  if (current === undefined && last === null)
    return warning('Looks', 'nothing has looked at production yet', again);
  if (last?.status === 'failed') {
    const { Error: name = 'an error', Cause: cause = 'no reason' } = last.state.error ?? {};
    return problem('Looks', `the last one, ${last.look}, failed: ${name}: ${cause}`, `Fix it; then ${again}`);
  }
  if (current === undefined) return warning('Looks', 'none has ended well yet', again);
  const { hours, most, isOverdue } = lateness(current.at, schedule, clock.now());
  const age = formatDuration(Math.max(0, hours) * 3600);
  if (isOverdue)
    return warning(
      'Looks',
      `the last one was ${age} ago, expected one within ${formatDuration(most * 3600)} (monitoring.schedule: ${schedule})`,
      again,
    );
  await readHistory(current, context);
  const found = looks.find(({ look }) => look === current.execution)?.finding ?? 'unknown';
  return ok('Looks', `the last one was ${age} ago: ${found}`);
}

/** Checks that the package that readers see has something to be compared with. */
async function checkReference(context: StepContext): Promise<Check> {
  const pointer = (await context.ledger.get<Pointer>(pointerKind, currentId))?.value;
  if (pointer === undefined) return ok('Reference', 'nothing is released');
  const reference = await readReference(pointer.package, context);
  if (reference === null)
    return warning(
      'Reference',
      `${pointer.package} was registered by an earlier version of the template, without one: looks cannot tell whether it is still good`,
      'Train again, promote and release.',
    );
  const columns = formatCountOf(reference.columns.length, 'column');
  return ok(
    'Reference',
    `${pointer.package}: ${formatCountOf(reference.rows, 'row')} of its holdout, ${columns}`,
  );
}

/** Checks that the labels can be reached. */
async function checkTruth({ truth, decay }: Monitored, { ledger, storage }: StepContext): Promise<Check> {
  if (truth === null)
    return ok('Truth', `monitoring.truth is none${decay === null ? '' : ', so no decay can be seen'}`);
  const deployed = (await ledger.get<Deployed>(deployedKind, currentId))?.value;
  const uri = truth.startsWith('s3://') ? truth : deployed?.truth?.uri;
  // A file of the checkout is staged by the next look, or by the next deployment.
  if (uri === undefined) return ok('Truth', `${truth}: no run or look has staged it yet`);
  const objects = await storage.list(uri);
  if (objects.length === 0)
    return warning(
      'Truth',
      `${uri}: got no object, expected files of labels`,
      'Put labels there, or correct monitoring.truth in mlops.yaml.',
    );
  return ok('Truth', `${uri}: ${formatCountOf(objects.length, 'file')}`);
}

async function checkLabelDelay(monitoring: Monitored, context: StepContext): Promise<Check> {
  const current = (await context.ledger.get<CurrentHistory>(monitoringKind, currentId))?.value;
  if (current === undefined || monitoring.truth === null)
    return ok('Label delay', 'no labels have been read yet');
  const { history, labels } = await readHistory(current, context);
  return labelDelayCheck(monitoring, {
    at: current.at,
    windows: history.windows,
    unknown: labels?.unknown ?? 0,
    matched: labels?.matched ?? 0,
  });
}

/** What the last look knew of labels. */
interface KnownLabels {
  /** The time of the look. ISO 8601. */
  at: string;
  windows: readonly Pick<WindowRecord, 'summary' | 'labels'>[];
  /** Labels of row ids that have no prediction, and of those that have one. */
  unknown: number;
  matched: number;
}

/** Whether labels came when monitoring.label_delay says that they do. */
export function labelDelayCheck(
  { label_delay: delay, coverage }: Pick<Monitored, 'label_delay' | 'coverage'>,
  { at, windows, unknown, matched }: KnownLabels,
): Check {
  const name = 'Label delay';
  const said = formatDuration(delay);
  const judged = windows.filter(({ summary }) => summary.rows > 0);
  const due = judged.filter(({ labels }) => Date.parse(labels.due) <= Date.parse(at));
  const late = due.filter(({ labels }) => labels.state === 'not yet');
  if (matched === 0 && unknown > 0)
    return problem(
      name,
      `${formatCountOf(unknown, 'label')}, and no prediction has one of their row ids`,
      'The labels must have the ids of data.row_id as the rows that are predicted have them.',
    );
  if (late.length > 0) {
    const best = Math.max(...late.map(({ labels }) => leastCovered(labels.coverage)));
    return warning(
      name,
      `${formatCountOf(late.length, 'window')} of ${due.length} that ended at least ${said} ago lack labels: at best ${formatPercent(best)} of each tenth of the scores has one, expected ${formatPercent(coverage)}`,
      'Raise monitoring.label_delay to what labels really take, find out why they do not come, or lower monitoring.coverage.',
    );
  }
  const early = judged.filter(
    ({ labels }) => Date.parse(labels.due) > Date.parse(at) && leastCovered(labels.coverage) >= coverage,
  );
  if (early.length > 0)
    return ok(
      name,
      `${formatCountOf(early.length, 'window')} had enough labels before ${said}: a shorter monitoring.label_delay would tell sooner`,
    );
  if (due.length === 0) return ok(name, `${said}: no window is due yet`);
  return ok(name, `${said}: every window that is due has its labels (${due.length})`);
}

/** The share of labels in the tenth that has the fewest; tenths without predictions do not count. */
function leastCovered(coverage: readonly { rows: number; labelled: number }[]): number {
  const shares = coverage.filter(({ rows }) => rows > 0).map(({ rows, labelled }) => labelled / rows);
  return shares.length === 0 ? 0 : Math.min(...shares);
}
