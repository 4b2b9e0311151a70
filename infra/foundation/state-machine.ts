import { LogGroup, RetentionDays } from 'aws-cdk-lib/aws-logs';
import { DefinitionBody, LogLevel, StateMachine } from 'aws-cdk-lib/aws-stepfunctions';
import { RemovalPolicy } from 'aws-cdk-lib/core';
import type { Construct } from 'constructs';
import type { StateMachine as Document } from '../../pipeline/machines/asl.ts';
import type { Security } from '../../pipeline/machines/security.ts';
import type { EncryptedProps } from '../encrypted-props.ts';
import type { Environment } from '../environment.ts';
import { serviceRole } from '../iam/service-role.ts';
import type { Statement } from '../iam/statement.ts';

interface StateMachineProps extends EncryptedProps {
  readonly stateMachineName: string;
  readonly roleName: string;
  readonly statements: readonly Statement[];
  /** With a placeholder for everything that CloudFormation knows better. */
  readonly document: Document;
  /** The values of the placeholders; those that the document does not have are left out. */
  readonly substitutions: Readonly<Record<string, string>>;
}

/** Deploys a document as a state machine, with its role and its log. */
export function stateMachine(
  scope: Construct,
  id: string,
  { environment, key, stateMachineName, roleName, statements, document, substitutions }: StateMachineProps,
): StateMachine {
  // The template contains the document, so that a diff shows its changes.
  const text = JSON.stringify(document, null, 1);
  return new StateMachine(scope, id, {
    stateMachineName,
    definitionBody: DefinitionBody.fromString(text),
    definitionSubstitutions: Object.fromEntries(
      Object.entries(substitutions).filter(([name]) => text.includes(placeholder(name))),
    ),
    role: serviceRole(scope, `${id}-role`, {
      environment,
      roleName,
      service: 'states.amazonaws.com',
      statements,
    }).withoutPolicyUpdates(),
    logs: {
      destination: new LogGroup(scope, `${id}-log`, {
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
}

/** What a document has in place of a value that CloudFormation fills in. */
export const placeholder = (name: string): string => `\${${name}}`;

/** The name of a function's substitution: letters and digits. */
export const logicalName = (step: string): string =>
  step.replaceAll(/(?:^|-)(.)/g, (_, letter: string) => letter.toUpperCase());

/** What the environment demands of jobs. */
export function securityOf({ settings, project, name }: Environment): Security {
  const { vpc, kms_key, network_isolation, tags } = settings;
  return { vpc, kms_key, network_isolation, tags: { project, environment: name, ...tags } };
}

/** A value for every step of a machine. */
export const forSteps = <Step extends string>(
  steps: readonly Step[],
  of: (step: Step) => string,
): Record<Step, string> => Object.fromEntries(steps.map((step) => [step, of(step)])) as Record<Step, string>;
