import { PolicyDocument } from 'aws-cdk-lib/aws-iam';
import type { Statement } from './statement.ts';

export function policyDocument(statements: readonly Statement[]): PolicyDocument {
  return PolicyDocument.fromJson({
    Version: '2012-10-17',
    Statement: statements.map(({ because: _, ...statement }) => statement),
  });
}
