import type { Config } from '../config/schema.ts';
import { type Privacy, privacyOf } from '../gate/privacy.ts';
import type { MonitorRequest } from '../machines/monitor-request.ts';
import { backTest } from '../monitor/back-test.ts';
import type { Finding } from '../monitor/finding.ts';
import type { Estimate, History, WindowRecord } from '../monitor/history.ts';
import { limitOf } from '../monitor/limit.ts';
import type { Reference } from '../monitor/reference.ts';
import type { Summary, TruthSummary } from '../monitor/window.ts';
import { readJson, type StepContext } from '../steps/context.ts';
import { lookFolder } from '../steps/monitor/artifacts.ts';
import { readHistory } from '../steps/monitor/read-history.ts';
import { readReference } from '../steps/monitor/read-reference.ts';
import type { LookSettings } from '../steps/monitor/state.ts';
import { championChanges } from '../steps/release/champion-changes.ts';
import type { ChampionChange } from '../steps/release/records.ts';
import { type ReleaseRecord, releaseKind } from '../steps/release/release-record.ts';
import { driftOf } from './monitor-drift.ts';
import { evidenceLabel } from './monitor-reading.ts';
import type { Interval, MonitorEvent, MonitorReport, MonitorWindow, Watched } from './monitor-report.ts';

/** What the state Page of the monitor machine gets. */
export interface LookPageEvent {
  execution: string;
  request: MonitorRequest;
  /** `look`: URI of the settings that the look was planned with; `package`: the one that readers see; `notes`: sentences. */
  plan: { look: string; package: string | null; notes: readonly string[] };
  /** `uri`: the Finding; `history`: the history with this look in it. */
  judged: { uri: string; history: { uri: string; sha256: string } };
}

/** Windows on a page: two years of weeks, four months of days. */
const MOST_WINDOWS = 120;
const MOST_EVENTS = 60;

/** A look at production as a value. publishableMonitor takes out what not everybody may see. */
export async function monitorReportOf(
  { execution, request, plan, judged }: LookPageEvent,
  context: StepContext,
): Promise<MonitorReport> {
  const { config } = await readJson<LookSettings>(context, plan.look);
  const settings = config.monitoring;
  if (settings === null) throw new Error(`${plan.look}: got monitoring off, expected its settings`);
  const { history, labels } = await readHistory(judged.history, context);
  const unreadable: string[] = [];
  const releases = await context.ledger.list<ReleaseRecord>(releaseKind, (error) =>
    unreadable.push(error.message),
  );
  const summaryUri = `${lookFolder(context, execution)}rows/summary/summary.json`;
  const hasRead = await context.storage.exists(summaryUri);
  const report = monitorReport({
    config: {
      project: config.project,
      problem: config.problem,
      primary: config.gate.primary,
      retrains: config.triggers.decay,
      privacy: privacyOf(config),
    },
    settings,
    model: context.model,
    execution,
    trigger: request.trigger.kind,
    current: plan.package,
    reference: plan.package === null ? null : await readReference(plan.package, context),
    finding: await readJson<Finding>(context, judged.uri),
    history,
    truth: labels,
    notes: [...plan.notes, ...(hasRead ? (await readJson<Summary>(context, summaryUri)).notes : [])],
    changes: await championChanges(context),
    releases: releases.flatMap(({ value }) => shownRelease(value)),
  });
  return { ...report, notes: [...report.notes, ...unreadable] };
}

/** A release that moved what readers see; a rollback is among the changes of the champion. */
const shownRelease = ({ status, request, state, finished_at }: ReleaseRecord): MonitorInputs['releases'] =>
  status === 'succeeded' && request.kind === 'release' && state.pointed?.moved && state.plan !== undefined
    ? [{ at: finished_at, package: state.plan.package, reason: request.reason }]
    : [];

export interface MonitorInputs {
  config: {
    project: string;
    problem: Config['problem'];
    /** gate.primary */
    primary: string;
    /** triggers.decay */
    retrains: boolean;
    privacy: Privacy;
  };
  settings: NonNullable<Config['monitoring']>;
  model: string;
  execution: string;
  trigger: string;
  current: string | null;
  /** Of the current package; null: it has none, or there is no package. */
  reference: Reference | null;
  finding: Finding;
  history: History;
  truth: TruthSummary | null;
  notes: string[];
  changes: readonly ChampionChange[];
  /** Releases that readers got to see. */
  releases: readonly { at: string; package: string; reason: string | null }[];
}

