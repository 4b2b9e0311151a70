import { deploymentOf, deploymentOfMachine, deploymentOfRole } from '../../pipeline/config/environment.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { InputError } from '../shared/inputs.ts';
import type { Inputs } from './inputs.ts';

/**
 * The environment of mlops.yaml that the inputs mean: by its state machine, its name or its role, else the only one.
 * Undefined on this runner, which needs none: what only AWS needs may stay in a step that serves both. Throws
 * SetupError for what mlops.yaml does not have, InputError where a name and a state machine disagree.
 */
export async function environmentFor(inputs: Inputs): Promise<string | undefined> {
  const { backend, environment: name, config: file, set } = inputs;
  if (backend === 'embedded') return undefined;
  const { config } = await loadConfig(file, { set });
  const machine = inputs['state-machine'];
  if (machine !== undefined) {
    const { environment } = deploymentOfMachine(config, machine, 'input state-machine');
    if (name !== undefined && name !== environment)
      throw new InputError(
        `input environment: got ${JSON.stringify(name)}, expected ${environment}, whose state machine is given`,
      );
    return environment;
  }
  const role = inputs['role-to-assume'];
  const byRole = role === undefined ? undefined : deploymentOfRole(config, role)?.environment;
  return deploymentOf(config, name ?? byRole, 'input environment').environment;
}
