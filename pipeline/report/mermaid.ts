import { formatCount } from './format.ts';
import type { Curve, Report } from './report.ts';

/** Readable on GitHub's white and on its dark background. */
const CANDIDATE = '#3b82f6';
const CHAMPION = '#d97706';
const REFERENCE = '#8886';
const GRID = 50;

/**
 * Plots as Mermaid sources, which GitHub draws in a comment. Only numbers and our own words go into them: no text from
 * users can reach the parser. An xychart spaces a line's points evenly, so curves are read off on an even grid.
 */
export function mermaidPlots(report: Report): { caption: string; source: string }[] {
  const { plots } = report;
  if (plots === null) return [];
  const { candidate, champion } = plots;
  const blocks: { caption: string; source: string }[] = [];
  if (candidate.roc !== undefined) {
    const lines: Line[] = [{ name: 'candidate', color: CANDIDATE, points: onGrid(candidate.roc) }];
    if (champion?.roc !== undefined)
      lines.push({ name: 'champion', color: CHAMPION, points: onGrid(champion.roc) });
    lines.push({ name: 'chance', color: REFERENCE, points: [0, 1] });
    blocks.push({
      caption: `**ROC curve**: ${legend(lines)}`,
      source: xychart('ROC curve', 'false-positive rate', 'true-positive rate', '0 --> 1', 1, lines),
    });
  }
  const { calibration } = candidate;
  if (calibration !== undefined && calibration.length > 1) {
    const top = Math.max(...calibration.flatMap((bin) => [bin.predicted, bin.observed]));
    const lines: Line[] = [
      { name: 'observed', color: CANDIDATE, points: calibration.map((bin) => bin.observed), bar: true },
      { name: 'predicted', color: CHAMPION, points: calibration.map((bin) => bin.predicted) },
    ];
    const rows = calibration.map((bin) => bin.n);
    const each = [...new Set([Math.min(...rows), Math.max(...rows)])].map(formatCount).join(' to ');
    blocks.push({
      caption: `**Calibration** of the candidate: share of positives by predicted probability, ${calibration.length} groups of ${each} rows; ${legend(lines)}`,
      source: xychart(
        'Calibration of the candidate',
        'groups from the lowest to the highest prediction',
        'share of positives',
        `[${calibration.map((_, i) => `"${i + 1}"`).join(', ')}]`,
        Math.min(1, Math.ceil(top * 10) / 10),
        lines,
      ),
    });
  }
  return blocks;
}

interface Line {
  name: string;
  color: string;
  points: number[];
  bar?: boolean;
}

const COLOR_NAMES: Record<string, string> = {
  [CANDIDATE]: 'blue',
  [CHAMPION]: 'orange',
  [REFERENCE]: 'grey',
};

function legend(lines: Line[]): string {
  return lines
    .map((line) => `${line.name} ${COLOR_NAMES[line.color]}${line.bar === true ? ' bars' : ''}`)
    .join(', ');
}

function xychart(title: string, x: string, y: string, xRange: string, yMost: number, lines: Line[]): string {
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
    `  x-axis "${x}" ${xRange}`,
    `  y-axis "${y}" 0 --> ${yMost}`,
    ...lines.map(
      (line) =>
        `  ${line.bar === true ? 'bar' : 'line'} "${line.name}" [${line.points.map((v) => Number(v.toFixed(4))).join(', ')}]`,
    ),
  ].join('\n');
}

/** The highest y that the curve reaches at each of 51 even x from 0 to 1, on straight lines between its points. */
function onGrid(curve: Curve): number[] {
  return Array.from({ length: GRID + 1 }, (_, i) => {
    const x = i / GRID;
    const after = curve.findLastIndex(([px]) => px <= x);
    const [x0, y0] = curve[after] ?? [0, 0];
    const [x1, y1] = curve[after + 1] ?? [x0, y0];
    return x1 === x0 ? y0 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
  });
}
