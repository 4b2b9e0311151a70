import type { Config } from '../../config/schema.ts';
import type { KeptHistory } from './records.ts';

/** A time from `from` on, before `to`. Milliseconds since 1970. */
export interface Span {
  from: number;
  to: number;
}

/** Labels that come late are read for so long after they were due, at least. Seconds. */
const shortestLate = 30 * 24 * 3600;

/** Windows of earlier looks whose labels may still change, and whether a label delay has ended since the look before. */
export interface OpenWindows {
  spans: Span[];
  isDue: boolean;
}

/**
 * A window is open until its labels were judged, and for as long again as the label delay, at least 30 days: labels that come late
 * still change its metrics.
 */
export function openWindows(
  { history }: Pick<KeptHistory, 'history'>,
  at: string,
  { label_delay: delay }: Pick<NonNullable<Config['monitoring']>, 'label_delay'>,
): OpenWindows {
  const now = Date.parse(at);
  const since = history.at === null ? Number.NEGATIVE_INFINITY : Date.parse(history.at);
  const late = Math.max(delay, shortestLate) * 1000;
  const open = history.windows.filter(
    ({ labels }) => labels.read === null || now - Date.parse(labels.due) <= late,
  );
  return {
    spans: open.map(({ summary: { start, end } }) => ({ from: Date.parse(start), to: Date.parse(end) })),
    isDue: open.some(({ labels }) => {
      const due = Date.parse(labels.due);
      return labels.read === null && due <= now && due > since;
    }),
  };
}
