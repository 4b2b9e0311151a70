import type { Role } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import type { TrainFunction } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import { type FunctionCode, Functions } from '../../foundation/functions.ts';
import type { Operations } from '../../foundation/operations.ts';
import { serviceRole } from '../../iam/service-role.ts';
import { jobPolicy } from './job-policy.ts';
import type { MachineName } from './machine-policy.ts';
import { Machines } from './machines.ts';
import type { DeployedEngine } from './prepare/engine.ts';
import type { MakeEngine } from './prepare/load-engine.ts';
import { trainFunctions } from './train-functions.ts';
import { watchRuns } from './watch-runs.ts';

interface TrainProps extends EncryptedProps {
  readonly code: FunctionCode;
  /** The engine of the prepare job that mlops.yaml asks for (loadEngine). @default SageMaker Processing */
  readonly engine: MakeEngine | undefined;
  readonly operations: Operations;
}

/** What other features use of it. */
interface Train {
  readonly machines: Machines;
  readonly functions: Functions<TrainFunction>;
  /** The role of jobs of the state that is merged. */
  readonly jobRole: Role;
  /** The engine of runs that promote. */
  readonly engine: DeployedEngine | undefined;
}

/**
 * Trains, judges and promotes: the role of jobs, the functions, the engine of the prepare job, the state machines, the rule
 * that closes runs, alarms and graphs. They are direct children of the stack, because a construct around them would change
 * the logical ids of deployed stacks. A new feature has a construct of its own.
 */
export function addTrain(
  stack: Construct,
  { environment, code, engine, operations, key }: TrainProps,
): Train {
  const jobRole = (id: string, mode: MachineName) =>
    serviceRole(stack, id, {
      environment,
      roleName: environment.names.jobRoles[mode].name,
      service: 'sagemaker.amazonaws.com',
      statements: jobPolicy(environment, mode),
    });
  const functions = new Functions(stack, 'Functions', {
    environment,
    code,
    functions: trainFunctions(environment),
    key,
  });
  const jobRoles = {
    evaluate: jobRole('EvaluateJobRole', 'evaluate'),
    promote: jobRole('JobRole', 'promote'),
  };
  const engines = engine?.(stack, { environment, key });
  const machines = new Machines(stack, 'Machines', {
    environment,
    functions,
    jobRoles,
    engines,
    key,
  });
  operations.watch(watchRuns({ environment, functions, machines }));
  return { machines, functions, jobRole: jobRoles.promote, engine: engines?.promote };
}
