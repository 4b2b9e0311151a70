import type { PrivateSummary, Summary } from '../steps/release/delivery.ts';

/*
 * A summary compares predictions with those of the release that was current when they were made. Shown again by a later
 * release, such as a rollback, they stand beside others.
 */

/** The summary without what it compares. */
export const withoutComparison = (summary: Summary): Summary => ({
  ...summary,
  score: summary.score && { ...summary.score, previous_counts: null, previous_mean: null },
  decisions: summary.decisions.map((decision) => ({ ...decision, previous_rows: null })),
  flips: null,
  slices: summary.slices.map((slice) => ({ ...slice, previous_share: null, flipped: null })),
});

/** The rows without the decisions that they are compared with. */
export const rowsWithoutComparison = ({ rows, ...rest }: PrivateSummary): PrivateSummary => ({
  ...rest,
  rows: rows.map((row) => ({ ...row, previous_decision: null })),
});

/**
 * The summary compared with the release that took its place, whose own summary compares it the other way round. A rollback shows
 * it: what had changed from the one to the other changes back.
 */
export function turnedAround(summary: Summary, later: Summary): Summary {
  const own = withoutComparison(summary);
  if (later.problem !== own.problem) return own;
  const { score } = later;
  const labels = new Set(own.decisions.map(({ label }) => label));
  const rowsOf = (label: string) => later.decisions.find((decision) => decision.label === label)?.rows ?? 0;
  return {
    ...own,
    score:
      own.score && score?.previous_counts
        ? {
            ...own.score,
            edges: score.edges,
            counts: score.previous_counts,
            previous_counts: score.counts,
            previous_mean: score.mean,
          }
        : own.score,
    decisions: [
      ...own.decisions.map((decision) => ({ ...decision, previous_rows: rowsOf(decision.label) })),
      ...later.decisions
        .filter(({ label }) => !labels.has(label))
        .map(({ label, rows }) => ({ label, rows: 0, previous_rows: rows })),
    ],
    flips: later.flips && {
      ...later.flips,
      changes: later.flips.changes.map(({ from, to, rows }) => ({ from: to, to: from, rows })),
    },
    slices: own.slices.map((slice) => {
      const same = later.slices.find(({ column, value }) => column === slice.column && value === slice.value);
      return { ...slice, previous_share: same?.share ?? null, flipped: same?.flipped ?? null };
    }),
  };
}
