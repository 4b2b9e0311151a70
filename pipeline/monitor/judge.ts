import { formatTime } from '../format.ts';
import { isRestartAlarm } from '../statistics/detectors.ts';
import { conclude, labelsEvidence } from './conclude.ts';
import { judgeDrift } from './drift.ts';
import { estimateEvidence } from './estimate-evidence.ts';
import { estimateWindow } from './estimate-window.ts';
import type { Finding } from './finding.ts';
import type { Alarm, History, WindowRecord } from './history.ts';
import { laterOf } from './later-of.ts';
import { levelsOf } from './levels.ts';
import { limitOf } from './limit.ts';
import type { Look } from './look.ts';
import { keyOf, mergeSummary } from './merge-summary.ts';
import { detect, maturity, recordLabels } from './read-labels.ts';

/** The history with a look in it, and its finding. The same look again changes nothing. */
export type Judge = (history: History, look: Look) => Promise<{ history: History; finding: Finding }>;

/**
 * Judges one look at production: adds what it read, judges each window that is complete (its drift and its estimates, once, and
 * again where rows came since), reads each mature window's labels into the detectors (once), and concludes. A look of a time
 * before the last one, since a clock went back, is one of the last one's time.
 *
 * @throws Error for a time that is none, for a summary that mixes sources that were counted with new ones, and for labels of a window without predictions
 */
export const judge: Judge = async (history, asked) => {
  if (Number.isNaN(Date.parse(asked.at))) throw new Error(`the look is at ${asked.at}, expected a time`);
  const look = { ...asked, at: laterOf(asked.at, history.at) };
  const delay = look.settings.label_delay;
  const dueOf = (end: string) => new Date(Date.parse(end) + 1000 * delay).toISOString();
  const merged: History = { ...history, ...mergeSummary(history, look.summary, dueOf) };
  const windows = merged.windows.map((record) => judgeWindow(awaitLabels(record, look), look));
  const judged = { ...merged, windows, alarms: driftAlarms(merged, windows, look) };
  const read = await readAll(judged, look);
  const next: History = {
    ...read,
    at: look.at,
    looks: history.at === look.at ? history.looks : history.looks + 1,
  };
  return { history: next, finding: conclude(next, look) };
};

/** A window whose labels nobody has read yet, with the reason as of now. */
function awaitLabels(record: WindowRecord, { at }: Look): WindowRecord {
  const { labels } = record;
  if (labels.version > 0) return record;
  return { ...record, labels: { ...labels, why: maturity(labels, [], { at, least: 0 }) } };
}

/** A complete window's drift and estimates, unless they are judged already. */
function judgeWindow(record: WindowRecord, { at, settings, references }: Look): WindowRecord {
  const { summary } = record;
  if (record.judged !== null || Date.parse(summary.end) > Date.parse(at)) return record;
  const judged = { ...record, judged: at, judgements: record.judgements + 1, drift: null, why: null };
  const reference = references.get(summary.package);
  if (!reference)
    return {
      ...judged,
      why: `${summary.package} has no reference: it is older than monitoring, or it was lost`,
    };
  if (summary.rows === 0) return { ...judged, why: 'the window has no predictions' };
  const { drift } = settings;
  const levels = levelsOf(settings);
  const estimates = estimateWindow(reference, summary);
  const evidence = [
    ...(drift ? judgeDrift(reference, summary, drift.tolerance, levels) : []),
    ...estimateEvidence(estimates, { settings, reference, summary, levels }),
  ];
  const kept = Object.entries(estimates).flatMap(([metric, estimate]) =>
    estimate === undefined
      ? []
      : [
          [
            metric,
            { value: estimate.value, interval: estimate.interval, sampling: estimate.sampling },
          ] as const,
        ],
  );
  return {
    ...judged,
    drift: evidence,
    why: drift ? null : 'drift is off',
    estimates: Object.fromEntries(kept),
  };
}

/** The alarms of windows that this look judged, after those before. */
function driftAlarms(before: History, windows: WindowRecord[], look: Look): Alarm[] {
  const alarms = [...before.alarms];
  for (const [i, { summary, drift, judged }] of windows.entries()) {
    if (before.windows[i]?.judged === judged) continue;
    const evidence = (drift ?? []).filter(({ outcome }) => outcome === 'alarm');
    const isTold = alarms.some(
      ({ kind, package: of, window }) =>
        kind === 'drift' && of === summary.package && window.start === summary.start,
    );
    if (evidence.length === 0 || isTold) continue;
    alarms.push({
      at: look.at,
      package: summary.package,
      kind: 'drift',
      finding: 'watch',
      window: { start: summary.start, end: summary.end },
      limit: null,
      evidence,
    });
  }
  return alarms;
}

/** The labels of this look: metrics of each window, and the detectors after those that are mature, in order of time. */
async function readAll(before: History, look: Look): Promise<History> {
  const { settings, references, at } = look;
  let history = before;
  const ordered = [...look.labelled].sort((a, b) => (keyOf(a) < keyOf(b) ? -1 : 1));
  for (const window of ordered) {
    const place = history.windows.findIndex(({ summary }) => keyOf(summary) === keyOf(window));
    const found = history.windows[place];
    if (found === undefined)
      throw new Error(
        `labels came for the window of ${window.package} from ${formatTime(window.start)}, which has no predictions`,
      );
    const reference = references.get(window.package);
    if (!reference || Date.parse(window.end) > Date.parse(at)) continue;
    const rows = await look.read(window);
    const why = maturity(found.labels, window.coverage, { at, least: settings.coverage });
    let record = recordLabels(found, window, { rows, why }, reference);
    const limit = settings.decay ? limitOf(settings.decay, reference) : null;
    let { detectors, alarms } = history;
    if (
      record.labels.state === 'mature' &&
      record.labels.read === null &&
      limit !== null &&
      !('why' in limit)
    ) {
      const reading = detect(detectors[window.package], window, rows, { reference, limit });
      detectors = { ...detectors, [window.package]: reading.detectors };
      record = { ...record, labels: { ...record.labels, read: window.rows, why: reading.why } };
      alarms = decayAlarms(alarms, window, detectors, look);
    }
    history = { ...history, windows: history.windows.with(place, record), detectors, alarms };
  }
  return history;
}

/** The alarm of e-SR, once a package. */
function decayAlarms(
  alarms: Alarm[],
  { package: name, start, end }: { package: string; start: string; end: string },
  detectors: History['detectors'],
  look: Look,
): Alarm[] {
  const found = detectors[name];
  const { decay } = look.settings;
  if (!found || !decay || !isRestartAlarm(found.state, decay.mean_labels_between_false_alarms)) return alarms;
  if (alarms.some((alarm) => alarm.kind === 'decay' && alarm.package === name)) return alarms;
  const evidence = [labelsEvidence(found, decay, { start, end })];
  const limit = { metric: found.metric, value: found.limit };
  return [
    ...alarms,
    {
      at: look.at,
      package: name,
      kind: 'decay',
      finding: 'decayed',
      window: { start, end },
      limit,
      evidence,
    },
  ];
}
