import { formatCount } from '../format.ts';
import { type Curve, heightAt } from '../statistics/curve.ts';
import type { CalibrationBin, ModelPlots } from '../statistics/plots.ts';
import type { Report } from './report.ts';

/** Colours that are readable on GitHub's light and dark backgrounds. */
const BLUE = { color: '#3b82f6', named: 'blue' };
const ORANGE = { color: '#d97706', named: 'orange' };
const GREY = { color: '#8886', named: 'grey' };
const CLASS_COLORS = [
  BLUE,
  ORANGE,
  { color: '#2da44e', named: 'green' },
  { color: '#a855f7', named: 'purple' },
  { color: '#e05252', named: 'red' },
  { color: '#0ea5a5', named: 'teal' },
];
const GRID = 50;

interface Line {
  /** The line's name: the pipeline's own word, or a plain label. */
  name: string;
  color: string;
  named: string;
  points: number[];
  bar?: boolean;
}

export interface MermaidPlot {
  title: string;
  /** What is drawn, in which colours; may contain text from users. */
  caption: string;
  source: string;
}

/**
 * Plots as Mermaid sources, which GitHub draws in a comment. For safety, a source has only numbers, fixed words and
 * alphanumeric labels. An xychart spaces a line's points evenly, so curves are sampled on an even grid.
 */
export function mermaidPlots({ plots }: Report): MermaidPlot[] {
  if (plots === null) return [];
  const { candidate, champion } = plots;
  return [
    candidate.roc === undefined ? null : rocPlot(candidate.roc, champion?.roc),
    candidate.calibration === undefined ? null : calibrationPlot(candidate.calibration, CALIBRATION),
    candidate.roc_by_class === undefined ? null : classRocPlot(candidate.roc_by_class),
    candidate.confidence === undefined ? null : calibrationPlot(candidate.confidence, CONFIDENCE),
    candidate.residuals === undefined ? null : residualPlot(candidate.residuals, champion?.residuals),
  ].filter((plot) => plot !== null);
}

function rocPlot(candidate: Curve, champion: Curve | undefined): MermaidPlot {
  const lines: Line[] = [
    { name: 'candidate', ...BLUE, points: onGrid(candidate) },
    ...(champion === undefined ? [] : [{ name: 'champion', ...ORANGE, points: onGrid(champion) }]),
    { name: 'chance', ...GREY, points: [0, 1] },
  ];
  return rocFrame('ROC curve', legend(lines), lines);
}

/** A label that is safe in a quoted Mermaid string. */
const PLAIN = /^[A-Za-z0-9][A-Za-z0-9 _.-]{0,29}$/;

function classRocPlot(curves: NonNullable<ModelPlots['roc_by_class']>): MermaidPlot | null {
  const drawn = curves.slice(0, CLASS_COLORS.length);
  if (drawn.length === 0) return null;
  const lines: Line[] = drawn.map(({ roc }, i) => ({
    name: PLAIN.test(drawn[i]?.class ?? '') ? (drawn[i]?.class ?? '') : `class ${i + 1}`,
    ...(CLASS_COLORS[i] ?? BLUE),
    points: onGrid(roc),
  }));
  const named = lines.map((line, i) => `${drawn[i]?.class} ${line.named}`).join(', ');
  const rest = curves.length - drawn.length;
  return rocFrame(
    'ROC curve by class',
    `the candidate, each class against the rest; ${named}${rest > 0 ? `; ${rest} more in the full report` : ''}`,
    [...lines, { name: 'chance', ...GREY, points: [0, 1] }],
  );
}

function rocFrame(title: string, caption: string, lines: Line[]): MermaidPlot {
  const axes = ['x-axis "false-positive rate" 0 --> 1', 'y-axis "true-positive rate" 0 --> 1'];
  return { title, caption, source: xychart(title, axes, lines) };
}

const CALIBRATION = { title: 'Calibration of the candidate', share: 'share of positives', of: 'observed' };
const CONFIDENCE = { title: 'Confidence of the candidate', share: 'share right', of: 'right' };

