import { kindOf } from '../../pipeline/model-ledger.ts';

/** An IAM statement as plain data, so that a test can evaluate a policy before anything is deployed. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
  /** The reason why the resource is `*`. Not part of the policy. */
  readonly because?: string;
}

export function allow(Action: readonly string[], Resource: readonly string[], rest: Rest = {}): Statement {
  return { ...rest, Effect: 'Allow', Action, Resource };
}

export function deny(Action: readonly string[], Resource: readonly string[], rest: Rest = {}): Statement {
  return { ...rest, Effect: 'Deny', Action, Resource };
}

type Rest = Partial<Pick<Statement, 'Sid' | 'Condition' | 'because'>>;

/** Limits access to any model's ledger items of these kinds (`look-*`: all with that start) and to calls that name a key. */
export function onlyKinds(kinds: readonly string[]): Pick<Statement, 'Condition'> {
  return {
    Condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds.map((kind) => kindOf(kind, '*')) },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  };
}

/** Limits access to one model's ledger items, of any kind, and to calls that name a key. */
export function onlyModel(model: string): Pick<Statement, 'Condition'> {
  return {
    Condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': [kindOf('*', model)] },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  };
}

/**
 * Acknowledges cdk-nag's findings on the stars of these statements, each with its reason. A resource that is only `*` gets
 * one only from its statement's `because`.
 */
export function starReasons(statements: readonly Statement[]): Record<string, string> {
  const findings = statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap(({ Action, Resource, because }): [string, string][] => [
      ...Action.filter((action) => action.includes('*')).map((action): [string, string] => [
        `Action::${action}`,
        because ?? 'all actions of this family are meant, on resources of the environment only',
      ]),
      ...Resource.filter((resource) => resource.includes('*') && (resource !== '*' || because)).map(
        (resource): [string, string] => [
          `Resource::${resource}`,
          because ?? 'what runs make has names that begin so; nothing else of the account does',
        ],
      ),
    ]);
  return Object.fromEntries(findings.map(([finding, reason]) => [`AwsSolutions-IAM5[${finding}]`, reason]));
}
