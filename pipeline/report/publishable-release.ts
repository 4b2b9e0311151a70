import { namesNoneOf } from '../gate/privacy.ts';
import type { ReleaseReport } from './release-report.ts';

/**
 * The release as everybody may see it: aggregates alone, without cells of the rows, without sensitive columns and without
 * groups of few rows. The job that delivers predictions leaves those out of its summary already; they are left out here again,
 * whatever wrote the summary. Made from a publishable release, it is the same one.
 */
export function publishableRelease(release: ReleaseReport): ReleaseReport {
  const { predictions, privacy, notes } = release;
  const isTold = namesNoneOf(privacy.sensitive);
  return {
    ...release,
    predictions: predictions && publishablePredictions(predictions, release, isTold),
    notes: notes.filter(isTold),
  };
}

function publishablePredictions(
  predictions: NonNullable<ReleaseReport['predictions']>,
  { privacy }: ReleaseReport,
  isTold: (text: string) => boolean,
): typeof predictions {
  const { rejected, unseen, summary } = predictions;
  return {
    ...predictions,
    rejected: { rows: rejected.rows, examples: [] },
    unseen: unseen.filter(({ column }) => isTold(column)).map((found) => ({ ...found, examples: [] })),
    warnings: [],
    summary: {
      ...summary,
      slices: summary.slices.filter(
        ({ column, rows }) => !privacy.sensitive.includes(column) && rows >= privacy.min_group,
      ),
      // A factor may name a group, such as MaritalStatus=Single.
      factors: summary.factors.filter(({ name, rows }) => isTold(name) && rows >= privacy.min_group),
    },
  };
}
