import { decimalsFor, formatCount, formatPercent, formatValue } from '../format.ts';
import { type Curve, heightAt } from '../statistics/curve.ts';
import { benefitOfAll, type DecisionCurve } from '../statistics/decision-curve.ts';
import type { CalibrationBin, ModelPlots } from '../statistics/plots.ts';
import type { TuningFacts } from '../steps/train/evidence.ts';
import {
  CANDIDATE,
  CHAMPION,
  type Chart,
  dots,
  draw,
  HEIGHT,
  label,
  line,
  logRange,
  MUTED,
  number,
  paddedRange,
  reference,
  short,
  steps,
  unit,
  whiskers,
} from './chart-parts.ts';

/** The charts of a report. The only text from users in them is a class's name in a description. */

/** Colours for the classes of a multiclass problem, in order. */
const CLASS_COLORS = [1, 2, 3, 4, 5, 6].map((i) => `var(--class-${i})`);
export const CLASS_COLOR_COUNT = CLASS_COLORS.length;

export function curveCharts(candidate: ModelPlots, champion: ModelPlots | null): Chart[] {
  const charts: Chart[] = [];
  if (candidate.roc !== undefined) charts.push(rocChart(candidate.roc, champion?.roc));
  if (candidate.pr !== undefined) charts.push(prChart(candidate, champion));
  if (candidate.calibration !== undefined)
    charts.push(calibrationChart(candidate.calibration, champion?.calibration, CALIBRATION));
  if (candidate.decision !== undefined) charts.push(decisionChart(candidate.decision, champion?.decision));
  if (candidate.histogram !== undefined)
    charts.push(distributionChart(candidate.histogram, champion?.histogram));
  if (candidate.roc_by_class !== undefined && candidate.roc_by_class.length > 0)
    charts.push(classRocChart(candidate.roc_by_class, champion?.roc_by_class));
  if (candidate.confidence !== undefined)
    charts.push(calibrationChart(candidate.confidence, champion?.confidence, CONFIDENCE));
  if (candidate.predicted_actual !== undefined)
    charts.push(
      predictedActualChart(candidate.predicted_actual, champion?.predicted_actual, candidate.rows_per_point),
    );
  if (candidate.residuals !== undefined) charts.push(residualChart(candidate.residuals, champion?.residuals));
  return charts;
}

function rocChart(candidate: Curve, champion: Curve | undefined): Chart {
  const at = (curve: Curve) => formatValue(heightAt(curve, 0.1), 3);
  return {
    title: 'ROC curve',
    caption: 'Positives found against negatives flagged, over every threshold.',
    svg: draw(
      {
        xAxis: unit('False-positive rate'),
        yAxis: unit('True-positive rate'),
        series: [
          reference([
            [0, 0],
            [1, 1],
          ]),
          ...(champion === undefined ? [] : [line(champion, CHAMPION)]),
          line(candidate, CANDIDATE),
        ],
      },
      'roc',
      'ROC curve',
      `At a false-positive rate of .100 the candidate finds ${at(candidate)} of the positives${champion === undefined ? '' : `, the champion ${at(champion)}`}.`,
    ),
  };
}

function prChart(candidate: ModelPlots, champion: ModelPlots | null): Chart {
  const curve = candidate.pr ?? [];
  const at = (points: Curve) => formatValue(heightAt(points, 0.5), 3);
  const prevalence = prevalenceOf(candidate.histogram);
  return {
    title: 'Precision and recall',
    caption: 'How many of the flagged are positive, against how many positives are flagged.',
    svg: draw(
      {
        xAxis: unit('Recall'),
        yAxis: unit('Precision'),
        series: [
          ...(prevalence === null
            ? []
            : [
                reference([
                  [0, prevalence],
                  [1, prevalence],
                ]),
              ]),
          ...(champion?.pr === undefined ? [] : [line(champion.pr, CHAMPION)]),
          line(curve, CANDIDATE),
        ],
      },
      'pr',
      'Precision-recall curve',
      `At a recall of .500 the candidate's precision is ${at(curve)}${champion?.pr === undefined ? '' : `, the champion's ${at(champion.pr)}`}${prevalence === null ? '' : `; flagging everybody gives ${formatValue(prevalence, 3)}`}.`,
    ),
  };
}

const CALIBRATION = {
  id: 'calibration',
  title: 'Calibration',
  caption: () => 'Observed share of positives by predicted probability, with 95 % Wilson intervals.',
  axes: ['Predicted probability', 'Observed share'] as const,
  told: 'observed',
};

const CONFIDENCE = {
  id: 'confidence',
  title: 'Confidence',
  caption: (compared: boolean) =>
    `How often the likeliest class is right, by its predicted probability, with 95 % Wilson intervals${compared ? '; the champion in grey' : ''}.`,
  axes: ['Probability of the likeliest class', 'Share right'] as const,
  told: 'right',
};

