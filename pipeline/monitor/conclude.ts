import { formatCount, formatCountOf, formatTime, formatValue } from '../format.ts';
import { metricText } from '../metrics.ts';
import { isBreach, isRestartAlarm, restartMean } from '../statistics/detectors.ts';
import { alarmCard } from './alarm-card.ts';
import { BREACH } from './breach-level.ts';
import type { Evidence, Finding, FindingName } from './finding.ts';
import type { Detectors, History, WindowRecord } from './history.ts';
import { type Decay, isLowest, limitOf } from './limit.ts';
import type { Look } from './look.ts';
import { isFor } from './read-labels.ts';

/** What a history shows of the package that readers see now. */
export function conclude(history: History, look: Look): Finding {
  const { at, model, current } = look;
  const windows = history.windows.filter(({ summary }) => summary.package === current);
  const complete = windows.filter(({ judged }) => judged !== null);
  const last = complete.at(-1);
  const labels = labelsOf(history, look, complete);
  // A look may judge several windows: an alarm of each counts, whatever the last one shows.
  const alarmed = complete
    .filter((record) => record !== last && record.judged === at)
    .flatMap(({ drift }) => (drift ?? []).filter(({ outcome }) => outcome === 'alarm'));
  const evidence = [...alarmed, ...(last?.drift ?? []), ...labels.evidence];
  const base = { model, package: current, at, evidence };
  const { finding, reason } = verdict({ history, look, windows, last, labels, evidence });
  return {
    ...base,
    finding,
    reason,
    blind: [...blindOf(look, { last, complete, labels }), ...ofOthers(history, look)],
    next: nextOf(finding, look, evidence),
    card: alarmCard(history, look, { last: last ?? null }),
  };
}

interface Labels {
  evidence: Evidence[];
  /** The newest window that is mature, and when labels of the first that is not yet due come. */
  mature: WindowRecord | null;
  /** Why labels say nothing though decay is asked for; null: they do, or decay is off. */
  why: string | null;
}

function labelsOf(
  history: History,
  { at, current, settings, references }: Look,
  complete: WindowRecord[],
): Labels {
  const { decay } = settings;
  const mature = complete.findLast(({ labels }) => labels.state === 'mature') ?? null;
  const reference = current === null ? null : references.get(current);
  if (!decay || current === null || !reference) return { evidence: [], mature, why: null };
  const metric = decay.metric ?? '';
  const nothing = (outcome: 'not yet' | 'cannot tell', why: string): Labels => ({
    mature,
    why,
    evidence: [
      {
        kind: 'labels',
        name: metric,
        outcome,
        detail: sentence(why),
        value: null,
        interval: null,
        limit: null,
        level: null,
        n: 0,
        window: null,
      },
    ],
  });
  const limit = limitOf(decay, reference);
  if ('why' in limit) return nothing('cannot tell', limit.why.replace(/\.$/, ''));
  const found = history.detectors[current];
  if (found && !isFor(found, limit))
    return nothing(
      'cannot tell',
      `labels were read for ${metricText(found.metric).label} ${formatValue(found.limit)}, which is no longer what is watched: those of later windows count for ${metricText(metric).label} ${formatValue(limit.value)}`,
    );
  const due = complete.filter(
    ({ labels, summary }) => summary.rows > 0 && Date.parse(labels.due) <= Date.parse(at),
  );
  const newest = due.at(-1);
  const why =
    newest !== undefined && newest.labels.state !== 'mature'
      ? `the window from ${formatTime(newest.summary.start)} should have its labels since ${formatTime(newest.labels.due)}: ${newest.labels.why ?? 'no labels came'}`
      : toldNothing(due);
  if (!found || found.state.terms === 0) {
    if (why !== null) return nothing('cannot tell', why);
    const first = complete.find(({ labels }) => labels.state !== 'mature');
    if (due.length > 0 && newest?.labels.why) return nothing('cannot tell', newest.labels.why);
    return nothing(
      'not yet',
      first
        ? `no labels are due before ${formatTime(first.labels.due)}`
        : 'no window is complete whose labels could come',
    );
  }
  const window = mature === null ? null : { start: mature.summary.start, end: mature.summary.end };
  return {
    mature,
    why,
    evidence: [labelsEvidence(found, decay, window), breachEvidence(found, window)],
  };
}

/** So many mature windows in a row may have labels that nothing can be told from, such as of one class. */
const MOST_UNTOLD = 3;

/** Why the newest labels tell nothing; null: they do, or too few windows say so. */
function toldNothing(due: readonly WindowRecord[]): string | null {
  const newest = due.slice(-MOST_UNTOLD);
  if (newest.length < MOST_UNTOLD || newest.some(({ labels }) => labels.read === null || labels.why === null))
    return null;
  return `the last ${MOST_UNTOLD} windows have labels that tell nothing: ${newest.at(-1)?.labels.why}`;
}

