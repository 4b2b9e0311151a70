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
 * The environment of mlops.yaml that the inputs mean: by its state machine, its name or its role, else the only one.
 * Undefined on this runner, which needs none: what only AWS needs may stay in a step that serves both. Throws
 * SetupError for what mlops.yaml does not have, InputError where a name and a state machine disagree.
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
        `input environment: got ${JSON.stringify(name)}, expected ${environment}, whose state machine is given`,
      );
    return environment;
  }
  const role = inputs['role-to-assume'];
  const byRole = role === undefined ? undefined : deploymentOfRole(config, role)?.environment;
  return deploymentOf(config, name ?? byRole, 'input environment').environment;
}
