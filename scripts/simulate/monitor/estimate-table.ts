import { estimateWindow } from '../../../pipeline/monitor/estimate-window.ts';
import { measure } from '../../../pipeline/monitor/measure.ts';
import type { Reference } from '../../../pipeline/monitor/reference.ts';
import { binOf, referenceOf } from '../../../pipeline/monitor/reference-of.ts';
import type { WindowSummary } from '../../../pipeline/monitor/window.ts';
import type { Random } from '../../../pipeline/statistics/random.ts';
import type { BinaryScores } from '../../../pipeline/statistics/scores.ts';
import { rowsOf } from '../models.ts';
import type { Row, Table } from '../table.ts';
import { type Change, drawRows, emptyRows, type Rows } from './production.ts';
import { labelled } from './watchers.ts';

/** How often the interval of a performance that is estimated before labels holds what the labels show. */

const metrics = ['roc_auc', 'accuracy', 'f1', 'brier', 'log_loss'];
const HOLDOUT = 2000;
const THRESHOLD = 0.3;

function referenceFrom({ scores, labels }: Rows): Reference {
  const rows: BinaryScores = { ...rowsOf(labels, scores), classes: ['No', 'Yes'] };
  return referenceOf(rows, {}, ['No', 'Yes'], [], THRESHOLD);
}

/** What the prepare program counts of a window's scores. */
function windowOf({ scores }: Rows, { scores: references }: Reference): WindowSummary {
  const { edges } = references[0]!;
  const counts = new Array<number>(edges.length + 1).fill(0);
  const sums = new Array<number>(edges.length + 1).fill(0);
  let flagged = 0;
  for (const score of scores) {
    const bin = binOf(score, edges);
    counts[bin]!++;
    sums[bin]! += score;
    if (score >= THRESHOLD) flagged++;
  }
  return {
    package: 'simulated',
    start: '2026-01-05T00:00:00.000Z',
    end: '2026-01-12T00:00:00.000Z',
    rows: scores.length,
    scores: [{ name: '', counts, sums, bad: 0 }],
    decisions: [scores.length - flagged, flagged],
    columns: [],
  };
}

function held(story: string, change: Change, rows: number, isSound: boolean) {
  return (asked: number, random: Random): Row => {
    const runs = isSound ? asked : Math.ceil(asked / 4);
    const counts = metrics.map(() => 0);
    const holdout = emptyRows(HOLDOUT);
    const window = emptyRows(rows);
    for (let run = 0; run < runs; run++) {
      drawRows(holdout, random);
      const reference = referenceFrom(holdout);
      drawRows(window, random, change);
      const estimates = estimateWindow(reference, windowOf(window, reference));
      const measured = measure({ ...labelled(window), threshold: THRESHOLD });
      for (const [i, metric] of metrics.entries()) {
        const [low, high] = estimates[metric]?.interval ?? [Number.NaN, Number.NaN];
        const value = measured[metric]?.value ?? Number.NaN;
        if (value >= low && value <= high) counts[i]!++;
      }
    }
    const limits = isSound ? { least: 0.93, most: 0.98 } : {};
    return {
      labels: [story, String(rows)],
      measured: counts.map((count) => ({ count, of: runs, ...limits })),
    };
  };
}

const stories: [string, Change, boolean][] = [
  ['nothing changed', {}, true],
  ['scores shift by .5', { shift: 0.5 }, true],
  ['scores shift by −.5', { shift: -0.5 }, true],
  ['AUC .85 to .80', { loss: 0.05 }, false],
  ['AUC .85 to .75', { loss: 0.1 }, false],
];

export const estimates: Table = {
  name: 'estimates',
  title: 'Estimates before labels',
  about:
    `How often, in %, the 95 % interval of an estimate holds what the window’s labels show. A holdout of ${HOLDOUT} rows. The first ` +
    'stories leave the relation of score and label as it was: expected 93 to 98. The last two change it, which no estimate without ' +
    'labels can see: the back-test on the page shows such a fall.',
  columns: ['story', 'rows in the window', ...metrics.map((metric) => `\`${metric}\``)],
  share: 0.4,
  rows: stories.flatMap(([story, change, isSound]) =>
    [1000, 100].map((rows) => held(story, change, rows, isSound)),
  ),
};
