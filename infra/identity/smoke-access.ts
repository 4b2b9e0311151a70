import { packageGroup } from '../../pipeline/names.ts';
import type { ArtifactFolder } from '../../pipeline/steps/context.ts';
import type { Place } from '../environment.ts';
import { arnOf, artifactsArn, s3Arn } from '../iam/arn.ts';
import { allow, onlyModel, type Statement } from '../iam/statement.ts';

/** The name of the smoke test's model (npm run smoke), by which everything that it makes is found and deleted again. */
export const smokeModel = 'smoke';

const folders: readonly ArtifactFolder[] = [
  'configs',
  'holdouts',
  'inputs-evaluate',
  'jobs-evaluate',
  'models',
  'packages',
  'prepared',
  'runs',
  'scores',
  'sealed',
  'settings',
];

/** Deletes what the smoke test made, and nothing of another model. An image's repository has no models: it is that of candidates. */
export function cleanSmoke(place: Place): Statement[] {
  const { names } = place;
  const group = packageGroup(names.stack, smokeModel);
  return [
    allow(['s3:ListBucketVersions'], [s3Arn(place, names.artifactsBucket)]),
    allow(
      ['s3:DeleteObject', 's3:DeleteObjectVersion'],
      folders.map((folder) => artifactsArn(place, `${folder}/${smokeModel}/*`)),
    ),
    allow(['dynamodb:Scan'], [names.ledgerTableArn]),
    allow(['dynamodb:DeleteItem'], [names.ledgerTableArn], onlyModel(smokeModel)),
    allow(
      ['sagemaker:DeleteModelPackage', 'sagemaker:DeleteModelPackageGroup'],
      [
        arnOf(place, 'sagemaker', `model-package/${group}/*`),
        arnOf(place, 'sagemaker', `model-package-group/${group}`),
      ],
    ),
    allow(['ecr:BatchDeleteImage'], [arnOf(place, 'ecr', `repository/${names.candidateRepository}`)]),
  ];
}