export function monitorReport(inputs: MonitorInputs): MonitorReport {
  const { config, settings, current, history, reference } = inputs;
  const metric = settings.decay?.metric ?? config.primary;
  const ordered = history.windows.toSorted(
    (a, b) => compare(a.summary.start, b.summary.start) || compare(a.summary.package, b.summary.package),
  );
  const shown = ordered.slice(-MOST_WINDOWS);
  const own = ordered.filter((window) => window.summary.package === current);
  const judged = own.findLast(({ drift }) => drift !== null);
  const mature = own.findLast(({ labels }) => labels.state === 'mature');
  return {
    version: 1,
    project: config.project,
    model: inputs.model,
    problem: config.problem,
    execution: inputs.execution,
    trigger: inputs.trigger,
    finding: inputs.finding,
    watched: {
      window: settings.window,
      label_delay: settings.label_delay,
      coverage: settings.coverage,
      truth: settings.truth !== null,
      drift: settings.drift,
      decay: settings.decay && {
        mean_labels_between_false_alarms: settings.decay.mean_labels_between_false_alarms,
        retrains: config.retrains,
      },
      metric,
      limit: limitFor(settings.decay, reference),
    },
    reference:
      reference === null || current === null
        ? null
        : { package: current, rows: reference.rows, metrics: reference.metrics },
    windows: shown.map((window) => windowOf(window, metric)),
    earlier: ordered.length - shown.length,
    events: eventsOf(inputs, shown[0]?.summary.start ?? inputs.finding.at),
    drift: judged === undefined || reference === null ? null : driftOf(judged, reference),
    labels: mature === undefined ? null : labelsOf(mature, reference),
    record: backTest(history, current ?? undefined)
      .map(({ metric: name, held, windows: of }) => ({ metric: name, held, of }))
      .sort((a, b) => compare(a.metric, b.metric)),
    truth: inputs.truth,
    notes: inputs.notes,
    privacy: config.privacy,
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/** The limit of a package; null: decay is not watched, or cannot be. */
function limitFor(decay: MonitorInputs['settings']['decay'], reference: Reference | null): Watched['limit'] {
  if (decay === null) return null;
  const stated = decay.min ?? decay.max ?? null;
  if (reference === null) return stated;
  const limit = limitOf(decay, reference);
  return 'why' in limit ? null : limit.value;
}

const intervalOf = (estimate: Estimate | undefined): Interval | null =>
  estimate === undefined ? null : { value: estimate.value, interval: estimate.interval };

function windowOf({ summary, drift, why, estimates, labels }: WindowRecord, metric: string): MonitorWindow {
  const { package: name, start, end, rows } = summary;
  const scores = (drift ?? [])
    .filter(({ kind }) => kind === 'scores')
    .sort(
      (a, b) =>
        Number(b.outcome === 'alarm') - Number(a.outcome === 'alarm') || (b.value ?? -1) - (a.value ?? -1),
    );
  const [worst] = scores;
  const { state, due, count, version, late } = labels;
  const alarmed = (drift ?? []).filter(
    ({ kind, outcome }) => ['column', 'missing', 'categories'].includes(kind) && outcome === 'alarm',
  );
  return {
    package: name,
    start,
    end,
    rows,
    scores: worst === undefined ? null : { outcome: worst.outcome, value: worst.value, limit: worst.limit },
    columns: [...new Set(alarmed.map((evidence) => evidence.name))],
    why,
    estimate: intervalOf(estimates[metric]),
    measured: labels.metrics[metric] ?? null,
    labels: { state, why: labels.why, due, count, version, late },
  };
}

function labelsOf(
  { summary, labels, estimates }: WindowRecord,
  reference: Reference | null,
): MonitorReport['labels'] {
  return {
    package: summary.package,
    start: summary.start,
    end: summary.end,
    count: labels.count,
    late: labels.late,
    version: labels.version,
    coverage: labels.coverage,
    metrics: Object.entries(labels.metrics)
      .map(([name, measured]) => ({
        name,
        measured,
        estimate: intervalOf(estimates[name]),
        reference: reference?.metrics[name]?.value ?? null,
      }))
      .sort((a, b) => compare(a.name, b.name)),
  };
}

/** The last events since a time, and the change before it, which says what ran then. */
function eventsOf({ changes, releases, history, finding }: MonitorInputs, since: string): MonitorEvent[] {
  const promoted = changes.map(
    ({ at, kind, package: name, reason }): MonitorEvent => ({ at, kind, package: name, details: [reason] }),
  );
  const released = releases.map(
    ({ at, package: name, reason }): MonitorEvent => ({
      at,
      kind: 'release',
      package: name,
      details: reason === null ? [] : [reason],
    }),
  );
  const alarms = history.alarms.map(
    ({ at, kind, package: name, evidence }): MonitorEvent => ({
      at,
      kind: `${kind} alarm`,
      package: name,
      details: evidence
        .filter(({ outcome }) => outcome === 'alarm')
        .map((found) => (kind === 'decay' ? found.detail : evidenceLabel(found))),
    }),
  );
  const from = Date.parse(since);
  // A look at an earlier time does not know what came later.
  const until = Date.parse(finding.at);
  return [...promoted, ...released, ...alarms]
    .filter(({ at }) => Date.parse(at) >= from && Date.parse(at) <= until)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .slice(-MOST_EVENTS);
}
