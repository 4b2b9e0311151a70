import { namesNoneOf, type Privacy } from '../../gate/privacy.ts';
import type { Verdict } from '../../gate/verdict.ts';
import type { Curve } from '../../statistics/curve.ts';
import type { ModelPlots } from '../../statistics/plots.ts';
import type { Evidence, Explanation, Plots } from './evidence.ts';

/** The explanation without features of sensitive columns, and of values whose slice has few rows. */
export function publishableExplanation(
  explanation: Explanation,
  verdict: Pick<Verdict, 'slices'> | null,
  { sensitive, min_group }: Privacy,
): Explanation {
  const isTold = namesNoneOf(sensitive);
  const few = verdict?.slices.filter(({ n }) => n < min_group) ?? [];
  // A model that makes a feature of each value, as the sample does, names it so.
  const ofFew = new Set(few.map(({ column, value }) => `${column}=${value}`));
  return {
    ...explanation,
    features: explanation.features.filter(({ name }) => isTold(name) && !ofFew.has(name)),
  };
}

/** The evidence that everybody may see. */
export function publishableEvidence(
  { plots, explanation, notes, model_notes, ...rest }: Evidence,
  verdict: Verdict,
  privacy: Privacy,
): Evidence {
  return {
    ...rest,
    plots: publishablePlots(plots, privacy),
    explanation: explanation && publishableExplanation(explanation, verdict, privacy),
    notes: notes.filter(namesNoneOf(privacy.sensitive)),
    ...(model_notes && privacy.sensitive.length === 0 && { model_notes }),
  };
}

/** Plots without bins of few rows, and with averages of rows in place of single ones. */
export function publishablePlots({ candidate, champion }: Plots, privacy: Privacy): Plots {
  const own = (plots: ModelPlots) => withoutRows(plots, privacy);
  return { candidate: own(candidate), champion: champion && own(champion) };
}

function withoutRows(plots: ModelPlots, { min_group: least }: Privacy): ModelPlots {
  const { calibration, confidence, predicted_actual: points, ...rest } = plots;
  const isLarge = ({ n }: { n: number }) => n >= least;
  return {
    ...rest,
    ...(calibration && { calibration: calibration.filter(isLarge) }),
    ...(confidence && { confidence: confidence.filter(isLarge) }),
    ...(points &&
      (rest.rows_per_point === undefined
        ? { predicted_actual: averages(points, least), rows_per_point: least }
        : { predicted_actual: points })),
  };
}

/** The averages of each `size` points in their order; fewer at the end are left out. */
function averages(points: Curve, size: number): Curve {
  return Array.from({ length: Math.floor(points.length / size) }, (_, group) => {
    const own = points.slice(group * size, (group + 1) * size);
    const mean = (at: 0 | 1) => own.reduce((sum, point) => sum + point[at], 0) / size;
    return [mean(0), mean(1)];
  });
}
