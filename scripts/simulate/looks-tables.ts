import type { GatePolicy } from '../../pipeline/gate/policy.ts';
import type { Random } from '../../pipeline/statistics/random.ts';
import { NON_INFERIOR, promotions, SUPERIOR, seriesPromotions } from './looks.ts';
import type { Table } from './table.ts';

const HOLDOUT = { rows: 2000, positives: 400 };
const CHAMPION = 0.85;
const CHALLENGERS = 20;

const ruleRow =
  (truth: string, loss: number, most: { superior?: number; nonInferior?: number }) =>
  (runs: number, random: Random) => {
    const promoted = (policy: GatePolicy) =>
      promotions(runs, { ...HOLDOUT, champion: CHAMPION, challenger: CHAMPION - loss, policy }, random);
    return {
      labels: [truth],
      measured: [
        { count: promoted(SUPERIOR), of: runs, most: most.superior },
        { count: promoted(NON_INFERIOR), of: runs, most: most.nonInferior },
      ],
    };
  };

export const rules: Table = {
  name: 'rules',
  title: 'Whole verdicts',
  share: 0.25,
  about:
    'How often, in %, the gate promotes a challenger on 2,000 rows, 400 of them positive; the champion’s true AUC is .85, and ' +
    'half of a row’s luck is shared. Expected: at most 6 where the challenger is as far behind as the rule excludes, or further.',
  columns: ['the challenger’s truth', '`superior`', '`non_inferior`, margin .03'],
  rows: [
    ruleRow('.03 better', -0.03, {}),
    ruleRow('equal', 0, { superior: 0.06 }),
    ruleRow('.03 worse', 0.03, { superior: 0.06, nonInferior: 0.06 }),
    ruleRow('.06 worse', 0.06, { superior: 0.06, nonInferior: 0.06 }),
  ],
};

const seriesRow =
  (rule: string, policy: GatePolicy | 'naive', most?: number) => (series: number, random: Random) => {
    let promoted = 0;
    let any = 0;
    for (let i = 0; i < series; i++) {
      const count = seriesPromotions(CHALLENGERS, { ...HOLDOUT, auc: CHAMPION, policy }, random);
      promoted += count;
      if (count > 0) any++;
    }
    return {
      labels: [rule],
      measured: [
        { count: promoted, of: CHALLENGERS * series },
        { count: any, of: series, most },
      ],
    };
  };

export const manyLooks: Table = {
  name: 'looks',
  title: 'Many looks at one holdout',
  share: 0.1,
  about:
    'Series of 20 equal challengers on one such holdout, each against the champion of the day and chosen without sight of ' +
    'earlier results: how many, in %, of the challengers are promoted, and how many of the series see any promotion. ' +
    'Expected of `reuse: correct`: at most 6 of the series.',
  columns: ['rule', 'challengers promoted', 'series with a promotion'],
  rows: [
    seriesRow('naive: the higher AUC', 'naive'),
    seriesRow('`superior`, `reuse: report`', SUPERIOR),
    seriesRow('`superior`, `reuse: correct`', { ...SUPERIOR, reuse: 'correct' }, 0.06),
  ],
};
