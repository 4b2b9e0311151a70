import { formatInterval, formatTime, formatValue } from '../format.ts';
import { metricText } from '../metrics.ts';
import type { PerformanceEstimate } from '../statistics/estimated-performance.ts';
import { upperTail } from '../statistics/normal.ts';
import { whyNotEstimated } from './estimate-window.ts';
import type { Evidence } from './finding.ts';
import type { Levels } from './levels.ts';
import { isLowest, limitOf } from './limit.ts';
import type { Look } from './look.ts';
import type { Reference } from './reference.ts';
import type { WindowSummary } from './window.ts';

/**
 * Whether a window's estimate is beyond the limit of decay, at the window's level: the interval that is shown has 95 %, but one
 * that is looked at every day at 95 % would alarm falsely within weeks.
 */
export function estimateEvidence(
  estimates: Partial<Record<string, PerformanceEstimate>>,
  {
    settings,
    reference,
    summary,
    levels,
  }: { settings: Look['settings']; reference: Reference; summary: WindowSummary; levels: Levels },
): Evidence[] {
  const metric = settings.decay?.metric;
  if (!settings.decay || metric === undefined) return [];
  const { label } = metricText(metric);
  const limit = limitOf(settings.decay, reference);
  const estimate = estimates[metric];
  const place = {
    kind: 'estimate' as const,
    name: metric,
    n: summary.rows,
    window: { start: summary.start, end: summary.end },
  };
  const nothing = {
    ...place,
    outcome: 'cannot tell' as const,
    value: null,
    interval: null,
    limit: null,
    level: null,
  };
  if ('why' in limit) return [{ ...nothing, detail: limit.why }];
  if (estimate === undefined)
    return [
      {
        ...nothing,
        detail: `${label} cannot be estimated before labels come: ${whyNotEstimated(metric, reference)}.`,
      },
    ];
  const beyond = isLowest(metric) ? limit.value - estimate.value : estimate.value - limit.value;
  const pValue = estimate.error > 0 ? upperTail(beyond / estimate.error) : beyond > 0 ? 0 : 1;
  const isAlarm = pValue <= levels.window;
  const side = isLowest(metric) ? 'below' : 'above';
  return [
    {
      ...place,
      outcome: isAlarm ? 'alarm' : 'pass',
      detail: `Before labels, ${label} of the window from ${formatTime(summary.start)} is estimated as ${formatValue(estimate.value)} ${formatInterval(estimate.interval)} (95 %); the limit is ${formatValue(limit.value)}: ${isAlarm ? `surely ${side} it, if scores still mean what they meant` : `not surely ${side} it`}.`,
      value: estimate.value,
      interval: estimate.interval,
      limit: limit.value,
      level: levels.window,
    },
  ];
}
