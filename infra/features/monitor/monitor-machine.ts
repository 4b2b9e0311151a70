import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { monitorMachine } from '../../../pipeline/machines/monitor.ts';
import { type MonitorStep, monitorStepNames } from '../../../pipeline/names.ts';
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
import { watching } from '../../iam/machine-watching.ts';
import type { Statement } from '../../iam/statement.ts';
import type { DeployedEngine } from '../train/prepare/engine.ts';

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
  return stateMachine(scope, id, {
    environment,
    key,
    stateMachineName: names.monitorMachine.name,
    roleName: names.monitorRole.name,
    statements: monitorPolicy(environment, engine),
    document: monitorMachine({
      partition: names.partition,
      mode: 'promote',
      security: securityOf(environment),
      functions: forSteps(monitorStepNames, (step) => placeholder(logicalName(step))),
      jobRole: placeholder('JobRole'),
      ...(engine && { engine: engine.document }),
    }),
    substitutions: {
      ...Object.fromEntries(monitorStepNames.map((step) => [logicalName(step), functions[step]])),
      JobRole: jobRole,
      ...engine?.substitutions,
    },
  });
}

/** The policy of the machine's role: what its document needs, logs and traces. */
const monitorPolicy = (environment: Environment, engine: DeployedEngine | undefined): Statement[] => {
  const { names } = environment;
  const document = monitorMachine({
    partition: names.partition,
    mode: 'promote',
    security: securityOf(environment),
    functions: forSteps(monitorStepNames, (step) => `${names.functions[step].arn}:*`),
    jobRole: names.jobRoles.promote.arn,
    ...(engine && { engine: engine.engine }),
  });
  return [...actionsOf(document, environment), ...watching];
};
