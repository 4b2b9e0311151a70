import { formatCount, formatPercent } from '../format.ts';
import { cleanText } from './clean-text.ts';
import { basisText, type PlannedSize, type PowerPlan, planSentences } from './power.ts';

const BAR = 40;
/** Rows of the curve that are shown, besides today's and the needed one. */
const SHOWN = 9;
/** Sizes whose logarithms differ by less than this are alike. */
const NEAR = 0.15;

/** The plan in a terminal: its sentences, and the curve as bars. */
export function renderPower(plan: PowerPlan): string {
  const { today, needed, curve, power } = plan;
  const marked = [
    { ...today, mark: 'today' },
    ...(needed === null ? [] : [{ ...needed, chance: power, mark: `${formatPercent(power)} needs this` }]),
  ];
  const step = Math.max(1, Math.floor((curve.length - 1) / (SHOWN - 1)));
  const isApart = ({ rows }: PlannedSize) =>
    marked.every((other) => Math.abs(Math.log(rows / other.rows)) > NEAR);
  const between = curve.filter((point, i) => i % step === 0 && isApart(point));
  const points = [...between.map((point) => ({ ...point, mark: '' })), ...marked].sort(
    (a, b) => a.rows - b.rows,
  );
  const columns = [
    ['rows', ...points.map(({ rows }) => formatCount(rows))],
    ...(today.positives === null ? [] : [['positive', ...points.map(positiveText)]]),
    ['passes', ...points.map(({ chance }) => formatPercent(chance))],
  ];
  const widths = columns.map((cells) => Math.max(...cells.map((cell) => cell.length)));
  const line = (index: number) =>
    columns.map((cells, column) => (cells[index] ?? '').padStart(widths[column] ?? 0)).join('  ');
  const bars = points.map(({ chance, mark }, i) => {
    const bar = '█'.repeat(Math.round(chance * BAR)).padEnd(BAR, '·');
    return `${line(i + 1)}  ${bar}${mark === '' ? '' : `  ${mark}`}`;
  });
  return [
    ...planSentences(plan),
    '',
    line(0),
    ...bars,
    '',
    basisText(plan),
    ...plan.notes.map((note) => `note: ${cleanText(note, 600)}`),
  ].join('\n');
}

const positiveText = ({ positives }: PlannedSize): string => formatCount(positives ?? 0);
