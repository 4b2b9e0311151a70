import { Token } from 'aws-cdk-lib/core';
import type { PrepareEngine } from '../../../../pipeline/machines/prepare.ts';
import type { Environment, Place } from '../../../environment.ts';
import type { Statement } from '../../../iam/statement.ts';

/** An engine of the prepare job as it is deployed. */
export interface DeployedEngine {
  /** By names and ARNs, as the policy of a machine sees them. */
  readonly engine: PrepareEngine;
  /** By placeholders, as the document in the template states them. */
  readonly document: PrepareEngine;
  /** What the placeholders stand for. */
  readonly substitutions: Readonly<Record<string, string>>;
}

/** What an engine of the prepare job adds to the policies of other roles. */
export interface EngineAccess {
  /** Actions that roles of the environment may be given at all, beyond what every environment needs. */
  readonly boundary: readonly string[];
  /** Services that roles of the environment may be passed to. */
  readonly services: readonly string[];
  /** What CloudFormation does in a deployment: the Glue job, or the cluster and network. */
  readonly deployment: (environment: Environment) => Statement[];
  /** Stops a prepare job that its machine left behind: the run ran out of time, or was aborted from outside. */
  readonly stop: (place: Place) => Statement[];
}

/**
 * Puts `${PrepareFIELD}` in the place of every text of an engine, but for its name and what mlops.yaml says. `values` are
 * references to resources where the engine states their known names, so that the machine is made after them.
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
