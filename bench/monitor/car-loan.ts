#!/usr/bin/env node
/**
 * Judges NannyML's synthetic car loans month by month, beside NannyML itself:
 *
 *     node bench/monitor/car-loan.ts PYTHON
 *
 * PYTHON is an interpreter with requirements-nannyml.txt; the data are inside that package. The reference is NannyML's
 * reference period, and labels come a month later. Rows are counted here as the prepare program counts them.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'csv-parse/sync';
import { emptyHistory } from '../../pipeline/monitor/history.ts';
import { judge } from '../../pipeline/monitor/judge.ts';
import type { Look } from '../../pipeline/monitor/look.ts';
import type { ColumnReference, Reference } from '../../pipeline/monitor/reference.ts';
import { binOf, referenceOf } from '../../pipeline/monitor/reference-of.ts';
import type { WindowColumn, WindowSummary } from '../../pipeline/monitor/window.ts';
import type { BinaryScores } from '../../pipeline/statistics/scores.ts';

const MONTH = 30 * 86_400_000;
const NUMBERS = ['car_value', 'debt_to_income_ratio', 'loan_length', 'driver_tenure'];
const CATEGORIES = ['salary_range', 'repaid_loan_on_prev_car', 'size_of_downpayment'];
const CLASSES: [string, string] = ['0', '1'];
/** The model's own: of probabilities that have two digits, .5 counts as positive. */
const THRESHOLD = 0.5;

type Row = Record<string, string>;

interface Month {
  start: string;
  end: string;
  rows: Row[];
}

const [python = ''] = process.argv.slice(2);
if (python === '') throw new Error('Usage: node bench/monitor/car-loan.ts PYTHON');

const find = 'import importlib.util as u; print(u.find_spec("nannyml").submodule_search_locations[0])';
const data = join(execFileSync(python, ['-c', find], { encoding: 'utf8' }).trim(), 'datasets/data');
const read = (name: string): Row[] =>
  parse(readFileSync(join(data, `synthetic_car_loan_${name}.csv`)), { columns: true });

const before = read('reference');
const labels = new Map(read('analysis_target').map(({ id, repaid }) => [id, repaid]));
const after = read('analysis').map((row): Row => ({ ...row, repaid: labels.get(row.id ?? '') ?? '' }));
const reference = referenceFrom(before);
const months = monthsOf(after);

const settings: Look['settings'] = {
  schedule: 'monthly',
  window: MONTH / 1000,
  truth: 'truth',
  label_delay: MONTH / 1000,
  coverage: 0.5,
  drift: { tolerance: 0.1, false_alarms: 0.05 },
  decay: { metric: 'roc_auc', min: 0.968, mean_labels_between_false_alarms: 20_000, cool_down: 0 },
};

let history = emptyHistory();
for (const [i, month] of months.entries()) {
  const due = months[i - 1];
  const look = await judge(history, {
    model: 'car-loan',
    settings,
    at: month.end,
    current: 'car-loan/1',
    gone: null,
    references: new Map([['car-loan/1', reference]]),
    summary: {
      version: 1,
      sources: [month.start],
      windows: [windowOf(month)],
      truth: { rows: 0, conflicts: 0, unknown: 0, early: 0, future: 0, bad: 0, matched: 0 },
      notes: [],
    },
    labelled:
      due === undefined
        ? []
        : [
            {
              package: 'car-loan/1',
              start: due.start,
              end: due.end,
              uri: due.start,
              first: 0,
              rows: due.rows.length,
              coverage: [{ rows: due.rows.length, labelled: due.rows.length }],
            },
          ],
    read: async () => ({
      scores: scoresOf(due?.rows ?? []),
      labels: Float64Array.from(due?.rows ?? [], ({ repaid }) => Number(repaid)),
    }),
  });
  history = look.history;
  const { finding } = look;
  const alarms = finding.evidence.filter(({ outcome }) => outcome === 'alarm');
  const told = history.windows.find(({ summary }) => summary.start === month.start);
  const was = history.windows.find(({ summary }) => summary.start === due?.start);
  process.stdout.write(
    `${month.start.slice(0, 10)}  ${month.rows.length} rows  ${finding.finding}; estimated AUC ${rounded(told?.estimates.roc_auc?.value)} [${told?.estimates.roc_auc?.interval.map(rounded).join(', ')}]; ` +
      `by labels of the month before ${rounded(was?.labels.metrics.roc_auc?.value)}\n` +
      alarms
        .map(({ kind, name, value, n }) => `    ${kind} ${name}: ${rounded(value)} (${n} rows)\n`)
        .join(''),
  );
}

