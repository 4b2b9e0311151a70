import { recordedTables } from '../../../pipeline/queries/recorded-tables.ts';
import type { Environment } from '../../environment.ts';
import { useKey } from '../../iam/access.ts';
import { arnOf, artifactsArn, s3Arn } from '../../iam/arn.ts';
import { allow, type Statement } from '../../iam/statement.ts';
import { catalogArns } from './catalog-arns.ts';

/**
 * The policy for whoever reads predictions and what runs record: a person, Tableau, QuickSight or Power BI. It asks questions in the environment's
 * workgroup, and reads the tables, their files and its answers; nothing else of the environment.
 */
export function readersPolicy(environment: Environment): Statement[] {
  const { names, project, settings } = environment;
  const { catalog, artifactsBucket } = names;
  const results = artifactsArn(environment, `${catalog.results}/*`);
  const recorded = recordedTables.map(({ name }) => name);
  const folders = ['predictions', 'pointers', ...recorded, catalog.results];
  return [
    allow(
      [
        'athena:BatchGetNamedQuery',
        'athena:BatchGetQueryExecution',
        'athena:GetNamedQuery',
        'athena:GetQueryExecution',
        'athena:GetQueryResults',
        'athena:GetQueryResultsStream',
        'athena:GetQueryRuntimeStatistics',
        'athena:GetWorkGroup',
        'athena:ListNamedQueries',
        'athena:ListQueryExecutions',
        'athena:StartQueryExecution',
        'athena:StopQueryExecution',
      ],
      [arnOf(environment, 'athena', `workgroup/${catalog.workgroup}`)],
    ),
    allow(
      [
        'athena:GetDataCatalog',
        'athena:GetDatabase',
        'athena:GetTableMetadata',
        'athena:ListDatabases',
        'athena:ListTableMetadata',
      ],
      [arnOf(environment, 'athena', 'datacatalog/AwsDataCatalog')],
    ),
    allow(['athena:ListDataCatalogs', 'athena:ListWorkGroups'], ['*'], {
      because: 'what only lists has no resource to name',
    }),
    allow(
      [
        'glue:BatchGetPartition',
        'glue:GetDatabase',
        'glue:GetDatabases',
        'glue:GetPartition',
        'glue:GetPartitions',
        'glue:GetTable',
        'glue:GetTables',
      ],
      catalogArns(environment),
    ),
    allow(['s3:GetBucketLocation'], [s3Arn(environment, artifactsBucket)]),
    allow(['s3:ListBucket'], [s3Arn(environment, artifactsBucket)], {
      Condition: { StringLike: { 's3:prefix': folders.map((folder) => `${project}/${folder}/*`) } },
    }),
    allow(
      ['s3:GetObject'],
      folders.map((folder) => artifactsArn(environment, `${folder}/*`)),
    ),
    allow(['s3:AbortMultipartUpload', 's3:ListMultipartUploadParts', 's3:PutObject'], [results]),
    ...(settings.kms_key ? [useKey(settings.kms_key)] : []),
  ];
}
