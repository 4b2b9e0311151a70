#!/usr/bin/env node
/** Prints how often the gate promotes, rightly and wrongly: node pipeline/gate/simulate.ts [HOLDOUTS] */
import { Random } from '../statistics/random.ts';
import { NON_INFERIOR, promotions, SUPERIOR, seriesPromotions } from './simulation.ts';

const times = Number(process.argv[2] ?? 4000);
const series = Math.ceil(times / 10);
const random = new Random(2026);
const holdout = { rows: 2000, positives: 400 };

function line(truth: string, rule: string, promoted: number, of: number): void {
  const share = promoted / of;
  const error = Math.sqrt((share * (1 - share)) / of);
  console.log(`| ${truth} | ${rule} | ${(100 * share).toFixed(1)} % ± ${(100 * error).toFixed(1)} |`);
}

console.log(
  `${times} holdouts of ${holdout.rows} rows, ${holdout.positives} of them positive; champion's true AUC .85\n`,
);
console.log('| truth | rule at 95 % | promoted |\n|---|---|---|');
for (const [truth, loss] of [
  ['gain of .03', -0.03],
  ['tie', 0],
  ['loss of .03', 0.03],
  ['loss of .06', 0.06],
] as const) {
  for (const [rule, policy] of [
    ['superior', SUPERIOR],
    ['non_inferior, margin .03', NON_INFERIOR],
  ] as const) {
    const models = { champion: 0.85, challenger: 0.85 - loss, policy };
    line(truth, rule, promotions(times, { ...holdout, ...models }, random), times);
  }
}

console.log(
  `\n${series} series of 20 tied challengers on one holdout, each against the champion of the day\n`,
);
console.log('| rule | promoted of 20 | series with any |\n|---|---|---|');
for (const [rule, policy] of [
  ['naive: the higher AUC', 'naive'],
  ['superior, reuse: report', SUPERIOR],
  ['superior, reuse: correct', { ...SUPERIOR, reuse: 'correct' }],
] as const) {
  const counts = Array.from({ length: series }, () =>
    seriesPromotions(20, { ...holdout, auc: 0.85, policy }, random),
  );
  const mean = counts.reduce((sum, count) => sum + count, 0) / series;
  const any = counts.filter((count) => count > 0).length / series;
  const error = Math.sqrt((any * (1 - any)) / series);
  console.log(`| ${rule} | ${mean.toFixed(2)} | ${(100 * any).toFixed(1)} % ± ${(100 * error).toFixed(1)} |`);
}
