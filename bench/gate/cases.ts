/** The benchmark's cases in the gate: node cases.ts CASE SIZE_OR_FILE prints seconds a time and the peak memory. */

import { readScores } from '../../pipeline/gate/scores.ts';
import { holdoutOf, modelOn } from '../../pipeline/gate/simulation.ts';
import { bootstrap } from '../../pipeline/statistics/bootstrap.ts';
import { aucVariance, compareAucs, placements } from '../../pipeline/statistics/delong.ts';
import { modelOf } from '../../pipeline/statistics/model.ts';
import { Random } from '../../pipeline/statistics/random.ts';

const TIMES = 5;

type Case = (argument: string) => () => unknown;

const cases: Record<string, Case> = {
  delong(size) {
    const n = Number(size);
    const random = new Random(0);
    const labels = new Uint8Array(n);
    const [first, second] = [new Float64Array(n), new Float64Array(n)];
    for (let i = 0; i < n; i++) {
      labels[i] = i % 5 === 0 ? 1 : 0;
      const shared = 1.2 * labels[i]! + random.normal();
      first[i] = 1 / (1 + Math.exp(-shared - random.normal()));
      second[i] = 1 / (1 + Math.exp(-shared - random.normal()));
    }
    return () => {
      const one = placements(labels, first);
      const two = placements(labels, second);
      return [aucVariance(one), aucVariance(two), compareAucs(one, two)];
    };
  },
  /** Brier scores of both models, which give the interval of each and of their difference. */
  bootstrap(size) {
    const n = Number(size);
    const random = new Random(0);
    const holdout = holdoutOf(n, n / 5, random);
    const brier = () => modelOf(modelOn(holdout, 0.85, random), 0.5).statistics.get('brier')!;
    const both = [brier(), brier()];
    return () => bootstrap(both, { classes: [n / 5, n], replicates: 2000, seed: 0 });
  },
  read: (file) => () => readScores(file, { problem: 'binary' }),
};

const [name = '', argument = ''] = process.argv.slice(2);
const run = cases[name]!(argument);
const seconds: number[] = [];
for (let time = 0; time < TIMES; time++) {
  const start = performance.now();
  await run();
  seconds.push((performance.now() - start) / 1000);
}
const peak_mb = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ seconds, peak_mb, version: `Node ${process.version}` }));
