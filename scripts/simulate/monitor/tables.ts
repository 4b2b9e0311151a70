import type { Table } from '../table.ts';
import { driftDelays, driftFalseAlarms, driftNoticed } from './drift-tables.ts';
import { estimates } from './estimate-table.ts';
import { atLimit, evidence } from './evidence-table.ts';
import { labelDelays, labelFalseAlarms } from './label-tables.ts';
import { type Interpreters, peerTable } from './peer-table.ts';

export type { Interpreters };

/** Every table of `npm run simulate -- monitor`, in order; others' programs judge only where they are given. */
export const monitorTables = (interpreters: Interpreters): readonly Table[] => [
  evidence,
  atLimit,
  labelFalseAlarms,
  labelDelays,
  driftFalseAlarms,
  driftNoticed,
  driftDelays,
  estimates,
  peerTable(interpreters),
];
