import { SetupError } from '../errors.ts';
import { type Deployment, type ResourceNames, resourceNames } from '../names.ts';
import type { Config } from './schema.ts';

/*
 * Finds an environment of mlops.yaml by its name, role or state machine. Commands, actions, workflows and the CDK app
 * all use these functions, so that they agree on the environment and on the error for an unknown one.
 */

/** The settings that all models of a project share. */
type Project = Pick<Config, 'project' | 'environments'>;

/** An environment of mlops.yaml: the parts of its resources' names, and its settings. */
interface ChosenEnvironment {
  readonly deployment: Deployment;
  readonly settings: Readonly<Config['environments'][string]>;
}

/** All environments in the order of mlops.yaml, in which they are deployed. */
export const environmentsOf = ({ project, environments }: Project): ChosenEnvironment[] =>
  Object.entries(environments).map(([environment, settings]) => ({
    deployment: { project, environment, account: settings.account, region: settings.region },
    settings,
  }));

/**
 * The environment of this name; without a name, the only one. Throws SetupError, which begins with `given`: the option
 * or the action's input that takes the name.
 */
export function chooseEnvironment(
  config: Project,
  name: string | undefined,
  given = '--environment',
): ChosenEnvironment {
  const known = environmentsOf(config);
  const [only] = known;
  const chosen =
    name === undefined && known.length === 1
      ? only
      : known.find(({ deployment }) => deployment.environment === name);
  if (chosen !== undefined) return chosen;
  throw new SetupError(
    `${given}: got ${name === undefined ? 'none' : JSON.stringify(name)}, expected one of mlops.yaml` +
      (known.length === 0
        ? noneKnown
        : `: ${known.map(({ deployment }) => deployment.environment).join(', ')}`),
  );
}

/** The deployment of the chosen environment. */
export const deploymentOf = (config: Project, name: string | undefined, given?: string): Deployment =>
  chooseEnvironment(config, name, given).deployment;

/** The environment of a state machine, by its name or ARN. Throws SetupError, which begins with `given`. */
export function deploymentOfMachine(config: Project, machine: string, given: string): Deployment {
  const known = environmentsOf(config).flatMap(({ deployment }) =>
    Object.values(resourceNames(deployment).machines).map(({ name, arn }) => ({ name, arn, deployment })),
  );
  const found = known.find(({ name, arn }) => machine === name || machine === arn);
  if (found !== undefined) return found.deployment;
  throw new SetupError(
    `${given}: got ${JSON.stringify(machine)}, expected one of ` +
      (known.length === 0 ? `mlops.yaml${noneKnown}` : known.map(({ name }) => name).join(', ')),
  );
}

/**
 * Whether pull requests may run in an environment. Where a person approves what is promoted, nobody's unreviewed code
 * runs beside it, unless mlops.yaml asks for that by name.
 */
export const hasPullRequestRole = ({ pull_request_role, approval }: ChosenEnvironment['settings']): boolean =>
  pull_request_role ?? !approval;

/** A repository whose images a merge may copy into an environment; `HOST/NAME` is the start of their URIs. */
export interface ReviewedRepository {
  readonly deployment: Deployment;
  readonly host: string;
  readonly name: string;
}

/**
 * The repositories that may hold the image that a pull request's run reviewed, for a merge that deploys `environment`: its own,
 * and those of the environments in which pull requests run. A run uses its candidate or the release with the same content.
 * None is in another partition of AWS, where credentials of this one are unknown.
 */
export function reviewedRepositories(config: Project, environment: string): ReviewedRepository[] {
  const { partition } = resourceNames(deploymentOf(config, environment));
  return environmentsOf(config)
    .filter(
      ({ deployment, settings }) => deployment.environment === environment || hasPullRequestRole(settings),
    )
    .map(({ deployment }) => ({ deployment, names: resourceNames(deployment) }))
    .filter(({ names }) => names.partition === partition)
    .flatMap(({ deployment, names }) =>
      [names.candidateRepository, names.releaseRepository].map((name) => ({
        deployment,
        host: names.registryHost,
        name,
      })),
    );
}

/** The environment whose role has this ARN; GitHub's workflows assume these roles. Undefined if none has it. */
export const deploymentOfRole = (
  config: Project,
  arn: string,
  roles: readonly RoleOfGitHub[] = ['pullRequestRole', 'deployRole'],
): Deployment | undefined =>
  environmentsOf(config).find(({ deployment, settings }) => {
    const names = resourceNames(deployment);
    return roles.some(
      (role) => names[role].arn === arn && (role !== 'pullRequestRole' || hasPullRequestRole(settings)),
    );
  })?.deployment;

type RoleOfGitHub = Extract<keyof ResourceNames, 'pullRequestRole' | 'deployRole'>;

const noneKnown =
  ', which has none: add environments: { staging: { account: "111111111111", region: us-east-1 } }';
