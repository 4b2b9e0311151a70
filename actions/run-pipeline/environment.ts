import { deploymentOf, deploymentOfMachine, deploymentOfRole } from '../../pipeline/config/environment.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { InputError } from '../../pipeline/errors.ts';

/** The inputs that say where a run takes place. */
export interface EnvironmentInputs {
  backend: 'embedded' | 'aws';
  config: string;
  model?: string | undefined;
  set: string[];
  environment?: string | undefined;
  'state-machine'?: string | undefined;
  'role-to-assume'?: string | undefined;
}

/**
 * The environment of mlops.yaml that the inputs name by its state machine, its name or its role; by default the only one.
 * Undefined on this runner, which needs none, so that one step may serve both backends. Throws SetupError for an
 * environment that mlops.yaml does not have, InputError if a name and a state machine disagree.
 */
export async function environmentFor(inputs: EnvironmentInputs): Promise<string | undefined> {
  const { backend, environment: name, config: file, model, set } = inputs;
  if (backend === 'embedded') return undefined;
  const { config } = await loadConfig(file, { model, set });
  const machine = inputs['state-machine'];
  if (machine !== undefined) {
    const { environment } = deploymentOfMachine(config, machine, 'input state-machine');
    if (name !== undefined && name !== environment)
      throw new InputError(
        `input environment: got ${JSON.stringify(name)}, expected ${environment}, as input state-machine says`,
      );
    return environment;
  }
  const role = inputs['role-to-assume'];
  const byRole = role === undefined ? undefined : deploymentOfRole(config, role)?.environment;
  return deploymentOf(config, name ?? byRole, 'input environment').environment;
}
