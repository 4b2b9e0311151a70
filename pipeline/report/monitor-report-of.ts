import type { Config } from '../config/schema.ts';
import { privacyOf } from '../gate/privacy.ts';
import type { MonitorRequest } from '../machines/monitor-request.ts';
import { isMetric, metricFacts } from '../metrics.ts';
import type { Finding } from '../monitor/finding.ts';
import type { History, WindowRecord } from '../monitor/history.ts';
import type { Reference } from '../monitor/reference.ts';
import type { Summary } from '../monitor/window.ts';
import type { ObjectVersion } from '../ports.ts';
import type { StepContext } from '../steps/context.ts';
import { championChanges } from '../steps/release/champion-changes.ts';
import { type ChampionChange, currentId, type Deployed, deployedKind } from '../steps/release/records.ts';
import { type ReleaseRecord, releaseKind } from '../steps/release/release-record.ts';
import { readRecorded } from '../steps/train/unchanged.ts';
import { driftOf } from './monitor-drift.ts';
import type { MonitorEvent, MonitorReport, MonitorWindow, Watched } from './monitor-report.ts';

/** A JSON object and its hash. */
export type Written = Pick<ObjectVersion, 'uri' | 'sha256'>;

/** What the state `Page` of the monitor machine gets. */
export interface LookPageEvent {
  execution: string;
  request: MonitorRequest;
  plan: {
    /** The monitoring block that the look used. */
    settings: NonNullable<Config['monitoring']>;
    /** The package that readers see; null: none. */
    current: string | null;
    /** By package; null: an older one without a reference. */
    references: Record<string, Written | null>;
  };
  /** Finding and History as JSON. */
  finding: Written;
  history: Written;
  /** Summary as JSON; null: nothing was read. */
  summary: Written | null;
}

/** Windows on a page: two years of weeks, four months of days. */
const MOST_WINDOWS = 120;
const MOST_EVENTS = 60;

/** A look at production as a value. publishableMonitor takes out what not everybody may see. */
export async function monitorReportOf(event: LookPageEvent, context: StepContext): Promise<MonitorReport> {
  const deployed = await context.ledger.get<Deployed>(deployedKind, currentId);
  if (deployed === null) throw new Error(`${deployedKind}/${currentId}: expected it in the ledger`);
  const { plan } = event;
  const references = await Promise.all(
    Object.entries(plan.references).map(
      async ([name, written]): Promise<[string, Reference | null]> => [
        name,
        written && (await readWritten<Reference>(written, context)),
      ],
    ),
  );
  const unreadable: string[] = [];
  const releases = await context.ledger.list<ReleaseRecord>(releaseKind, (error) =>
    unreadable.push(error.message),
  );
  const report = monitorReport({
    config: deployed.value.config,
    settings: plan.settings,
    model: context.model,
    execution: event.execution,
    trigger: event.request.trigger.kind,
    current: plan.current,
    references: new Map(references),
    finding: await readWritten<Finding>(event.finding, context),
    history: await readWritten<History>(event.history, context),
    summary: event.summary && (await readWritten<Summary>(event.summary, context)),
    changes: await championChanges(context),
    releases: releases.map(({ value }) => value),
  });
  return { ...report, notes: [...report.notes, ...unreadable] };
}

async function readWritten<T>({ uri, sha256 }: Written, context: StepContext): Promise<T> {
  const recorded = { uri, sha256, bytes: 0, version: '' };
  return JSON.parse(new TextDecoder().decode(await readRecorded(uri, [recorded], context))) as T;
}

export interface MonitorInputs {
  config: Pick<Config, 'project' | 'problem' | 'data' | 'report' | 'gate' | 'triggers'>;
  settings: NonNullable<Config['monitoring']>;
  model: string;
  execution: string;
  trigger: string;
  current: string | null;
  references: ReadonlyMap<string, Reference | null>;
  finding: Finding;
  history: History;
  summary: Summary | null;
  changes: readonly ChampionChange[];
  releases: readonly Pick<ReleaseRecord, 'release' | 'status' | 'finished_at' | 'request' | 'state'>[];
}

