import type { Environment } from '../environment.ts';
import type { Statement } from '../iam/statement.ts';
import { pull, push, read, run } from './workflow-access.ts';

/** The policy of pull requests: start and follow evaluate runs, push candidates, read the results of runs. */
export function pullRequestPolicy(environment: Environment): Statement[] {
  const { names } = environment;
  return [
    ...run(environment, ['evaluate']),
    ...push(environment, names.candidateRepository),
    ...pull(environment, [names.candidateRepository, names.releaseRepository]),
    ...read(environment, ['evaluate']),
  ];
}
