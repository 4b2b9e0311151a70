import type { ReleaseFunction } from '../../../pipeline/names.ts';
import type { Environment } from '../../environment.ts';
import type { FunctionSettings } from '../../foundation/functions.ts';
import { decryptData } from '../../iam/access.ts';
import { type Needs, statementsOf } from '../../iam/function-needs.ts';

/** Only `point` writes the pointer, and of these functions only it the champion. */
const needs: Readonly<Record<ReleaseFunction, Needs>> = {
  'plan-release': {
    reads: [
      'deployed',
      'landed',
      'champion',
      'champion-change',
      'rolled-back',
      'pointer',
      'delivered',
      'release',
    ],
    writes: ['execution'],
    folders: ['settings', 'releases'],
    registry: 'read',
    data: true,
    images: true,
  },
  'keep-release': {
    writes: ['delivered'],
    folders: ['releases', 'inputs', 'predictions'],
    versions: true,
  },
  smoke: { reads: ['deployed'], registry: 'read', endpoints: true },
  point: {
    reads: ['lease'],
    writes: ['pointer', 'champion', 'champion-change', 'rolled-back'],
    folders: ['pointers'],
    registry: 'approve',
  },
  page: { reads: ['release', 'run', 'deployed'], folders: ['releases'], registry: 'read' },
  'record-release': { writes: ['release', 'lease', 'execution'], executions: true },
};

/** The functions that the release machine calls, but for the lease, which it shares with runs that promote. */
export function releaseFunctions(
  environment: Environment,
): Readonly<Record<ReleaseFunction, FunctionSettings>> {
  const { sources, settings } = environment;
  const settingsOf = (own: Needs): FunctionSettings => ({
    statements: [...statementsOf(own, environment, sources), ...(own.data ? decryptData(settings) : [])],
  });
  return {
    'plan-release': settingsOf(needs['plan-release']),
    'keep-release': settingsOf(needs['keep-release']),
    smoke: settingsOf(needs.smoke),
    point: settingsOf(needs.point),
    page: settingsOf(needs.page),
    'record-release': settingsOf(needs['record-release']),
  };
}
