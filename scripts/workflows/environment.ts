import { annotateError } from '../../actions/shared/annotate.ts';
import { loadProject } from '../../pipeline/config/load.ts';
import type { Config } from '../../pipeline/config/schema.ts';
import { causedByInput } from '../../pipeline/errors.ts';
import { type Deployment, resourceNames } from '../../pipeline/names.ts';

/** The facts about an environment that the workflows need. */
export interface WorkflowEnvironment {
  name: string;
  region: string;
  /** The repository of released images, `HOST/NAME`. */
  release: string;
}

/** The chosen environment of mlops.yaml. An error in mlops.yaml or in the choice is annotated and ends the step. */
export async function environmentOf(
  choose: (project: Pick<Config, 'project' | 'environments'>) => Deployment,
): Promise<WorkflowEnvironment> {
  try {
    return described(choose(await loadProject('mlops.yaml')));
  } catch (error) {
    if (!(error instanceof Error && causedByInput(error.name))) throw error;
    annotateError(error.message, { file: 'mlops.yaml', title: 'Configuration' });
    process.exit(1);
  }
}

export function described(deployment: Deployment): WorkflowEnvironment {
  const { registryHost, releaseRepository } = resourceNames(deployment);
  return {
    name: deployment.environment,
    region: deployment.region,
    release: `${registryHost}/${releaseRepository}`,
  };
}
