import type { Role } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { type Resources, trainMachine } from '../../../pipeline/machines/train.ts';
import { type TrainFunction, trainStepNames } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import type { Environment } from '../../environment.ts';
import type { Functions } from '../../foundation/functions.ts';
import {
  forSteps,
  logicalName,
  placeholder,
  securityOf,
  stateMachine,
} from '../../foundation/state-machine.ts';
import { type MachineName, machinePolicy } from './machine-policy.ts';
import type { DeployedEngine, DeployedEngines } from './prepare/engine.ts';

interface MachinesProps extends EncryptedProps {
  readonly functions: Functions<TrainFunction>;
  /** By the machine whose jobs have it. */
  readonly jobRoles: Readonly<Record<MachineName, Role>>;
  /** @default SageMaker Processing */
  readonly engines: DeployedEngines | undefined;
}

/**
 * One document, deployed as two machines, because IAM sees which machine is started but not its input. Whoever may start
 * only train-evaluate cannot promote, whatever the input says, because its role cannot call the functions that promote. The
 * two differ in the mode that they take and in the roles of their jobs.
 */
export class Machines extends Construct {
  readonly evaluate: StateMachine;
  readonly promote: StateMachine;

  constructor(scope: Construct, id: string, props: MachinesProps) {
    super(scope, id);
    this.evaluate = this.#machine('evaluate', props);
    this.promote = this.#machine('promote', props);
  }

  #machine(
    name: MachineName,
    { environment, functions, jobRoles, engines, key }: MachinesProps,
  ): StateMachine {
    const { names } = environment;
    const engine = engines?.[name];
    const document = trainMachine({
      partition: names.partition,
      functions: forSteps(trainStepNames, (step) => placeholder(logicalName(step))),
      jobRole: placeholder('JobRole'),
      mode: name,
      ...(engine && { engine: engine.document }),
      security: securityOf(environment),
    });
    return stateMachine(this, name, {
      environment,
      key,
      stateMachineName: names.machines[name].name,
      roleName: names.machineRoles[name].name,
      statements: machinePolicy(name, trainMachine(resourcesOf(name, environment, engine)), environment),
      document,
      substitutions: {
        ...Object.fromEntries(
          trainStepNames.map((step) => [logicalName(step), functions.all[step].currentVersion.functionArn]),
        ),
        JobRole: jobRoles[name].roleArn,
        ...engine?.substitutions,
      },
    });
  }
}

/** The names in the document, as the role's policy needs them: any version of a function. */
function resourcesOf(
  mode: MachineName,
  environment: Environment,
  engine: DeployedEngine | undefined,
): Resources {
  const { names } = environment;
  return {
    partition: names.partition,
    functions: forSteps(trainStepNames, (step) => `${names.functions[step].arn}:*`),
    jobRole: names.jobRoles[mode].arn,
    mode,
    ...(engine && { engine: engine.engine }),
    security: securityOf(environment),
  };
}
