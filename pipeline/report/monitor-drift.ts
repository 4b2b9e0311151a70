import { formatValue } from '../format.ts';
import type { Evidence } from '../monitor/finding.ts';
import type { WindowRecord } from '../monitor/history.ts';
import type { ColumnReference, Reference, ScoreReference } from '../monitor/reference.ts';
import type { WindowColumn, WindowSummary } from '../monitor/window.ts';
import type { ColumnDrift, Drift, ScoreDrift } from './monitor-report.ts';

/** Bins of a drawing of scores. The reference has up to a thousand, which nobody can see. */
const SCORE_BINS = 20;
const MOST_COLUMNS = 200;
const MOST_SCORES = 20;

/** How one window of production differs from the reference of its package, the most drifted columns first. */
export function driftOf({ summary, drift }: WindowRecord, reference: Reference): Drift {
  const found = drift ?? [];
  const columns = reference.columns
    .map((column) => columnDrift(column, summary, found))
    .filter((column) => column !== null)
    .sort((a, b) => excessOf(b) - excessOf(a));
  return {
    package: summary.package,
    start: summary.start,
    end: summary.end,
    rows: summary.rows,
    reference: reference.rows,
    scores: reference.scores
      .slice(0, MOST_SCORES)
      .map((scores) => scoreDrift(scores, reference.problem, summary, found))
      .filter((scores) => scores !== null),
    decisions:
      reference.scores.length > 0
        ? []
        : reference.labels.map((label, i) => ({
            label,
            reference: reference.decisions[i] ?? 0,
            window: summary.decisions[i] ?? 0,
          })),
    columns: columns.slice(0, MOST_COLUMNS),
    more: Math.max(0, columns.length - MOST_COLUMNS),
  };
}

const evidenceOf = (found: readonly Evidence[], kind: Evidence['kind'], name: string): Evidence | null =>
  found.find((evidence) => evidence.kind === kind && evidence.name === name) ?? null;

/** How far a column is beyond what is no drift: alarms first, then by value against limit. */
function excessOf({ evidence, absent }: ColumnDrift): number {
  if (absent) return Number.MAX_VALUE;
  const excess = evidence.map(({ outcome, value, limit }) => {
    const ratio = value === null ? -1 : limit === null || limit <= 0 ? value : value / limit;
    // A ratio of more than this is an alarm of its own.
    return outcome === 'alarm' ? 1e6 + Math.min(ratio, 1e6) : ratio;
  });
  return Math.max(-1, ...excess);
}

function scoreDrift(
  reference: ScoreReference,
  problem: Reference['problem'],
  window: WindowSummary,
  found: readonly Evidence[],
): ScoreDrift | null {
  const seen = window.scores.find(({ name }) => name === reference.name);
  const fine = endsOf(reference, problem);
  if (seen === undefined || fine === null || seen.counts.length !== reference.bins.length) return null;
  const [low, high] = [fine[0] ?? 0, fine.at(-1) ?? 1];
  const edges = Array.from({ length: SCORE_BINS + 1 }, (_, i) => low + ((high - low) * i) / SCORE_BINS);
  return {
    name: reference.name,
    edges,
    reference: spread(
      reference.bins.map(({ n }) => n),
      fine,
      edges,
    ),
    window: spread(seen.counts, fine, edges),
    bad: seen.bad,
    evidence: evidenceOf(found, 'scores', reference.name) ?? scoresAlone(found),
  };
}

/** A judge that names the scores of a model with one kind of scores otherwise than the reference does. */
function scoresAlone(found: readonly Evidence[]): Evidence | null {
  const all = found.filter(({ kind }) => kind === 'scores');
  return all.length === 1 ? (all[0] ?? null) : null;
}

