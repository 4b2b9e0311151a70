import type { Environment } from '../../environment.ts';
import { arnOf } from '../../iam/arn.ts';
import { allow, type Statement } from '../../iam/statement.ts';
import { catalogArns } from './catalog-arns.ts';

/** CloudFormation's actions in a deployment on what releases need, as its handlers make them (identity/read-handlers.json). */
export function releaseDeployment(environment: Environment): Statement[] {
  const { catalog } = environment.names;
  return [
    allow(
      [
        'glue:CreateDatabase',
        'glue:CreateTable',
        'glue:DeleteDatabase',
        'glue:DeleteTable',
        'glue:GetDatabase',
        'glue:GetTable',
        'glue:GetTables',
        'glue:UpdateDatabase',
        'glue:UpdateTable',
      ],
      [
        ...catalogArns(environment),
        // A database is deleted with the functions that it may have.
        arnOf(environment, 'glue', `userDefinedFunction/${catalog.database}/*`),
      ],
    ),
    allow(
      [
        'lakeformation:DescribeLakeFormationIdentityCenterConfiguration',
        'lakeformation:DescribeResource',
        'lakeformation:GetDataAccess',
        'lakeformation:ListResources',
      ],
      ['*'],
      { because: 'the handlers of Glue ask whether Lake Formation governs; it has no resources to name' },
    ),
    allow(
      [
        'athena:CreateNamedQuery',
        'athena:CreateWorkGroup',
        'athena:DeleteNamedQuery',
        'athena:DeleteWorkGroup',
        'athena:GetNamedQuery',
        'athena:GetWorkGroup',
        'athena:ListNamedQueries',
        'athena:ListTagsForResource',
        'athena:TagResource',
        'athena:UntagResource',
        'athena:UpdateWorkGroup',
      ],
      [arnOf(environment, 'athena', `workgroup/${catalog.workgroup}`)],
    ),
  ];
}
