import type { Config } from '../pipeline/config/schema.ts';
import { resourceNames } from '../pipeline/names.ts';
import { sourcesOf } from './features/train/job-policy.ts';
import type { Place } from './iam/actions-of.ts';

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

/** Throws EnvironmentError where mlops.yaml has no such environment. */
export function environmentOf(config: Config, name: string | undefined): Environment {
  const known = Object.keys(config.environments);
  const chosen = name ?? (known.length === 1 ? known[0] : undefined);
  const settings = chosen === undefined ? undefined : config.environments[chosen];
  if (chosen === undefined || settings === undefined) {
    const expected =
      known.length === 0
        ? 'mlops.yaml names no environment: add environments: { staging: { account: "111111111111", region: us-east-1 } }'
        : `expected --environment with one of ${known.join(', ')}`;
    throw new EnvironmentError(`environment: got ${name ?? 'none'}, ${expected}`);
  }
  const { account, region } = settings;
  return {
    name: chosen,
    project: config.project,
    account,
    region,
    names: resourceNames({ project: config.project, environment: chosen, account, region }),
    settings,
    sources: sourcesOf(config),
    engine: config.prepare.engine,
    image: config.model.image,
    emails: config.notifications.email,
  };
}

/** What the user can mend in mlops.yaml or on the command line. */
export class EnvironmentError extends Error {
  override readonly name = 'EnvironmentError';
}
