import {
  formatCount,
  formatCountOf,
  formatDuration,
  formatPercent,
  formatTime,
  formatValue,
} from '../format.ts';
import { metricText } from '../metrics.ts';
import { smallestLoss } from '../statistics/detectors.ts';
import { lossValue } from '../statistics/losses.ts';
import { BREACH } from './breach-level.ts';
import { smallestScoreShift } from './drift.ts';
import type { AlarmCard } from './finding.ts';
import type { History, WindowRecord } from './history.ts';
import { levelsOf, YEAR } from './levels.ts';
import { isLowest } from './limit.ts';
import type { Look } from './look.ts';

/** What an alarm of this monitor means, and what silence means. */
export function alarmCard(history: History, look: Look, { last }: { last: WindowRecord | null }): AlarmCard {
  const { at, current, settings } = look;
  const { drift, decay } = settings;
  const levels = levelsOf(settings);
  const since = Date.parse(at) - 1000 * YEAR;
  const judged = history.windows
    .filter((record) => record.drift !== null && record.judged !== null && Date.parse(record.judged) > since)
    .reduce((sum, record) => sum + record.judgements, 0);
  const detectors = current === null ? undefined : history.detectors[current];
  return {
    watched: watched(look),
    budget: {
      drift: drift && {
        false_alarms_per_year: drift.false_alarms,
        windows_per_year: levels.windowsPerYear,
        judged,
        spent: -Math.expm1(judged * Math.log1p(-levels.window)),
      },
      labels: decay && {
        mean_labels_between_false_alarms: decay.mean_labels_between_false_alarms,
        read: Math.round(detectors?.state.labels ?? 0),
      },
    },
    smallest: [...smallestShift(look, last), ...smallestDecay(look, detectors)],
    cannot_see: [
      'A change that leaves the shares of all bins and categories as they were.',
      'Columns that changed together while each alone did not.',
      'A change of the label itself, such as another way to count it.',
      'Estimates before labels suppose that scores still mean what they meant: a changed relation between columns and label does not show in them.',
    ],
  };
}

function watched({ settings, references, current }: Look): string[] {
  const { drift, decay, window } = settings;
  const columns = (current === null ? null : references.get(current))?.columns.length ?? 0;
  const length = formatDuration(window);
  return [
    ...(drift
      ? [
          `Drift: the scores and ${formatCountOf(columns, 'column')} of each window of ${length}, against the package's own reference; ${formatPercent(drift.false_alarms)} of years without any drift have a false alarm.`,
        ]
      : []),
    ...(decay
      ? [
          `Decay: ${metricText(decay.metric ?? '').label} by labels; a model that stays at the limit gives a false alarm once in ${formatCount(decay.mean_labels_between_false_alarms)} labels or more, a better one more rarely. A package at the limit is said to have breached it with at most ${formatPercent(BREACH)}.`,
          `Estimates before labels: an alarm where one is beyond the limit at the level of one window; a package well within the limit has practically none.`,
        ]
      : []),
  ];
}

function smallestShift({ settings, references, current }: Look, last: WindowRecord | null): string[] {
  const reference = current === null ? null : references.get(current);
  if (!settings.drift || !last || !reference) return [];
  const shift = smallestScoreShift(reference, last.summary, settings.drift.tolerance, levelsOf(settings));
  const rows = formatCountOf(last.summary.rows, 'row');
  return [
    shift === null
      ? `The ${rows} of the window from ${formatTime(last.summary.start)} show no drift of the scores, however large.`
      : `A shift of the scores with a stability index of ${formatValue(shift)} is found in the ${rows} of one window with 80 %; smaller ones more rarely.`,
  ];
}

function smallestDecay({ settings }: Look, detectors: History['detectors'][string] | undefined): string[] {
  if (!settings.decay) return [];
  const found = detectors && smallestLoss(detectors.state, settings.decay.mean_labels_between_false_alarms);
  if (!detectors || found === null || found === undefined)
    return ['No decay would have been found yet: too few labels were read.'];
  const { metric, scale, state } = detectors;
  const value = lossValue(metric, found, scale);
  return [
    `Had ${metricText(metric).label} been ${formatValue(value)} or ${isLowest(metric) ? 'lower' : 'higher'} since the first of ${formatCountOf(Math.round(state.labels), 'label')}, the alarm would by now have come more likely than not.`,
  ];
}
