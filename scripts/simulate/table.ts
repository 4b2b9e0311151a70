import { formatCount } from '../../pipeline/format.ts';
import { fnv1a } from '../../pipeline/hash.ts';
import { lowerBound, upperBound } from '../../pipeline/statistics/binomial.ts';
import { Random } from '../../pipeline/statistics/random.ts';

/** Tables of measured shares, and the limits that they are held to. */

/** How often something happened, out of `of` simulations; or the sum of what was measured in each. */
export interface Measured {
  count: number;
  of: number;
  least?: number | undefined;
  most?: number | undefined;
  /** interval: a share with its 95 % interval; mean: count / of in its own unit. @default 'share' */
  as?: 'share' | 'interval' | 'mean';
  /** The standard error of count / of, where it is no share of independent simulations. */
  error?: number;
  /** What the cell says besides, such as the median. */
  note?: string;
}

/** A row's labels, and what was measured. */
export interface Row {
  labels: string[];
  measured: Measured[];
}

export interface Table {
  /** For --table and for the seeds of its rows. */
  name: string;
  title: string;
  about: string;
  /** Labels first, then what is measured. */
  columns: string[];
  /** The share of the simulations asked for that its rows take: less where one costs much. @default 1 */
  share?: number;
  /** What makes each row: it is called with the number of simulations and a generator of the row's own. */
  rows: readonly ((runs: number, random: Random) => Row | Row[])[];
}

/**
 * Measures a table. Each row has a generator of its own, so that a table gives the same numbers alone.
 *
 * @param progress is told of each row that is done, from 1
 */
export function measure(
  { name, rows, share = 1 }: Table,
  { runs, seed }: { runs: number; seed: number },
  progress: (done: number, of: number) => void = () => {},
): Row[] {
  return rows.flatMap((row, index) => {
    const measured = row(Math.ceil(share * runs), new Random(fnv1a(`${seed} ${name} ${index}`)));
    progress(index + 1, rows.length);
    return measured;
  });
}

/** The share, or the mean. */
export const shareOf = ({ count, of }: Measured): number => count / of;

/** Whether a share is beyond its limit, by more than this number of the simulation's standard errors. */
export function isBeyond(measured: Measured, errors = 0): boolean {
  const { least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY, of, as = 'share' } = measured;
  const share = shareOf(measured);
  const room = (limit: number) => {
    if (errors === 0 || !Number.isFinite(limit)) return 0;
    return errors * (measured.error ?? (as === 'mean' ? 0 : Math.sqrt((limit * (1 - limit)) / of)));
  };
  return share < least - room(least) || share > most + room(most);
}

/** Counts how many of `runs` simulations pass each of the tests that `once` makes. */
export function countOf(runs: number, once: () => readonly boolean[]): number[] {
  const counts: number[] = [];
  for (let run = 0; run < runs; run++)
    for (const [i, passes] of once().entries()) counts[i] = (counts[i] ?? 0) + Number(passes);
  return counts;
}

export function tableMarkdown(table: Table, rows: readonly Row[]): string {
  const cells = rows.map(({ labels, measured }) => [...labels, ...measured.map(cell)]);
  const line = (texts: readonly string[]) => `| ${texts.join(' | ')} |`;
  const labels = rows[0]?.labels.length ?? 1;
  const rule = table.columns.map((_, i) => (i < labels ? '---' : '--:'));
  const runs = Math.max(...rows.flatMap(({ measured }) => measured.map(({ of }) => of)));
  const about = `${table.about} ${formatCount(runs)} simulations of each row.`;
  return [`## ${table.title}`, '', about, '', line(table.columns), line(rule), ...cells.map(line)].join('\n');
}

/** "4.7", in bold with the limit where it is beyond it. */
function cell(measured: Measured): string {
  const { least, most, of, count, as = 'share', note } = measured;
  if (of === 0) return note ?? 'none';
  const scale = as === 'mean' ? 1 : 100;
  const text = [as === 'mean' ? meanText(shareOf(measured)) : (100 * shareOf(measured)).toFixed(1)];
  if (as === 'interval')
    text.push(
      `(${intervalOf(count, of)
        .map((p) => (100 * p).toFixed(1))
        .join(' to ')})`,
    );
  if (note !== undefined) text.push(note);
  if (!isBeyond(measured)) return text.join(' ');
  const limit = [
    least === undefined ? '' : `at least ${limitText(scale * least)}`,
    most === undefined ? '' : `at most ${limitText(scale * most)}`,
  ];
  return `**${text.join(' ')}** (${limit.filter((part) => part !== '').join(', ')} expected)`;
}

/** One digit after the point; none from 100 on. */
const meanText = (value: number): string =>
  value >= 100 ? formatCount(Math.round(value)) : value.toFixed(1);

const limitText = (value: number): string =>
  Math.abs(value - Math.round(value)) < 0.05 ? formatCount(Math.round(value)) : value.toFixed(1);

/** Clopper and Pearson's 95 % interval of a share. */
export const intervalOf = (count: number, of: number): [number, number] => [
  lowerBound(count, of, 0.975),
  upperBound(count, of, 0.975),
];
