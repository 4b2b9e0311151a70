import type { Role } from 'aws-cdk-lib/aws-iam';
import type { StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import { trainMachine } from '../../../pipeline/machines/train.ts';
import { type TrainFunction, type TrainStep, trainStepNames } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import type { Functions } from '../../foundation/functions.ts';
import { forSteps, securityOf, stateMachine } from '../../foundation/state-machine.ts';
import { type MachineName, machinePolicy } from './machine-policy.ts';
import type { DeployedEngines } from './prepare/engine.ts';
import { machineDocuments } from './prepare/machine-documents.ts';

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
    const { document, substitutions, named } = machineDocuments<TrainStep>(
      (own) =>
        trainMachine({
          ...own,
          partition: names.partition,
          mode: name,
          security: securityOf(environment),
        }),
      {
        environment,
        steps: trainStepNames,
        functions: forSteps(trainStepNames, (step) => functions.all[step].currentVersion.functionArn),
        jobRole: { value: jobRoles[name].roleArn, name: names.jobRoles[name].arn },
        engine: engines?.[name],
      },
    );
    return stateMachine(this, name, {
      environment,
      key,
      stateMachineName: names.machines[name].name,
      roleName: names.machineRoles[name].name,
      statements: machinePolicy(name, named, environment),
      document,
      substitutions,
    });
  }
}
