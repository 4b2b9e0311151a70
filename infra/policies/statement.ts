import { PolicyDocument } from 'aws-cdk-lib/aws-iam';

/** An IAM statement as IAM writes it: plain data, so that a test can evaluate a policy before anything is deployed. */
export interface Statement {
  readonly Sid?: string;
  readonly Effect: 'Allow' | 'Deny';
  readonly Action: readonly string[];
  readonly Resource: readonly string[];
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, string | readonly string[]>>>>;
}

export function allow(Action: readonly string[], Resource: readonly string[], rest: Rest = {}): Statement {
  return { ...rest, Effect: 'Allow', Action, Resource };
}

export function deny(Action: readonly string[], Resource: readonly string[], rest: Rest = {}): Statement {
  return { ...rest, Effect: 'Deny', Action, Resource };
}

type Rest = Partial<Pick<Statement, 'Sid' | 'Condition'>>;

/** Ledger items of these kinds (`look-*`: all that start so) and no others; nor an operation that names no key. */
export function onlyKinds(kinds: readonly string[]): Pick<Statement, 'Condition'> {
  return {
    Condition: {
      'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': kinds },
      Null: { 'dynamodb:LeadingKeys': 'false' },
    },
  };
}

export function policyDocument(statements: readonly Statement[]): PolicyDocument {
  return PolicyDocument.fromJson({ Version: '2012-10-17', Statement: statements });
}
