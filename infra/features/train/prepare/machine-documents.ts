import type { StateMachine } from '../../../../pipeline/machines/asl.ts';
import type { PrepareEngine } from '../../../../pipeline/machines/prepare.ts';
import type { StepName } from '../../../../pipeline/names.ts';
import type { Environment } from '../../../environment.ts';
import { forSteps, logicalName, placeholder } from '../../../foundation/state-machine.ts';
import type { DeployedEngine } from './engine.ts';

/** What a machine's document needs of an environment, by name or by placeholder. */
interface Named<Step extends StepName> {
  functions: Record<Step, string>;
  jobRole: string;
  engine?: PrepareEngine;
}

interface Documented<Step extends StepName> {
  environment: Environment;
  steps: readonly Step[];
  /** ARNs of versions of the functions. */
  functions: Readonly<Record<Step, string>>;
  /** The ARN of the role of its jobs: what CloudFormation knows, and the name that it will have. */
  jobRole: { value: string; name: string };
  /** @default SageMaker Processing */
  engine: DeployedEngine | undefined;
}

/**
 * A machine's document as the template has it, with a placeholder for everything that CloudFormation knows better, their values,
 * and the same document with the environment's own names (any version of a function), from which the policy of its role is made.
 */
export function machineDocuments<Step extends StepName>(
  make: (named: Named<Step>) => StateMachine,
  { environment, steps, functions, jobRole, engine }: Documented<Step>,
): { document: StateMachine; substitutions: Record<string, string>; named: StateMachine } {
  return {
    document: make({
      functions: forSteps(steps, (step) => placeholder(logicalName(step))),
      jobRole: placeholder('JobRole'),
      ...(engine && { engine: engine.document }),
    }),
    substitutions: {
      ...Object.fromEntries(steps.map((step) => [logicalName(step), functions[step]])),
      JobRole: jobRole.value,
      ...engine?.substitutions,
    },
    named: make({
      functions: forSteps(steps, (step) => `${environment.names.functions[step].arn}:*`),
      jobRole: jobRole.name,
      ...(engine && { engine: engine.engine }),
    }),
  };
}
