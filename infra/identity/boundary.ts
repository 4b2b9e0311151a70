import type { Environment } from '../environment.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { allow, type Statement } from '../iam/statement.ts';
import { manageRoles, protectIdentity } from './role-management.ts';

/**
 * The boundary of every role that a deployment creates, and of CloudFormation's own role: whatever its policy says, a role
 * can do no more than this.
 */
export function boundary(environment: Environment): Statement[] {
  return [
    allow(
      [
        'cloudwatch:*',
        'dynamodb:*',
        'ec2:*NetworkInterface*',
        'ec2:AssignPrivateIpAddresses',
        'ec2:UnassignPrivateIpAddresses',
        'ec2:Describe*',
        'ecr:*',
        'events:*',
        'kms:*',
        'lambda:*',
        'logs:*',
        's3:*',
        'sagemaker:*',
        'sns:*',
        'sqs:*',
        'states:*',
        'xray:*',
        ...engineAccess(environment).boundary,
      ],
      ['*'],
      { because: "a boundary grants nothing; the roles' own policies name resources" },
    ),
    ...manageRoles(environment),
    ...protectIdentity(environment),
  ];
}
