import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { type ReleaseResources, releaseMachine } from '../../../pipeline/machines/release.ts';
import { type ReleaseStep, releaseStepNames } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import type { Environment } from '../../environment.ts';
import { securityOf, stateMachine } from '../../foundation/state-machine.ts';
import { actionsOf } from '../../iam/actions-of.ts';
import { endpointAlarms, readEndpointAlarms } from '../../iam/endpoint-alarms.ts';
import { watching } from '../../iam/machine-watching.ts';
import type { DeployedEngine } from '../train/prepare/engine.ts';
import { machineDocuments } from '../train/prepare/machine-documents.ts';

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
  const { document, substitutions, named } = machineDocuments<ReleaseStep>(
    (own) => releaseMachine({ ...own, ...shared(environment) }),
    {
      environment,
      steps: releaseStepNames,
      functions,
      jobRole: { value: jobRole, name: names.jobRoles.promote.arn },
      engine,
    },
  );
  return stateMachine(scope, id, {
    environment,
    key,
    stateMachineName: names.releaseMachine.name,
    roleName: names.releaseRole.name,
    // The role may do what the document asks for, read its alarms, and write logs and traces.
    statements: [...actionsOf(named, environment), ...readEndpointAlarms(environment), ...watching],
    document,
    substitutions,
  });
}

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
