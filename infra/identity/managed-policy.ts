import { ManagedPolicy } from 'aws-cdk-lib/aws-iam';
import type { Construct } from 'constructs';
import { SetupError } from '../../pipeline/errors.ts';
import { acknowledge } from '../acknowledge.ts';
import { policyDocument } from '../iam/policy-document.ts';
import { type Statement, starReasons } from '../iam/statement.ts';

/** IAM's quota for a managed policy, which does not count white space. */
const mostCharacters = 6_144;

/** A managed policy of these statements. Throws SetupError if IAM would refuse it for its length. */
export function managedPolicy(
  scope: Construct,
  id: string,
  managedPolicyName: string,
  description: string,
  statements: readonly Statement[],
): ManagedPolicy {
  const document = policyDocument(statements);
  const { length } = JSON.stringify(document.toJSON()).replaceAll(/\s/g, '');
  if (length > mostCharacters)
    throw new SetupError(
      `policy ${managedPolicyName}: got ${length} characters, expected at most ${mostCharacters}: name fewer buckets in ` +
        'data.source, repositories in model.image or keys in data_kms_keys, over all models of the project, or let pull ' +
        'requests run in fewer environments: pull_request_role: false',
    );
  const made = new ManagedPolicy(scope, id, { managedPolicyName, description, document });
  acknowledge(made, starReasons(statements));
  return made;
}