/** Evidence beyond a million needs no digits. */
const evidenceText = (value: number): string => (value > 1e6 ? 'more than 1,000,000' : formatValue(value));

/** e-SR so far. */
export function labelsEvidence(
  { metric, limit, state }: Detectors,
  decay: Decay,
  window: { start: string; end: string } | null,
): Evidence {
  const least = decay.mean_labels_between_false_alarms;
  const isAlarm = isRestartAlarm(state, least);
  const side = isLowest(metric) ? 'below' : 'above';
  return {
    kind: 'labels',
    name: metric,
    outcome: isAlarm ? 'alarm' : 'pass',
    detail:
      `After ${formatCountOf(Math.round(state.labels), 'label')}, the evidence that ${metricText(metric).label} fell ${side} ${formatValue(limit)} has reached ${evidenceText(state.restartHighest)} (now ${evidenceText(restartMean(state))}); an alarm takes ${formatCount(least)}, which a model at the limit reaches once in so many labels or more.`.replace(
        ' fell above ',
        ' rose above ',
      ),
    value: state.restartHighest,
    interval: null,
    limit: least,
    level: null,
    n: Math.round(state.labels),
    window,
  };
}

/** The e-process so far. */
function breachEvidence({ metric, limit, state }: Detectors, window: Evidence['window']): Evidence {
  const isAlarm = isBreach(state, BREACH);
  const highest = Math.exp(Math.min(700, state.breachHighest));
  const side = isLowest(metric) ? 'below' : 'above';
  return {
    kind: 'breach',
    name: metric,
    outcome: isAlarm ? 'alarm' : 'pass',
    detail: `Over all of this package's labels, the evidence that ${metricText(metric).label} is ${side} ${formatValue(limit)} on the whole has reached ${evidenceText(highest)}; a breach takes ${formatCount(1 / BREACH)}, which a model at the limit ever reaches with at most ${100 * BREACH} %.`,
    value: highest,
    interval: null,
    limit: 1 / BREACH,
    level: BREACH,
    n: Math.round(state.labels),
    window,
  };
}

function verdict({
  history,
  look,
  windows,
  last,
  labels,
  evidence,
}: {
  history: History;
  look: Look;
  windows: WindowRecord[];
  last: WindowRecord | undefined;
  labels: Labels;
  evidence: readonly Evidence[];
}): { finding: FindingName; reason: string } {
  const { current, at, references, settings } = look;
  const cannot = (reason: string) => ({ finding: 'cannot tell' as const, reason });
  if (current === null) return cannot('No package is released, so there is nothing to look at.');
  const decay = history.alarms.find((alarm) => alarm.kind === 'decay' && alarm.package === current);
  if (decay) {
    const { metric, value } = decay.limit ?? { metric: '', value: null };
    return {
      finding: 'decayed',
      reason: `${metricText(metric).label} is ${isLowest(metric) ? 'below' : 'above'} ${formatValue(value)} by the labels: the alarm was raised on ${formatTime(decay.at)}, at the window from ${formatTime(decay.window.start)}.`,
    };
  }
  const alarms = evidence.filter(({ outcome }) => outcome === 'alarm');
  if (alarms.length > 0) {
    const names = [...new Set(alarms.map(({ kind, name }) => `${wordOf(kind)} ${name}`))];
    const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
    return {
      finding: 'watch',
      reason: `${formatCountOf(names.length, 'thing')} changed: ${names.slice(0, 5).join(', ')}${more}.`,
    };
  }
  if (look.gone !== null)
    return cannot(
      `The predictions of release ${look.gone}, which readers see, are gone and were never counted.`,
    );
  if (!settings.drift && !settings.decay) return cannot('Neither drift nor decay is watched.');
  if (!references.get(current))
    return cannot(
      `${current} has no reference to compare with: it is older than monitoring, or the reference was lost.`,
    );
  if (windows.every(({ summary }) => summary.rows === 0))
    return cannot(`${current} has made no predictions yet.`);
  if (last === undefined) {
    const [first] = windows;
    return cannot(`No window is complete: the first one ends on ${formatTime(first?.summary.end ?? at)}.`);
  }
  if (settings.drift) {
    if (last.drift === null) return cannot(sentence(last.why ?? 'the last window was not judged'));
    const scores = last.drift.filter(({ kind }) => kind === 'scores');
    const blind = scores.find(({ outcome }) => outcome === 'cannot tell');
    if (blind) return cannot(blind.detail);
    if (scores.length === 0) return cannot('The package has no scores to compare.');
  }
  if (labels.why !== null) return cannot(sentence(labels.why));
  return {
    finding: 'healthy',
    reason:
      `${[settings.drift && 'drift', settings.decay && 'performance'].filter(Boolean).join(' and ') || 'Nothing'} judged up to ${formatTime(last.summary.end)}: no alarm.`.replace(
        /^./,
        (letter) => letter.toUpperCase(),
      ),
  };
}

