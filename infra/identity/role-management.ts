import type { Environment } from '../environment.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { dispatchServices } from '../features/triggers/dispatch-policy.ts';
import { iamArn } from '../iam/arn.ts';
import { allow, deny, type Statement } from '../iam/statement.ts';
import { boundaryArn } from './boundary-arn.ts';

/*
 * The access of deployments to roles. Roles that a deployment creates have none: their boundary does not contain it.
 */

/** Lets deployments create and change roles of the environment that have the boundary and keep it. */
export function manageRoles(environment: Environment): Statement[] {
  const roles = [iamArn(environment, `role/${environment.names.stack}--*`)];
  return [
    allow(
      ['iam:AttachRolePolicy', 'iam:CreateRole', 'iam:PutRolePermissionsBoundary', 'iam:PutRolePolicy'],
      roles,
      { Condition: { StringEquals: { 'iam:PermissionsBoundary': boundaryArn(environment) } } },
    ),
    allow(
      [
        'iam:DeleteRole',
        'iam:DeleteRolePolicy',
        'iam:DetachRolePolicy',
        'iam:GetRole',
        'iam:GetRolePolicy',
        'iam:ListAttachedRolePolicies',
        'iam:ListRolePolicies',
        'iam:TagRole',
        'iam:UntagRole',
        'iam:UpdateAssumeRolePolicy',
        'iam:UpdateRole',
        'iam:UpdateRoleDescription',
      ],
      roles,
    ),
    allow(['iam:PassRole'], roles, {
      Condition: {
        StringEquals: {
          'iam:PassedToService': [
            'lambda.amazonaws.com',
            'sagemaker.amazonaws.com',
            'scheduler.amazonaws.com',
            'states.amazonaws.com',
            ...engineAccess(environment).services,
            ...dispatchServices(environment),
          ],
        },
      },
    }),
  ];
}

/** Denies what only a person may change: the roles of GitHub's workflows, and the bounds of all others. */
export function protectIdentity(environment: Environment): Statement[] {
  const { names } = environment;
  const iam = (resource: string) => iamArn(environment, resource);
  return [
    deny(
      [
        'iam:Add*',
        'iam:Attach*',
        'iam:Create*',
        'iam:Delete*',
        'iam:Detach*',
        'iam:PassRole',
        'iam:Put*',
        'iam:Remove*',
        'iam:Set*',
        'iam:Tag*',
        'iam:Untag*',
        'iam:Update*',
      ],
      [
        names.deployRole.arn,
        names.pullRequestRole.arn,
        iam(`role/cdk-${names.qualifier}-*`),
        iam('policy/*'),
        iam('oidc-provider/*'),
        iam('user/*'),
        iam('group/*'),
      ],
      { Sid: 'IdentityIsAPersonsToChange' },
    ),
    deny(['iam:DeleteRolePermissionsBoundary'], ['*'], { Sid: 'BoundariesStay' }),
  ];
}
