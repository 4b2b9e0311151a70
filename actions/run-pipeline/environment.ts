import { loadConfig } from '../../pipeline/config/load.ts';
import { resourceNames } from '../../pipeline/names.ts';
import { InputError } from '../shared/inputs.ts';
import type { Inputs } from './inputs.ts';

/**
 * The environment of mlops.yaml that the inputs mean; undefined on this runner, or where mlops.yaml is to say. Throws
 * InputError for a state machine of no environment, or of another than is named.
 */
export async function environmentFor(inputs: Inputs): Promise<string | undefined> {
  const { backend, environment, config: file } = inputs;
  const machine = inputs['state-machine'];
  const role = inputs['role-to-assume'];
  if (backend === 'embedded') {
    // So that one step serves both, what only AWS needs may be left in place.
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
