import type { Config } from './schema.ts';

/** SageMaker's longest deployment, in seconds. */
export const longestDeployment = 28_800;

/**
 * How an endpoint of several instances moves to a new model: the instances of a step, and the seconds that it bakes in all. A
 * share counts in whole instances; SageMaker takes at most half of them in a step.
 */
export function deploymentSteps({
  strategy,
  canary: { share, bake },
  instance: { count },
}: Config['inference']): { instances: number; bakes: number } {
  const instances = Math.max(1, Math.min(Math.ceil(count * share), Math.floor(count / 2)));
  const steps = { all_at_once: 0, canary: 1, linear: Math.ceil(count / instances) }[strategy];
  // The last one is with the new model alone, before the old instances go.
  return { instances, bakes: (steps + 1) * bake };
}
