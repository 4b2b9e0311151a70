import { type TrainFunction, trainStepNames } from '../../../pipeline/names.ts';
import type { Environment } from '../../environment.ts';
import type { FunctionSettings } from '../../foundation/functions.ts';
import { decryptData } from '../../iam/access.ts';
import type { Statement } from '../../iam/statement.ts';
import { functionPolicy } from './function-policy.ts';
import { engineAccess } from './prepare/engine-access.ts';

/**
 * Memory in MB. Plan checks up to 200 MB of data, which it keeps on Lambda's 512 MB disk: 13.7 million rows of an id and a
 * label took 1.2 GB. Gate keeps the scores of all holdout rows in memory.
 */
const memory: Partial<Record<TrainFunction, number>> = { plan: 1769, gate: 1769 };

export const trainFunctionNames: readonly TrainFunction[] = [...trainStepNames, 'close-run'];

/** The functions that the train machine calls, and the one that closes runs. */
export function trainFunctions(environment: Environment): Readonly<Record<TrainFunction, FunctionSettings>> {
  const further: Partial<Record<TrainFunction, readonly Statement[]>> = {
    plan: decryptData(environment.settings),
    'close-run': engineAccess(environment).stop(environment),
  };
  const settings = (name: TrainFunction): FunctionSettings => ({
    statements: [...functionPolicy(name, environment, environment.sources), ...(further[name] ?? [])],
    ...(memory[name] !== undefined && { memory: memory[name] }),
    // A pull request brings its own budget, so the deployed one is its ceiling.
    ...(name === 'plan' &&
      environment.mostRunUsd !== null && {
        variables: { MLOPS_MOST_RUN_USD: String(environment.mostRunUsd) },
      }),
  });
  return Object.fromEntries(trainFunctionNames.map((name) => [name, settings(name)])) as Record<
    TrainFunction,
    FunctionSettings
  >;
}
