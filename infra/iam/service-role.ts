import { Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { acknowledge } from '../acknowledge.ts';
import type { Environment } from '../environment.ts';
import { lendKey, useKey } from './access.ts';
import { policyDocument } from './policy-document.ts';
import { type Statement, starReasons } from './statement.ts';

/** A role for a service, with one inline policy; the stack sets its boundary. */
export function serviceRole(
  scope: Construct,
  id: string,
  {
    environment,
    roleName,
    service,
    statements,
  }: { environment: Environment; roleName: string; service: string; statements: readonly Statement[] },
): Role {
  const { settings, account } = environment;
  const needs = [
    ...statements,
    ...(settings.kms_key ? [useKey(settings.kms_key), lendKey(settings.kms_key)] : []),
  ];
  const role = new Role(scope, id, {
    roleName,
    // Services name their source when they assume a role, which keeps out other accounts' jobs and machines. Lambda does not.
    assumedBy: new ServicePrincipal(
      service,
      service === 'lambda.amazonaws.com'
        ? {}
        : { conditions: { StringEquals: { 'aws:SourceAccount': account } } },
    ),
    inlinePolicies: { needs: policyDocument(needs) },
  });
  acknowledge(role, starReasons(needs));
  return role;
}