export function monitorReport(inputs: MonitorInputs): MonitorReport {
  const { config, settings, current, history, references, summary } = inputs;
  const reference = current === null ? null : (references.get(current) ?? null);
  const metric = settings.decay?.metric ?? config.gate.primary;
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
        retrains: config.triggers.decay,
      },
      metric,
      limit: limitOf(
        settings.decay,
        metric,
        current === null ? undefined : history.detectors[current],
        reference,
      ),
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
    record: recordOf(ordered),
    truth: summary?.truth ?? null,
    notes: summary?.notes ?? [],
    privacy: privacyOf(config),
  };
}

const compare = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The limit in units of the metric. Detectors know it as a mean loss, which a metric of another kind than a mean or one minus a
 * mean does not tell.
 */
function limitOf(
  decay: NonNullable<Config['monitoring']>['decay'],
  metric: string,
  detectors: History['detectors'][string] | undefined,
  reference: Reference | null,
): Watched['limit'] {
  if (decay === null) return null;
  const stated = decay.min ?? decay.max;
  if (stated !== undefined) return stated;
  if (detectors === undefined || detectors.metric !== metric || !isMetric(metric)) return null;
  const { better, min, max } = metricFacts(metric);
  if (better === 'higher' && min === 0 && max === 1) return 1 - detectors.limit;
  const scale = reference?.losses[metric]?.scale;
  return better === 'lower' && metric !== 'rmse' && scale !== undefined ? detectors.limit * scale : null;
}

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
    estimate: estimates[metric] ?? null,
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
        estimate: estimates[name] ?? null,
        reference: reference?.metrics[name]?.value ?? null,
      }))
      .sort((a, b) => compare(a.name, b.name)),
  };
}

/** An interval held the truth if it has the value that mature labels showed. */
function recordOf(windows: readonly WindowRecord[]): MonitorReport['record'] {
  const record = new Map<string, { held: number; of: number }>();
  for (const { estimates, labels } of windows) {
    if (labels.state !== 'mature') continue;
    for (const [metric, { interval }] of Object.entries(estimates)) {
      const truth = labels.metrics[metric]?.value;
      if (truth === undefined || !Number.isFinite(truth)) continue;
      const so = record.get(metric) ?? { held: 0, of: 0 };
      const isHeld = interval[0] <= truth && truth <= interval[1];
      record.set(metric, { held: so.held + Number(isHeld), of: so.of + 1 });
    }
  }
  return [...record]
    .map(([metric, counts]) => ({ metric, ...counts }))
    .sort((a, b) => compare(a.metric, b.metric));
}

/** The last events since a time, and the change before it, which says what ran then. */
function eventsOf({ changes, releases, history }: MonitorInputs, since: string): MonitorEvent[] {
  const promoted = changes.map(
    ({ at, kind, package: name, reason }): MonitorEvent => ({ at, kind, package: name, detail: reason }),
  );
  const released = releases
    .filter(
      ({ status, request, state }) =>
        status === 'succeeded' && request.kind === 'release' && state.pointed?.moved,
    )
    .map(
      ({ finished_at, state, request }): MonitorEvent => ({
        at: finished_at,
        kind: 'release',
        package: state.plan?.package ?? '',
        detail: request.reason ?? '',
      }),
    );
  const alarms = history.alarms.map(
    ({ at, kind, package: name, evidence }): MonitorEvent => ({
      at,
      kind: `${kind} alarm`,
      package: name,
      detail: evidence.find(({ outcome }) => outcome === 'alarm')?.detail ?? '',
    }),
  );
  const from = Date.parse(since);
  return [...promoted, ...released, ...alarms]
    .filter(({ at }) => Date.parse(at) >= from)
    .sort((a, b) => Date.parse(a.at) - Date.parse(b.at))
    .slice(-MOST_EVENTS);
}