function calibrationChart(
  candidate: CalibrationBin[],
  champion: CalibrationBin[] | undefined,
  words: typeof CALIBRATION | typeof CONFIDENCE,
): Chart {
  const most = Math.max(
    ...candidate.flatMap((bin) => [bin.predicted, bin.interval[1]]),
    ...(champion ?? []).flatMap((bin) => [bin.predicted, bin.observed]),
  );
  const max = Math.min(1, Math.ceil(most * 5 + 0.001) / 5);
  const axis = (name: string) => ({ ...unit(name), max, interval: max > 0.6 ? 0.2 : 0.1 });
  const points = (bins: CalibrationBin[]): Curve => bins.map((bin) => [bin.predicted, bin.observed]);
  const told = candidate
    .map((bin) => `${formatValue(bin.predicted, 2)} predicted, ${formatValue(bin.observed, 2)} ${words.told}`)
    .join('; ');
  return {
    title: words.title,
    caption: words.caption(champion !== undefined),
    svg: draw(
      {
        xAxis: axis(words.axes[0]),
        yAxis: axis(words.axes[1]),
        series: [
          reference([
            [0, 0],
            [max, max],
          ]),
          ...(champion === undefined
            ? []
            : [
                { ...line(points(champion), CHAMPION), lineStyle: { color: CHAMPION, width: 1.25 } },
                dots(points(champion), CHAMPION, 5),
              ]),
          whiskers(candidate, CANDIDATE),
          line(points(candidate), CANDIDATE),
          dots(points(candidate), CANDIDATE, 7),
        ],
      },
      words.id,
      `${words.title} of the candidate`,
      `By group: ${told}.`,
    ),
  };
}

/** Net benefit above the better of "all" and "none", both drawn as references, is what the model adds. */
function decisionChart(candidate: DecisionCurve, champion: DecisionCurve | undefined): Chart {
  const { net_benefit, prevalence, threshold } = candidate;
  const lowest = -prevalence / 4;
  const all = net_benefit
    .map(([t]): [number, number] => [t, benefitOfAll(prevalence, t)])
    .filter(([, benefit]) => benefit >= lowest);
  const shown = (curve: Curve): Curve => curve.map(([t, benefit]) => [t, Math.max(lowest, benefit)]);
  const at = threshold ?? prevalence;
  const best = Math.max(0, benefitOfAll(prevalence, at));
  const told = (curve: Curve) => formatValue(heightAt(curve, at), 3);
  return {
    title: 'Decision curve',
    caption: `Net benefit per row by threshold; dotted: calling every row positive, and none${threshold === null ? '' : '. Upright: the threshold of gate.costs'}.`,
    svg: draw(
      {
        grid: { left: 52, right: 12, top: 14, bottom: 44 },
        xAxis: unit('Threshold probability'),
        yAxis: {
          ...number(''),
          min: lowest,
          max: prevalence * 1.05,
          axisLabel: {
            ...label((value) => (value === 0 ? '0' : formatValue(value, prevalence < 0.1 ? 3 : 2))),
            showMinLabel: false,
            showMaxLabel: false,
          },
        },
        series: [
          reference([
            [0, 0],
            [1, 0],
          ]),
          reference([[0, prevalence], ...all]),
          ...(threshold === null
            ? []
            : [
                reference([
                  [threshold, lowest],
                  [threshold, prevalence],
                ]),
              ]),
          ...(champion === undefined ? [] : [line(shown(champion.net_benefit), CHAMPION)]),
          line(shown(net_benefit), CANDIDATE),
        ],
      },
      'decision',
      'Decision curve: net benefit by threshold',
      `At a threshold of ${formatValue(at, 3)} the candidate's net benefit per row is ${told(net_benefit)}${champion === undefined ? '' : `, the champion's ${told(champion.net_benefit)}`}; the better of calling every row positive and none has ${formatValue(best, 3)}.`,
    ),
  };
}

type Histogram = NonNullable<ModelPlots['histogram']>;

