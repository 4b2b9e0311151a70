import { aucCoverage, aucDifferences } from './auc-tables.ts';
import { bootstrapCoverage } from './bootstrap-table.ts';
import { floorOfRegression } from './floor-table.ts';
import { manyLooks, rules } from './looks-tables.ts';
import { slicesOfEqualCandidate } from './slices-table.ts';

/** Every table of `npm run simulate`, in order. */
export const tables = [
  aucCoverage,
  aucDifferences,
  bootstrapCoverage,
  slicesOfEqualCandidate,
  floorOfRegression,
  rules,
  manyLooks,
];
