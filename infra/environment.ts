import { chooseEnvironment } from '../pipeline/config/environment.ts';
import type { Config } from '../pipeline/config/schema.ts';
import { type ResourceNames, resourceNames } from '../pipeline/names.ts';

/** What an environment's names and ARNs are made of. */
export interface Place {
  readonly names: ResourceNames;
  readonly project: string;
  readonly account: string;
  readonly region: string;
}

/** One environment of mlops.yaml, with all that its stacks are made from. */
export interface Environment extends Place {
  readonly name: string;
  readonly settings: Readonly<Config['environments'][string]>;
  /** `s3://` URIs that runs read data from. */
  readonly sources: readonly string[];
  /** What runs the prepare job. */
  readonly engine: Config['prepare']['engine'];
  /** A ready image of another repository. */
  readonly image: string | null;
  /** Who hears of failures. */
  readonly emails: readonly string[];
}

/** Throws SetupError where mlops.yaml has no such environment; see chooseEnvironment. */
export function environmentOf(config: Config, name: string | undefined, given?: string): Environment {
  const { deployment, settings } = chooseEnvironment(config, name, given);
  const { project, environment, account, region } = deployment;
  return {
    name: environment,
    project,
    account,
    region,
    names: resourceNames(deployment),
    settings,
    sources: [config.data.source, config.data.scoring].filter(
      (uri): uri is string => uri?.startsWith('s3://') ?? false,
    ),
    engine: config.prepare.engine,
    image: config.model.image,
    emails: config.notifications.email,
  };
}
