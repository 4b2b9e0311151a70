import { formatCountOf, formatPercent, formatValue } from '../format.ts';
import type { Summary } from '../steps/release/delivery.ts';
import {
  CANDIDATE,
  CHAMPION,
  type Chart,
  draw,
  label,
  number,
  reference,
  short,
  steps,
  unit,
} from './chart-parts.ts';

/** The distribution of scores, in shares of rows, with the one of the release before; null if there is nothing to draw. */
export function scoreChart({ score, problem, threshold, positive }: Summary): Chart | null {
  if (score === null || score.edges.length < 2) return null;
  const now = sharesOf(score.counts);
  const before = score.previous_counts === null ? null : sharesOf(score.previous_counts);
  if (now === null) return null;
  const highest = Math.max(...now, ...(before ?? []));
  const limit = problem === 'binary' ? (threshold ?? 0.5) : null;
  const words = {
    binary: ['Score', positive === null ? 'Score' : `Probability of ${positive}`],
    multiclass: ['Probability', 'Probability of the decided class'],
    regression: ['Value', 'Predicted value'],
  }[problem] as [string, string];
  return {
    title: problem === 'regression' ? 'Predicted values' : 'Scores',
    caption: `${[
      `${words[1]}, share of rows`,
      ...(before === null ? [] : ['the last release is outlined in grey']),
      ...(limit === null ? [] : [`the dashed line is the threshold, ${formatValue(limit, 2)}`]),
    ].join('; ')}.`,
    svg: draw(
      {
        xAxis:
          problem === 'regression'
            ? { ...number(words[0]), scale: true, splitNumber: 3, splitLine: { show: false } }
            : { ...unit(words[0]), axisLabel: label(short), splitLine: { show: false } },
        yAxis: { ...number(''), min: 0, axisLabel: label((value) => formatPercent(value)) },
        grid: { left: 52, right: 14, top: 14, bottom: 44 },
        series: [
          steps(score.edges, now, { color: CANDIDATE, width: 1.5 }, CANDIDATE, 0),
          ...(before === null ? [] : [steps(score.edges, before, { color: CHAMPION, width: 2 }, null, 0)]),
          ...(limit === null
            ? []
            : [
                reference([
                  [limit, 0],
                  [limit, highest],
                ]),
              ]),
        ],
      },
      'scores',
      'Distribution of scores',
      `${[
        `The mean of ${formatCountOf(
          score.counts.reduce((a, b) => a + b, 0),
          'row',
        )} is ${formatValue(score.mean)}`,
        ...(score.previous_mean === null
          ? []
          : [`in the last release it was ${formatValue(score.previous_mean)}`]),
      ].join('; ')}.`,
    ),
  };
}

/** Counts as shares of their sum; null if the sum is 0. */
function sharesOf(counts: number[]): number[] | null {
  const all = counts.reduce((a, b) => a + b, 0);
  return all === 0 ? null : counts.map((count) => count / all);
}
