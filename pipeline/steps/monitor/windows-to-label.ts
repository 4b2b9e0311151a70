import type { Config } from '../../config/schema.ts';
import type { KeptHistory } from './records.ts';
import type { SummariseSettings } from './summarise.ts';
import { type Span, windowsOf } from './windows.ts';

const second = 1000;
/** Labels that come late are read for so long after they were due, at least. Seconds. */
const shortestLate = 30 * 24 * 3600;

/**
 * The windows whose labels a look reads: the label delay is over, and labels have come since they were read last. Late labels of
 * mature windows are read for as long again as the label delay, at least 30 days.
 */
export function windowsToLabel({
  at,
  kept: { history, truth: before },
  fresh,
  settings: { label_delay: delay, window },
  truth,
}: {
  /** The time of the look, milliseconds. */
  at: number;
  kept: Pick<KeptHistory, 'history' | 'truth'>;
  /** The time of predictions that this look counts first. */
  fresh: readonly Span[];
  settings: Pick<NonNullable<Config['monitoring']>, 'label_delay' | 'window'>;
  /** The version of the labels; null: there are none. */
  truth: string | null;
}): SummariseSettings['label'] {
  if (truth === null) return [];
  const late = Math.max(delay, shortestLate) * second;
  const known = history.windows
    .filter(({ labels }) => {
      const since = at - Date.parse(labels.due);
      if (since < 0) return false;
      if (labels.state === 'not yet') return labels.version === 0 || truth !== before;
      return truth !== before && since <= late;
    })
    .map(({ summary: { start, end } }) => ({ from: Date.parse(start), to: Date.parse(end) }));
  const first = fresh
    .flatMap((span) => windowsOf(span, window))
    .filter(({ to }) => to + delay * second <= at);
  const found = new Map([...known, ...first].map((span) => [span.from, span]));
  return [...found.values()]
    .sort((a, b) => a.from - b.from)
    .map(({ from, to }) => ({ start: new Date(from).toISOString(), end: new Date(to).toISOString() }));
}
