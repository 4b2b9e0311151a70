import type { Role } from 'aws-cdk-lib/aws-iam';
import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import { Construct } from 'constructs';
import type { Security } from '../../../pipeline/machines/security.ts';
import { type Resources, trainMachine } from '../../../pipeline/machines/train.ts';
import type { TrainFunction } from '../../../pipeline/names.ts';
import type { EncryptedProps } from '../../encrypted-props.ts';
import type { Environment } from '../../environment.ts';
import type { Functions } from '../../foundation/functions.ts';
import { serviceRole } from '../../iam/service-role.ts';
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
    const { name: stateMachineName } = names.machines[name];
    const placeholders = mapSteps(environment, (step) => placeholder(logicalName(step)));
    const document = trainMachine({
      partition: names.partition,
      functions: placeholders,
      jobRole: placeholder('JobRole'),
      mode: name,
      ...(engine && { engine: engine.document }),
      security: securityOf(environment),
    });
    // The template contains the document, so that a diff shows its changes.
    const text = JSON.stringify(document, null, 1);
    const made = new StateMachine(this, name, {
      stateMachineName,
      definitionBody: DefinitionBody.fromString(text),
      definitionSubstitutions: {
        ...Object.fromEntries(
          Object.entries(placeholders)
            .filter(([, name]) => text.includes(name))
            .map(([step]) => [
              logicalName(step),
              functions.all[step as TrainFunction].currentVersion.functionArn,
            ]),
        ),
        JobRole: jobRoles[name].roleArn,
        ...engine?.substitutions,
      },
      role: serviceRole(this, `${name}-role`, {
        environment,
        roleName: names.machineRoles[name].name,
        service: 'states.amazonaws.com',
        statements: machinePolicy(name, trainMachine(resourcesOf(name, environment, engine)), environment),
      }).withoutPolicyUpdates(),
      logs: {
        destination: new LogGroup(this, `${name}-log`, {
          // The prefix keeps the account's log resource policy from growing with every machine.
          logGroupName: `/aws/vendedlogs/states/${stateMachineName}`,
          retention: RetentionDays.THREE_MONTHS,
          removalPolicy: RemovalPolicy.DESTROY,
          ...(key && { encryptionKey: key }),
        }),
        level: LogLevel.ALL,
        includeExecutionData: false,
      },
      tracingEnabled: true,
    });
    return made;
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
    functions: mapSteps(environment, (step) => `${names.functions[step].arn}:*`),
    jobRole: names.jobRoles[mode].arn,
    mode,
    ...(engine && { engine: engine.engine }),
    security: securityOf(environment),
  };
}

function securityOf({ settings, project, name }: Environment): Security {
  const { vpc, kms_key, network_isolation, tags } = settings;
  return { vpc, kms_key, network_isolation, tags: { project, environment: name, ...tags } };
}

/** A value for every function but the one that an event calls. */
function mapSteps(
  { names }: Environment,
  of: (step: Exclude<TrainFunction, 'close-run'>) => string,
): Resources['functions'] {
  const { 'close-run': _, ...called } = names.functions;
  return Object.fromEntries(
    (Object.keys(called) as (keyof typeof called)[]).map((step) => [step, of(step)]),
  ) as Record<keyof typeof called, string>;
}

const placeholder = (name: string): string => `\${${name}}`;

/** The name of a substitution: letters and digits. */
const logicalName = (step: string): string =>
  step.replaceAll(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());