/** The ends of the fine bins; null if there is nothing to draw. The outer bins of values end where their rows may. */
function endsOf({ edges, bins }: ScoreReference, problem: Reference['problem']): number[] | null {
  const [first, last] = [edges[0], edges.at(-1)];
  if (first === undefined || last === undefined) return null;
  if (problem !== 'regression') return [Math.min(0, first), ...edges, Math.max(1, last)];
  const width = (last - first) / Math.max(1, edges.length - 1) || Math.abs(first) || 1;
  const meanOf = (bin: { n: number; sum: number } | undefined, other: number) =>
    bin === undefined || bin.n === 0 ? other : bin.sum / bin.n;
  const low = Math.min(first - width, 2 * meanOf(bins[0], first) - first);
  const high = Math.max(last + width, 2 * meanOf(bins.at(-1), last) - last);
  return [low, ...edges, high];
}

/** Shares of the rows in coarse bins. A fine bin that is split gives each part its share by width. */
function spread(counts: readonly number[], fine: readonly number[], coarse: readonly number[]): number[] {
  const shares = coarse.slice(1).map(() => 0);
  const total = counts.reduce((a, b) => a + b, 0);
  if (total === 0) return shares;
  let bin = 0;
  for (const [i, count] of counts.entries()) {
    const [from, to] = [fine[i] ?? 0, fine[i + 1] ?? 0];
    while (bin < shares.length - 1 && (coarse[bin + 1] ?? to) <= from) bin++;
    for (let at = bin; at < shares.length; at++) {
      const [left, right] = [coarse[at] ?? 0, coarse[at + 1] ?? 0];
      if (left >= to && at > bin) break;
      const part = to > from ? Math.max(0, Math.min(to, right) - Math.max(from, left)) / (to - from) : 1;
      shares[at] = (shares[at] ?? 0) + (count / total) * part;
      if (to <= from) break;
    }
  }
  return shares;
}

function columnDrift(
  reference: ColumnReference,
  window: WindowSummary,
  found: readonly Evidence[],
): ColumnDrift | null {
  const seen = window.columns.find(({ name }) => name === reference.name);
  if (seen === undefined || seen.type !== reference.type) return null;
  const bins = binsOf(reference, seen);
  const sum = (of: 'reference' | 'window') => bins.reduce((total, bin) => total + bin[of], 0);
  return {
    name: reference.name,
    type: reference.type,
    absent: seen.absent,
    bins,
    rows: { reference: sum('reference') + reference.missing, window: sum('window') + seen.missing },
    missing: { reference: reference.missing, window: seen.missing },
    unseen:
      seen.type === 'category' && reference.type === 'category' && reference.known !== null
        ? seen.unseen
        : null,
    evidence: found.filter(
      ({ kind, name }) => name === reference.name && ['column', 'missing', 'categories'].includes(kind),
    ),
  };
}

function binsOf(reference: ColumnReference, seen: WindowColumn): ColumnDrift['bins'] {
  if (reference.type === 'number') {
    const { edges } = reference;
    return reference.counts.map((count, i) => ({
      label: rangeLabel(edges[i - 1], edges[i]),
      reference: count,
      window: seen.counts[i] ?? 0,
    }));
  }
  const known = reference.categories.map((label, i) => ({
    label,
    reference: reference.counts[i] ?? 0,
    window: seen.counts[i] ?? 0,
  }));
  const others = {
    label: OTHERS,
    reference: reference.others,
    window: seen.type === 'category' ? seen.others + seen.unseen : 0,
  };
  return others.reference + others.window === 0 ? known : [...known, others];
}

export const OTHERS = 'other categories';

/** "below 25", "25 to 31", "60 and more" */
function rangeLabel(from: number | undefined, to: number | undefined): string {
  if (from === undefined) return to === undefined ? 'all values' : `below ${edge(to)}`;
  return to === undefined ? `${edge(from)} and more` : `${edge(from)} to ${edge(to)}`;
}

/** With as many decimals as it has, up to four digits. */
function edge(value: number): string {
  const rounded = Number(value.toPrecision(4));
  const [, fraction = ''] = String(rounded).split('.');
  return formatValue(rounded, Math.min(9, Number.isInteger(rounded) ? 0 : fraction.length));
}
