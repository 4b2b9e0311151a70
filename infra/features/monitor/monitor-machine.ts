import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { monitorMachine } from '../../../pipeline/machines/monitor.ts';
import { type MonitorStep, monitorStepNames } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import { securityOf, stateMachine } from '../../foundation/state-machine.ts';
import { actionsOf } from '../../iam/actions-of.ts';
import { watching } from '../../iam/machine-watching.ts';
import type { DeployedEngine } from '../train/prepare/engine.ts';
import { machineDocuments } from '../train/prepare/machine-documents.ts';

interface MonitorMachineProps extends EncryptedProps {
  /** ARNs of versions of the functions, by step. */
  readonly functions: Readonly<Record<MonitorStep, string>>;
  readonly jobRole: string;
  /** @default SageMaker Processing */
  readonly engine: DeployedEngine | undefined;
}

/** Deploys the monitor machine. Its job has the role, and writes the folder, of those of runs that promote. */
export function deployMonitorMachine(
  scope: Construct,
  id: string,
  { environment, functions, jobRole, engine, key }: MonitorMachineProps,
): StateMachine {
  const { names } = environment;
  const { document, substitutions, named } = machineDocuments<MonitorStep>(
    (own) =>
      monitorMachine({
        ...own,
        partition: names.partition,
        mode: 'promote',
        security: securityOf(environment),
      }),
    {
      environment,
      steps: monitorStepNames,
      functions,
      jobRole: { value: jobRole, name: names.jobRoles.promote.arn },
      engine,
    },
  );
  return stateMachine(scope, id, {
    environment,
    key,
    stateMachineName: names.monitorMachine.name,
    roleName: names.monitorRole.name,
    // The role may do what the document asks for, and write logs and traces.
    statements: [...actionsOf(named, environment), ...watching],
    document,
    substitutions,
  });
}