/** Shares of each class rather than counts, so that a rare one is visible; the champion is below the candidate. */
function distributionChart(candidate: Histogram, champion: Histogram | undefined): Chart {
  const panels = champion === undefined ? [candidate] : [candidate, champion];
  const share = (counts: number[]) => {
    const total = counts.reduce((a, b) => a + b, 0);
    return counts.map((count) => (total === 0 ? 0 : count / total));
  };
  const most = Math.max(...panels.flatMap((panel) => [...share(panel.negatives), ...share(panel.positives)]));
  const top = 14;
  const bottom = 44;
  const gap = 20;
  const height = (HEIGHT - top - bottom - gap * (panels.length - 1)) / panels.length;
  const colors = [CANDIDATE, CHAMPION];
  const above = candidate.positives.slice(candidate.positives.length / 2).reduce((a, b) => a + b, 0);
  const positives = candidate.positives.reduce((a, b) => a + b, 0);
  return {
    title: 'Score distribution',
    caption: `Share of each class by score: filled are the positives, outlined the negatives${champion === undefined ? '' : '; candidate above, champion below'}.`,
    svg: draw(
      {
        grid: panels.map((_, i) => ({ left: 44, right: 12, top: top + i * (height + gap), height })),
        xAxis: panels.map((panel, i) => ({
          gridIndex: i,
          ...number(i === panels.length - 1 ? 'Score' : ''),
          min: panel.edges[0] ?? 0,
          max: panel.edges.at(-1) ?? 1,
          splitLine: { show: false },
          axisLabel: { ...label(short), show: i === panels.length - 1 },
        })),
        yAxis: panels.map((_, i) => ({
          gridIndex: i,
          ...number(''),
          max: niceCeiling(most),
          interval: niceCeiling(most) / 2,
          axisLabel: label((value) => formatPercent(value)),
        })),
        series: panels.flatMap((panel, i) => [
          steps(panel.edges, share(panel.negatives), { color: MUTED, width: 1.25 }, null, i),
          steps(
            panel.edges,
            share(panel.positives),
            { color: colors[i] ?? MUTED, width: 1.5 },
            colors[i] ?? MUTED,
            i,
          ),
        ]),
      },
      'distribution',
      'Distribution of scores by class',
      `${formatCount(above)} of ${formatCount(positives)} positives have a candidate's score in the upper half of the range.`,
    ),
  };
}

type ClassCurves = NonNullable<ModelPlots['roc_by_class']>;

function classRocChart(curves: ClassCurves, champion: ClassCurves | undefined): Chart {
  const colorOf = (i: number) => CLASS_COLORS[i % CLASS_COLORS.length] ?? CANDIDATE;
  const others = curves.flatMap((curve, i) => {
    const other = champion?.find((each) => each.class === curve.class);
    return other === undefined
      ? []
      : [
          {
            ...line(other.roc, colorOf(i)),
            lineStyle: { color: colorOf(i), width: 1.25, opacity: 0.75, type: [5, 3] },
          },
        ];
  });
  const told = curves.map((c) => `${c.class}: ${formatValue(heightAt(c.roc, 0.1), 3)}`).join('; ');
  return {
    title: 'ROC curve by class',
    caption: `Each class against the rest${others.length === 0 ? '' : '; the champion is dashed'}.`,
    svg: draw(
      {
        xAxis: unit('False-positive rate'),
        yAxis: unit('True-positive rate'),
        series: [
          reference([
            [0, 0],
            [1, 1],
          ]),
          ...others,
          ...curves.map((c, i) => line(c.roc, colorOf(i))),
        ],
      },
      'roc-by-class',
      'ROC curve of each class against the rest',
      `True-positive rate at a false-positive rate of .100. ${told}.`,
    ),
  };
}

function predictedActualChart(
  points: Curve,
  champion: Curve | undefined,
  rowsPerPoint: number | undefined,
): Chart {
  const all = [...points, ...(champion ?? [])].flat();
  const low = Math.min(...all);
  const high = Math.max(...all);
  return {
    title: 'Predicted and actual',
    caption: `${formatCount(points.length)} ${rowsPerPoint === undefined ? 'rows' : `averages of ${rowsPerPoint} rows`} of the holdout; on the line a prediction is exact.`,
    svg: draw(
      {
        xAxis: { ...number('Predicted'), scale: true },
        yAxis: { ...number('Actual'), scale: true },
        series: [
          reference([
            [low, low],
            [high, high],
          ]),
          ...(champion === undefined
            ? []
            : [{ ...dots(champion, CHAMPION, 4), itemStyle: { color: CHAMPION, opacity: 0.45 } }]),
          { ...dots(points, CANDIDATE, 5), itemStyle: { color: CANDIDATE, opacity: 0.55 } },
        ],
      },
      'predicted-actual',
      'Predicted against actual values of the candidate',
      `Values from ${formatValue(low)} to ${formatValue(high)}.`,
    ),
  };
}

type Residuals = NonNullable<ModelPlots['residuals']>;

