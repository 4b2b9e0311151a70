import type { Environment } from '../environment.ts';
import { engineAccess } from '../features/train/prepare/engine-access.ts';
import { allow, type Statement } from '../iam/statement.ts';
import { bootstrapRoles } from './bootstrap-roles.ts';

/** The boundary of the two roles that GitHub assumes: no IAM, and no roles but those of `cdk bootstrap`. */
export function githubBoundary(environment: Environment): Statement[] {
  const stopPrepare = engineAccess(environment).stop(environment);
  return [
    allow(
      [
        'cloudformation:Describe*',
        'dynamodb:DeleteItem',
        'dynamodb:GetItem',
        'dynamodb:Query',
        'dynamodb:Scan',
        'ecr:*',
        'kms:*',
        'lambda:InvokeFunction',
        'logs:DescribeLogStreams',
        'logs:GetLogEvents',
        's3:*',
        'sagemaker:DeleteModel',
        'sagemaker:DeleteModelPackage*',
        'sagemaker:Describe*',
        'sagemaker:List*',
        'sagemaker:Stop*',
        'ssm:GetParameter',
        'states:*',
        ...stopPrepare.flatMap(({ Action }) => Action),
      ],
      ['*'],
      { because: "a boundary grants nothing; the roles' own policies name resources" },
    ),
    allow(['sts:AssumeRole'], bootstrapRoles(environment)),
  ];
}
