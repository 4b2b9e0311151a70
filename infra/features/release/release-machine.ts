import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { type ReleaseResources, releaseMachine } from '../../../pipeline/machines/release.ts';
import { type ReleaseStep, releaseStepNames } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import type { Environment } from '../../environment.ts';
import {
  forSteps,
  logicalName,
  placeholder,
  securityOf,
  stateMachine,
} from '../../foundation/state-machine.ts';
import { actionsOf } from '../../iam/actions-of.ts';
import { endpointAlarms, readEndpointAlarms } from '../../iam/endpoint-alarms.ts';
import { watching } from '../../iam/machine-watching.ts';
import type { Statement } from '../../iam/statement.ts';
import type { DeployedEngine } from '../train/prepare/engine.ts';

interface ReleaseMachineProps extends EncryptedProps {
  /** ARNs of versions of the functions, by step. */
  readonly functions: Readonly<Record<ReleaseStep, string>>;
  readonly jobRole: string;
  /** @default SageMaker Processing */
  readonly engine: DeployedEngine | undefined;
}

/** Deploys the release machine. Its jobs have the role, and write the folder, of those of runs that promote. */
export function deployReleaseMachine(
  scope: Construct,
  id: string,
  { environment, functions, jobRole, engine, key }: ReleaseMachineProps,
): StateMachine {
  const { names } = environment;
  return stateMachine(scope, id, {
    environment,
    key,
    stateMachineName: names.releaseMachine.name,
    roleName: names.releaseRole.name,
    statements: releasePolicy(environment, engine),
    document: releaseMachine({
      ...shared(environment),
      functions: forSteps(releaseStepNames, (step) => placeholder(logicalName(step))),
      jobRole: placeholder('JobRole'),
      ...(engine && { engine: engine.document }),
    }),
    substitutions: {
      ...Object.fromEntries(releaseStepNames.map((step) => [logicalName(step), functions[step]])),
      JobRole: jobRole,
      ...engine?.substitutions,
    },
  });
}

/** The policy of the machine's role: what its document needs, logs and traces. */
const releasePolicy = (environment: Environment, engine: DeployedEngine | undefined): Statement[] => {
  const { names } = environment;
  const document = releaseMachine({
    ...shared(environment),
    functions: forSteps(releaseStepNames, (step) => `${names.functions[step].arn}:*`),
    jobRole: names.jobRoles.promote.arn,
    ...(engine && { engine: engine.engine }),
  });
  return [...actionsOf(document, environment), ...readEndpointAlarms(environment), ...watching];
};

const shared = (
  environment: Environment,
): Pick<ReleaseResources, 'partition' | 'table' | 'mode' | 'security' | 'alarms'> => {
  const { partition, catalog } = environment.names;
  return {
    partition,
    table: { database: catalog.database, name: catalog.predictions },
    mode: 'promote',
    alarms: endpointAlarms(environment),
    security: securityOf(environment),
  };
};