const wordOf = (kind: Evidence['kind']): string =>
  ({
    scores: 'the distribution of',
    column: 'column',
    missing: 'missing values of',
    categories: 'categories of',
    estimate: 'estimated',
    labels: 'measured',
    breach: 'the limit of',
  })[kind];

function blindOf(
  { at, settings, current, references }: Look,
  { last, complete, labels }: { last: WindowRecord | undefined; complete: WindowRecord[]; labels: Labels },
): string[] {
  const blind: string[] = [];
  if (current === null) return ['Nothing was looked at.'];
  const { mature } = labels;
  if (!settings.decay)
    blind.push('Decay is not watched: a changed relation between columns and label would not show.');
  else if (mature === null)
    blind.push('No labels yet: a changed relation between columns and label would not show.');
  else
    blind.push(
      `No mature labels of predictions after ${formatTime(mature.summary.end)}: a relation that changed since would not show.`,
    );
  if (!settings.drift) blind.push('Drift is not watched: changed scores and columns would not show.');
  else {
    blind.push('Each column is compared alone: columns that only changed together would not show.');
    if (references.get(current)?.columns.length === 0) blind.push('No columns are compared, only scores.');
  }
  if (last && Date.parse(last.summary.end) < Date.parse(at))
    blind.push(
      `Predictions after ${formatTime(last.summary.end)} are in no complete window yet, if there are any.`,
    );
  const untold = (last?.drift ?? []).filter(
    ({ kind, outcome }) => kind !== 'scores' && outcome === 'cannot tell',
  );
  if (untold.length > 0) {
    const names = [...new Set(untold.map(({ name }) => name))];
    const more = names.length > 5 ? ` and ${names.length - 5} more` : '';
    blind.push(`Not compared in the last window: ${names.slice(0, 5).join(', ')}${more}.`);
  }
  const unlabelled = complete.filter(
    ({ labels: found, summary }) =>
      summary.rows > 0 && found.state !== 'mature' && Date.parse(found.due) <= Date.parse(at),
  );
  if (settings.decay && unlabelled.length > 0)
    blind.push(
      `${formatCountOf(unlabelled.length, 'window')} never got enough labels, the first from ${formatTime(unlabelled[0]!.summary.start)}: how the model did there does not show.`,
    );
  const unlike = complete.filter(
    ({ labels: found }) =>
      found.state === 'mature' && found.count < found.coverage.reduce((sum, { rows }) => sum + rows, 0),
  );
  if (unlike.length > 0) {
    const window = unlike.at(-1)!;
    const rows = window.labels.coverage.reduce((sum, tenth) => sum + tenth.rows, 0);
    blind.push(
      `${formatCount(rows - window.labels.count)} of ${formatCountOf(rows, 'prediction')} of the window from ${formatTime(window.summary.start)} have no label: if those differ, it does not show.`,
    );
  }
  return blind;
}

/** Alarms that this look raised for packages that readers no longer see. */
function ofOthers(history: History, { at, current }: Look): string[] {
  return history.alarms
    .filter((alarm) => alarm.at === at && alarm.package !== current)
    .map(
      ({ package: name, kind, window }) =>
        `${name}, released before, has an alarm of ${kind} in its window from ${formatTime(window.start)}; this finding is about ${current ?? 'no package'}.`,
    );
}

function nextOf(finding: FindingName, { settings, current }: Look, evidence: Evidence[]): string[] {
  if (finding === 'decayed')
    return [
      'Train again with rows that have newer labels (`mlops run --mode promote`; triggers.decay: true does it by itself). The gate decides as always.',
    ];
  if (finding === 'watch') {
    const columns = evidence
      .filter(
        ({ kind, outcome }) => outcome === 'alarm' && ['column', 'missing', 'categories'].includes(kind),
      )
      .map(({ name }) => name);
    const names = [...new Set(columns)];
    return [
      names.length > 0
        ? `Find out what changed in ${names.slice(0, 5).join(', ')}${names.length > 5 ? ' and the others' : ''}, at the source of the data.`
        : 'Find out which rows are scored now that were not before, or the other way round.',
      'Drift alone is no reason to train again: wait for labels, or get labels of some of these rows.',
    ];
  }
  if (finding === 'healthy') return [];
  if (current === null) return ['Release a package: `mlops release`.'];
  return [
    settings.decay && settings.truth === null
      ? 'Say in monitoring.truth where labels come from.'
      : 'Look again then: `mlops monitor`; on AWS the schedule does it.',
  ];
}

const sentence = (text: string) =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`;
