import { SetupError } from '../errors.ts';
import type { Deployment } from '../names.ts';
import type { Config } from './schema.ts';

/** The environment of mlops.yaml by its name, or the only one. Throws SetupError. */
export function deploymentOf(
  { project, environments }: Pick<Config, 'project' | 'environments'>,
  name: string | undefined,
): Deployment {
  const known = Object.keys(environments);
  const environment = name ?? (known.length === 1 ? known[0] : undefined);
  // Own keys only: `constructor` is no environment.
  if (environment !== undefined && known.includes(environment)) {
    const { account, region } = environments[environment] ?? { account: '', region: '' };
    return { project, environment, account, region };
  }
  throw new SetupError(
    `--environment: got ${name === undefined ? 'none' : JSON.stringify(name)}, ` +
      (known.length > 0
        ? `expected one of mlops.yaml: ${known.join(', ')}`
        : 'and mlops.yaml has no environments; expected environments: { NAME: { account: "...", region: ... } }'),
  );
}
