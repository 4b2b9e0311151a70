import { Token } from 'aws-cdk-lib/core';
import type { PrepareEngine } from '../../../../pipeline/machines/prepare.ts';
import type { Environment, Place } from '../../../environment.ts';
import type { Statement } from '../../../iam/statement.ts';
import type { MachineName } from '../machine-policy.ts';

/** An engine of the prepare job as it is deployed. */
export interface DeployedEngine {
  /** Names and ARNs, as a machine's policy needs them. */
  readonly engine: PrepareEngine;
  /** Placeholders, as the document in the template has them. */
  readonly document: PrepareEngine;
  /** The values of the placeholders. */
  readonly substitutions: Readonly<Record<string, string>>;
}

/** The engine of each machine: the programs of evaluations have a role of their own. */
export type DeployedEngines = Readonly<Record<MachineName, DeployedEngine>>;

/** The statements that an engine of the prepare job adds to the policies of other roles. */
export interface EngineAccess {
  /** What the boundary allows the environment's roles, beyond what every environment needs. */
  readonly boundary: (environment: Environment) => Statement[];
  /** The engine's log groups. */
  readonly logs: (environment: Environment) => string[];
  /** Services that roles of the environment may be passed to. */
  readonly services: readonly string[];
  /** CloudFormation's actions in a deployment: on the Glue job, or on the cluster and network. */
  readonly deployment: (environment: Environment) => Statement[];
  /** Stops a prepare job that its machine left running, because the run timed out or was aborted. */
  readonly stop: (place: Place) => Statement[];
}

/**
 * Replaces every text of an engine by `${PrepareFIELD}`, except its name and the settings of mlops.yaml. `values` are
 * references to resources, and not their known names, so that CloudFormation creates the machine after them.
 */
export function withPlaceholders(
  engine: PrepareEngine,
  values: Readonly<Record<string, string>> = {},
): DeployedEngine {
  const substitutions: Record<string, string> = {};
  const placeholder = (field: string, value: string): string => {
    const name = `Prepare${field[0]?.toUpperCase()}${field.slice(1)}`;
    substitutions[name] = values[field] ?? value;
    return `\${${name}}`;
  };
  const fields = Object.entries(engine).map(([field, value]: [string, unknown]): [string, unknown] => {
    if (field === 'name' || typeof value === 'boolean') return [field, value];
    if (typeof value === 'string') return [field, placeholder(field, value)];
    const list = value as readonly string[];
    return [
      field,
      list.map((item, index) =>
        Token.isUnresolved(item) ? placeholder(`${field}${index + 1}`, item) : item,
      ),
    ];
  });
  return { engine, document: Object.fromEntries(fields) as unknown as PrepareEngine, substitutions };
}