const verdicts = execFileSync(python, ['-W', 'ignore', join(import.meta.dirname, 'nannyml_car_loan.py')], {
  encoding: 'utf8',
  stdio: ['ignore', 'pipe', 'ignore'],
});
process.stdout.write(`\nNannyML, chunks of 5,000 rows:\n${verdicts}`);

function rounded(value: number | null | undefined): string {
  return value === null || value === undefined ? 'none' : value.toFixed(3);
}

function scoresOf(rows: readonly Row[]): Float64Array {
  return Float64Array.from(rows, ({ y_pred_proba }) => Number(y_pred_proba));
}

function monthsOf(rows: readonly Row[]): Month[] {
  const timeOf = ({ timestamp = '' }: Row) => Date.parse(`${timestamp.replace(' ', 'T')}Z`);
  const first = timeOf(rows[0] ?? {});
  const found: Month[] = [];
  for (const row of rows) {
    const k = Math.floor((timeOf(row) - first) / MONTH);
    const start = first + k * MONTH;
    found[k] ??= {
      start: new Date(start).toISOString(),
      end: new Date(start + MONTH).toISOString(),
      rows: [],
    };
    found[k].rows.push(row);
  }
  return found;
}

function referenceFrom(rows: readonly Row[]): Reference {
  const scores: BinaryScores = {
    problem: 'binary',
    source: 'car loans',
    ids: rows.map(({ id = '' }) => id),
    slices: new Map(),
    positions: null,
    classes: CLASSES,
    labels: Uint8Array.from(rows, ({ repaid }) => Number(repaid)),
    scores: scoresOf(rows),
    predicted: null,
  };
  const columns = [
    ...NUMBERS.map((name) => numbersOf(name, rows)),
    ...CATEGORIES.map((name) => textsOf(name, rows)),
  ];
  return referenceOf(scores, {}, CLASSES, columns, THRESHOLD);
}

function numbersOf(name: string, rows: readonly Row[]): ColumnReference {
  const sorted = valuesOf(name, rows).sort();
  const cuts = Array.from({ length: 9 }, (_, i) => sorted[Math.floor(((i + 1) * sorted.length) / 10)] ?? 0);
  const edges = [...new Set(cuts)].filter((edge) => edge > (sorted[0] ?? 0));
  const missing = rows.length - sorted.length;
  const range: [number, number] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  return { name, type: 'number', edges, counts: inBins(sorted, edges), missing, range };
}

function textsOf(name: string, rows: readonly Row[]): ColumnReference {
  const counts = countedBy(name, rows);
  const missing = counts.get('') ?? 0;
  counts.delete('');
  const categories = [...counts.keys()];
  return {
    name,
    type: 'category',
    categories,
    counts: [...counts.values()],
    others: 0,
    missing,
    known: categories,
  };
}

function valuesOf(name: string, rows: readonly Row[]): Float64Array {
  return Float64Array.from(
    rows.map((row) => row[name] ?? '').filter((text) => text !== ''),
    Number,
  );
}

function inBins(values: ArrayLike<number>, edges: readonly number[]): number[] {
  const counts = new Array<number>(edges.length + 1).fill(0);
  for (const value of Array.from(values)) {
    const bin = binOf(value, edges);
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return counts;
}

function countedBy(name: string, rows: readonly Row[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row[name] ?? '', (counts.get(row[name] ?? '') ?? 0) + 1);
  return counts;
}

function windowOf({ start, end, rows }: Month): WindowSummary {
  const edges = reference.scores[0]?.edges ?? [];
  const scores = scoresOf(rows);
  const sums = new Array<number>(edges.length + 1).fill(0);
  for (const score of scores) sums[binOf(score, edges)] = (sums[binOf(score, edges)] ?? 0) + score;
  const positive = scores.filter((score) => score >= THRESHOLD).length;
  return {
    package: 'car-loan/1',
    start,
    end,
    rows: rows.length,
    scores: [{ name: '', counts: inBins(scores, edges), sums, bad: 0 }],
    decisions: [rows.length - positive, positive],
    columns: reference.columns.map((column): WindowColumn => {
      const { name } = column;
      if (column.type === 'number') {
        const values = valuesOf(name, rows);
        return {
          name,
          type: 'number',
          absent: false,
          counts: inBins(values, column.edges),
          missing: rows.length - values.length,
        };
      }
      const counts = countedBy(name, rows);
      const unseen = [...counts.keys()].filter((text) => text !== '' && !column.known?.includes(text));
      return {
        name,
        type: 'category',
        absent: false,
        counts: column.categories.map((category) => counts.get(category) ?? 0),
        others: 0,
        unseen: unseen.reduce((sum, text) => sum + (counts.get(text) ?? 0), 0),
        examples: unseen.slice(0, 5),
        missing: counts.get('') ?? 0,
      };
    }),
  };
}
