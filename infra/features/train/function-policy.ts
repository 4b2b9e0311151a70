import type { TrainFunction } from '../../../pipeline/names.ts';
import type { Place } from '../../environment.ts';
import { type Needs, statementsOf } from '../../iam/function-needs.ts';
import type { Statement } from '../../iam/statement.ts';

const needs: Readonly<Record<TrainFunction, Needs>> = {
  lease: { writes: ['lease'] },
  plan: {
    reads: ['prepared', 'model', 'champion', 'run'],
    writes: ['execution', 'deployed'],
    folders: ['settings'],
    registry: 'read',
    data: true,
  },
  keep: {
    writes: ['prepared', 'model', 'scores'],
    folders: ['prepared', 'models', 'scores'],
    versions: true,
  },
  inspect: { reads: ['prepared', 'model', 'scores'], registry: 'read' },
  gate: {
    writes: ['look-*', 'holdout'],
    folders: ['runs', 'holdouts', 'sealed'],
    registry: 'read',
    jobs: 'read',
  },
  register: { folders: ['configs', 'packages'], registry: 'register', images: true },
  promote: {
    reads: ['lease', 'rolled-back'],
    writes: ['champion', 'champion-change'],
    folders: ['runs'],
    registry: 'approve',
    images: true,
  },
  record: {
    reads: ['prepared'],
    writes: ['run', 'lease', 'execution', 'notice'],
    folders: ['trials'],
    executions: true,
    notices: true,
  },
  'close-run': {
    writes: ['run', 'release', 'finding', 'lease', 'execution', 'notice'],
    jobs: 'stop',
    executions: true,
    notices: true,
    events: true,
  },
};

/** The policy of a function's role. `sources` are the `s3://` URIs of mlops.yaml outside the environment's buckets. */
export const functionPolicy = (name: TrainFunction, place: Place, sources: readonly string[]): Statement[] =>
  statementsOf(needs[name], place, sources);
