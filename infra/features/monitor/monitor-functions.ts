import type { MonitorStep } from '../../../pipeline/names.ts';
import type { Environment } from '../../environment.ts';
import type { FunctionSettings } from '../../foundation/functions.ts';
import { decryptData } from '../../iam/access.ts';
import { type Needs, statementsOf } from '../../iam/function-needs.ts';

/** Only `record-look` writes what a look found, and none of them predictions, pointer, champion or an approval. */
const needs: Readonly<Record<MonitorStep, Needs>> = {
  'plan-look': {
    reads: ['deployed', 'pointer', 'release', 'monitoring'],
    writes: ['execution'],
    folders: ['looks'],
    registry: 'read',
    data: true,
  },
  judge: { folders: ['looks'], registry: 'read', versions: true },
  'page-look': {
    reads: ['champion-change', 'release'],
    folders: ['looks'],
    registry: 'read',
  },
  'record-look': {
    reads: ['deployed'],
    writes: ['monitoring', 'finding', 'retrain', 'execution'],
    folders: ['looks', 'monitoring'],
    registry: 'read',
    // Whether there are rows that the package was not trained on.
    data: true,
    executions: true,
  },
};

/** Memory in MB. Judge keeps the scores and labels of a window in memory. */
const memory: Partial<Record<MonitorStep, number>> = { judge: 1769 };

/** The functions that the monitor machine calls. */
export function monitorFunctions(environment: Environment): Readonly<Record<MonitorStep, FunctionSettings>> {
  const { sources, settings } = environment;
  const settingsOf = (name: MonitorStep): FunctionSettings => {
    const own = needs[name];
    return {
      statements: [...statementsOf(own, environment, sources), ...(own.data ? decryptData(settings) : [])],
      ...(memory[name] !== undefined && { memory: memory[name] }),
    };
  };
  return Object.fromEntries(
    Object.keys(needs).map((name) => [name, settingsOf(name as MonitorStep)]),
  ) as Record<MonitorStep, FunctionSettings>;
}