function calibrationPlot(
  bins: CalibrationBin[],
  { title, share, of }: typeof CALIBRATION,
): MermaidPlot | null {
  if (bins.length < 2) return null;
  const top = Math.max(...bins.flatMap((bin) => [bin.predicted, bin.observed]));
  const lines: Line[] = [
    { name: of, ...BLUE, points: bins.map((bin) => bin.observed), bar: true },
    { name: 'predicted', ...ORANGE, points: bins.map((bin) => bin.predicted) },
  ];
  const sizes = bins.map((bin) => bin.n);
  const each = [...new Set([Math.min(...sizes), Math.max(...sizes)])].map(formatCount).join(' to ');
  const groups = bins.map((_, i) => `"${i + 1}"`).join(', ');
  return {
    title,
    caption: `${share} by predicted probability, ${bins.length} groups of ${each} rows; ${legend(lines)}`,
    source: xychart(
      title,
      [
        `x-axis "groups from the lowest to the highest prediction" [${groups}]`,
        `y-axis "${share}" 0 --> ${decimal(Math.max(0.1, Math.ceil(top * 10) / 10))}`,
      ],
      lines,
    ),
  };
}

type Residuals = NonNullable<ModelPlots['residuals']>;

function residualPlot(candidate: Residuals, champion: Residuals | undefined): MermaidPlot {
  const models = champion === undefined ? [candidate] : [candidate, champion];
  const low = Math.min(...models.map(({ edges }) => edges[0] ?? 0));
  const high = Math.max(...models.map(({ edges }) => edges.at(-1) ?? 1));
  const bins = candidate.counts.length;
  const lines: Line[] = [
    { name: 'candidate', ...BLUE, points: percentIn(candidate, low, high, bins), bar: true },
    ...(champion === undefined
      ? []
      : [{ name: 'champion', ...ORANGE, points: percentIn(champion, low, high, bins) }]),
  ];
  const title = 'Residuals';
  return {
    title,
    caption: `actual minus predicted, in percent of the rows; ${legend(lines)}`,
    source: xychart(
      title,
      [
        `x-axis "residual" ${decimal(low)} --> ${decimal(high)}`,
        `y-axis "percent of rows" 0 --> ${Math.ceil(Math.max(...lines.flatMap((line) => line.points)))}`,
      ],
      lines,
    ),
  };
}

/** Percent of the rows in even bins from low to high. A bin that is split gives each part its share by width. */
function percentIn({ edges, counts }: Residuals, low: number, high: number, bins: number): number[] {
  const total = counts.reduce((a, b) => a + b, 0);
  const width = (high - low) / bins;
  return Array.from({ length: bins }, (_, bin) => {
    const [from, to] = [low + bin * width, low + (bin + 1) * width];
    return counts.reduce((sum, count, i) => {
      const [left, right] = [edges[i] ?? 0, edges[i + 1] ?? 0];
      const share = Math.max(0, Math.min(to, right) - Math.max(from, left)) / (right - left);
      return sum + (100 * count * share) / total;
    }, 0);
  });
}

function legend(lines: Line[]): string {
  return lines.map((line) => `${line.name} ${line.named}${line.bar === true ? ' bars' : ''}`).join(', ');
}

/** The source of a chart; title, axes and names must be fixed words, numbers or plain labels. */
export function xychart(
  title: string,
  axes: string[],
  lines: Pick<Line, 'name' | 'color' | 'points' | 'bar'>[],
): string {
  return [
    '---',
    'config:',
    '  xyChart:',
    '    width: 640',
    '    height: 380',
    '  themeVariables:',
    '    xyChart:',
    '      backgroundColor: "transparent"',
    `      plotColorPalette: "${lines.map((line) => line.color).join(', ')}"`,
    '---',
    'xychart-beta',
    `  accTitle: ${title}`,
    ...axes.map((axis) => `  ${axis}`),
    ...lines.map(
      (line) =>
        `  ${line.bar === true ? 'bar' : 'line'} "${line.name}" [${line.points.map(decimal).join(', ')}]`,
    ),
  ].join('\n');
}

/** At most four significant digits, without an exponent, which Mermaid's grammar does not have. */
export function decimal(value: number): string {
  const size = Math.abs(value);
  const decimals = size >= 1000 || size === 0 ? 0 : Math.min(20, 3 - Math.floor(Math.log10(size)));
  const text = value.toFixed(decimals);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

function onGrid(curve: Curve): number[] {
  return Array.from({ length: GRID + 1 }, (_, i) => heightAt(curve, i / GRID));
}
