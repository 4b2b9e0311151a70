import {
  chooseEnvironment,
  deploymentOf,
  environmentsOf,
  hasPullRequestRole,
  reviewedRepositories,
} from '../pipeline/config/environment.ts';
import { type Config, holdoutSource } from '../pipeline/config/schema.ts';
import { SetupError } from '../pipeline/errors.ts';
import { type Deployment, type ResourceNames, resourceNames } from '../pipeline/names.ts';
import { type Looks, looksOf } from './features/monitor/looks.ts';
import { type Triggers, triggersOf } from './features/triggers/watched-places.ts';

/** The parts of an environment's names and ARNs. */
export interface Place {
  readonly names: ResourceNames;
  readonly project: string;
  readonly account: string;
  readonly region: string;
}

/** One environment of mlops.yaml, with everything that its stacks need. */
export interface Environment extends Place {
  readonly name: string;
  readonly settings: Readonly<Config['environments'][string]>;
  /** `s3://` URIs that runs, releases and looks read data from. */
  readonly sources: readonly string[];
  /** The engine of the prepare job. */
  readonly engine: Config['prepare']['engine'];
  /** Built images in other repositories, which mlops.yaml names. */
  readonly images: readonly string[];
  /** ARNs of the project's repositories elsewhere that may hold a reviewed image, which a deployment copies from there. */
  readonly reviewed: readonly string[];
  /** ARNs of the deploy roles in other accounts that copy reviewed images from this environment. */
  readonly readers: readonly string[];
  /** The ceiling for the cost of a run, in US dollars: the highest budget of the models as they are deployed; null: none. */
  readonly mostRunUsd: number | null;
  /** The places and timetables that start runs and releases without a person. */
  readonly triggers: Triggers;
  /** When the predictions of which models are looked at. */
  readonly looks: readonly Looks[];
  /** Models that answer requests, and how. */
  readonly served: readonly { readonly model: string; readonly mode: 'endpoint' | 'serverless' }[];
  /** The addresses that are told of failures. */
  readonly emails: readonly string[];
}

/**
 * The environment of this name, for all models of the project. Throws SetupError if mlops.yaml has no such environment
 * (chooseEnvironment), if the models ask for different engines (a stack has one), or if
 * several would start a workflow that trains one.
 */
export function environmentOf(
  models: readonly [Config, ...Config[]],
  name: string | undefined,
  given?: string,
): Environment {
  const [first] = models;
  const { deployment, settings } = chooseEnvironment(first, name, given);
  const { project, environment, account, region } = deployment;
  const names = resourceNames(deployment);
  if (settings.repository_dispatch && models.length > 1)
    throw new SetupError(
      `environments.${environment}.repository_dispatch: got a project of ${models.length} models, expected one: the workflow Retrain trains the only model`,
    );
  return {
    name: environment,
    project,
    account,
    region,
    names,
    settings,
    sources: distinct(
      models
        .flatMap(({ data, monitoring }) => [
          data.source,
          data.scoring,
          holdoutSource(data),
          monitoring?.truth ?? null,
        ])
        .filter((uri): uri is string => uri?.startsWith('s3://') ?? false),
    ),
    engine: engineOf(models),
    images: distinct(models.flatMap(({ model }) => model.image ?? [])),
    reviewed: reviewedElsewhere(first, environment),
    readers: hasPullRequestRole(settings) ? deployRolesElsewhere(first, deployment) : [],
    mostRunUsd: ceilingOf(models),
    triggers: triggersOf(models, names),
    looks: looksOf(models),
    served: models.flatMap(({ name: model, inference: { mode } }) =>
      mode === 'batch' ? [] : [{ model, mode }],
    ),
    emails: first.notifications.email,
  };
}

const reviewedElsewhere = (config: Config, environment: string): string[] =>
  reviewedRepositories(config, environment)
    .filter(({ deployment }) => deployment.environment !== environment)
    .map(({ deployment: { account, region }, name }) => {
      const { partition } = resourceNames(deploymentOf(config, environment));
      return `arn:${partition}:ecr:${region}:${account}:repository/${name}`;
    });

function deployRolesElsewhere(config: Config, { account, environment }: Deployment): string[] {
  return environmentsOf(config)
    .filter(
      ({ deployment }) =>
        deployment.account !== account &&
        reviewedRepositories(config, deployment.environment).some(
          ({ deployment: { environment: from } }) => from === environment,
        ),
    )
    .map(({ deployment }) => resourceNames(deployment).deployRole.arn);
}

function ceilingOf(models: readonly Config[]): number | null {
  const budgets = models.map(({ budget }) => budget.max_run_usd);
  return budgets.includes(null) ? null : Math.max(...budgets.map(Number));
}

function engineOf(models: readonly [Config, ...Config[]]): Environment['engine'] {
  const [first] = models;
  const other = models.find(({ prepare }) => prepare.engine !== first.prepare.engine);
  if (other === undefined) return first.prepare.engine;
  throw new SetupError(
    `prepare.engine: got ${first.prepare.engine} in model ${first.name} and ${other.prepare.engine} in ${other.name}, ` +
      'expected one for all models: an environment deploys one engine',
  );
}

const distinct = (values: string[]): string[] => [...new Set(values)];
