import { loadConfig } from '../../pipeline/config/load.ts';
import { InputError } from '../../pipeline/errors.ts';
import { resourceNames } from '../../pipeline/names.ts';

/** The inputs that say where a run takes place. */
export interface EnvironmentInputs {
  backend: 'embedded' | 'aws';
  config: string;
  set: string[];
  model?: string | undefined;
  environment?: string | undefined;
  'state-machine'?: string | undefined;
  'role-to-assume'?: string | undefined;
}

/**
 * The environment of mlops.yaml that the inputs mean; undefined on this runner, and where mlops.yaml has to say. Throws
 * InputError for a state machine that belongs to no environment, or not to the one that is named.
 */
export async function environmentFor(inputs: EnvironmentInputs): Promise<string | undefined> {
  const { backend, environment, config: file } = inputs;
  const machine = inputs['state-machine'];
  const role = inputs['role-to-assume'];
  if (backend === 'embedded') {
    // The inputs that only AWS needs are ignored, so that one step of a workflow serves both backends.
    return undefined;
  }
  const { config } = await loadConfig(file, { set: inputs.set, model: inputs.model });
  const known = Object.entries(config.environments).map(([name, { account, region }]) => ({
    name,
    names: resourceNames({ project: config.project, environment: name, account, region }),
  }));
  const machines = known.flatMap(({ name, names }) =>
    Object.values(names.machines).map(({ name: machineName, arn }) => ({ name, machineName, arn })),
  );
  if (machine !== undefined) {
    const found = machines.find(({ machineName, arn }) => machine === machineName || machine === arn);
    if (found === undefined)
      throw new InputError(
        `input state-machine: got ${JSON.stringify(machine)}, expected one of ${machines.map(({ machineName }) => machineName).join(', ') || 'an environment of mlops.yaml, which has none'}`,
      );
    if (environment !== undefined && environment !== found.name)
      throw new InputError(
        `input environment: got ${JSON.stringify(environment)}, expected ${found.name}, whose state machine is given`,
      );
    return found.name;
  }
  const byRole = known.find(
    ({ names }) => role === names.pullRequestRole.arn || role === names.deployRole.arn,
  );
  return environment ?? byRole?.name;
}