function residualChart(candidate: Residuals, champion: Residuals | undefined): Chart {
  const share = ({ counts }: Residuals) => {
    const total = counts.reduce((a, b) => a + b, 0);
    return counts.map((count) => count / total);
  };
  return {
    title: 'Residuals',
    caption: `Actual minus predicted, share of rows${champion === undefined ? '' : '; the champion is outlined'}.`,
    svg: draw(
      {
        xAxis: { ...number('Residual'), scale: true, splitLine: { show: false } },
        yAxis: { ...number(''), axisLabel: label((value) => formatPercent(value)) },
        series: [
          steps(candidate.edges, share(candidate), { color: CANDIDATE, width: 1.5 }, CANDIDATE, 0),
          ...(champion === undefined
            ? []
            : [steps(champion.edges, share(champion), { color: CHAMPION, width: 1.5 }, null, 0)]),
        ],
      },
      'residuals',
      'Distribution of residuals',
      `The candidate's residuals lie between ${formatValue(candidate.edges[0])} and ${formatValue(candidate.edges.at(-1))}.`,
    ),
  };
}

/** The objective by trial, then against up to three numeric hyperparameters. */
export function tuningCharts(tuning: TuningFacts): (Chart & { parameter: string | null })[] {
  const done = tuning.trials
    .map((trial, i) => ({ ...trial, order: i + 1 }))
    .filter((trial): trial is typeof trial & { value: number } => trial.value !== null);
  if (done.length < 2) return [];
  const sign = tuning.objective.goal === 'maximize' ? 1 : -1;
  let reached = -Infinity;
  const sofar = done.map((trial): [number, number] => {
    reached = Math.max(reached, sign * trial.value);
    return [trial.order, sign * reached];
  });
  const best = (trial: { name: string }) => trial.name === tuning.best;
  const spread = done.map((trial) => trial.value);
  const decimals = decimalsFor(...spread);
  const yAxis = {
    ...number(''),
    ...paddedRange(spread),
    splitNumber: 4,
    axisLabel: label((value) => formatValue(value, decimals)),
  };
  const layout = { grid: { left: 52, right: 14, top: 14, bottom: 44 } };
  const marks = (x: (trial: (typeof done)[number]) => number) => [
    dots(
      done.filter((trial) => !best(trial)).map((trial) => [x(trial), trial.value]),
      MUTED,
      7,
    ),
    dots(
      done.filter(best).map((trial) => [x(trial), trial.value]),
      CANDIDATE,
      11,
    ),
  ];
  const charts: (Chart & { parameter: string | null })[] = [
    {
      parameter: null,
      title: 'The search',
      caption: 'Objective by trial, with the best so far; the large dot is the best.',
      svg: draw(
        {
          ...layout,
          xAxis: {
            ...number('Trial'),
            min: 0,
            max: tuning.trials.length + 1,
            minInterval: 1,
            axisLabel: { ...label(String), showMaxLabel: false, showMinLabel: false },
            splitLine: { show: false },
          },
          yAxis,
          series: [
            { ...line(sofar, CANDIDATE), step: 'end', lineStyle: { color: CANDIDATE, width: 1.25 } },
            ...marks((trial) => trial.order),
          ],
        },
        'tuning-search',
        'Objective by trial',
        `The best of ${done.length} finished trials reached ${formatValue(sofar.at(-1)?.[1], decimals)}.`,
      ),
    },
  ];
  const names = [...new Set(done.flatMap((trial) => Object.keys(trial.hyperparameters)))];
  for (const name of names) {
    const values = done.map((trial) => Number(trial.hyperparameters[name] ?? 'missing'));
    if (!values.every(Number.isFinite) || new Set(values).size < 3 || charts.length > 3) continue;
    const log = Math.min(...values) > 0 && Math.max(...values) / Math.min(...values) > 20;
    charts.push({
      parameter: name,
      title: '',
      caption: log ? 'Objective by value, on a logarithmic scale.' : 'Objective by value.',
      svg: draw(
        {
          ...layout,
          xAxis: log
            ? { ...number(''), type: 'log', axisLabel: label(String), ...logRange(values) }
            : { ...number(''), ...paddedRange(values), splitNumber: 4 },
          yAxis,
          series: marks((trial) => Number(trial.hyperparameters[name])),
        },
        `tuning-${charts.length}`,
        'Objective by value of a hyperparameter',
        `The best trial is at ${done.find(best)?.hyperparameters[name] ?? 'an unknown value'}.`,
      ),
    });
  }
  return charts;
}

function prevalenceOf(histogram: Histogram | undefined): number | null {
  if (histogram === undefined) return null;
  const positives = histogram.positives.reduce((a, b) => a + b, 0);
  const all = positives + histogram.negatives.reduce((a, b) => a + b, 0);
  return all === 0 ? null : positives / all;
}

function niceCeiling(value: number): number {
  return [0.1, 0.2, 0.4, 0.6, 0.8].find((step) => value <= step) ?? 1;
}
