import { BatchGetImageCommand } from '@aws-sdk/client-ecr';
import { ecrClient } from '../aws/clients.ts';
import type { Config } from '../config/schema.ts';
import type { Deployment } from '../names.ts';
import { type Check, ok, problem } from './check.ts';

/**
 * The check of the image that mlops.yaml names, if another account's ECR holds it: that account's repository policy decides
 * whether this account may pull it, and without it a training job fails once it is started.
 */
export function modelImageCheck(
  { model }: Pick<Config, 'model'>,
  { account, region }: Deployment,
): (() => Promise<Check>)[] {
  const [, registryId = account, home = region, repositoryName = '', imageDigest = ''] =
    /^(\d{12})\.dkr\.ecr\.([a-z0-9-]+)\.amazonaws\.com(?:\.cn)?\/([^@:]+)@(sha256:[0-9a-f]{64})$/.exec(
      model.image ?? '',
    ) ?? [];
  if (registryId === account) return [];
  return [
    async () => {
      const repository = `repository ${repositoryName} of account ${registryId}`;
      const mend =
        `Its owner gives the repository a policy that allows arn:aws:iam::${account}:root ecr:BatchCheckLayerAvailability, ` +
        'ecr:BatchGetImage and ecr:GetDownloadUrlForLayer.';
      try {
        const { images = [] } = await ecrClient(home).send(
          new BatchGetImageCommand({ registryId, repositoryName, imageIds: [{ imageDigest }] }),
        );
        if (images.length > 0) return ok('Model image', `${repository} lets this account pull it`);
        return problem('Model image', `${repository} has no image ${imageDigest}`, 'Correct model.image.');
      } catch (error) {
        const { name } = ((error as Error).cause ?? error) as Error;
        if (!/AccessDenied|RepositoryNotFound/.test(name)) throw error;
        return problem('Model image', `${repository} refuses this account: ${name}`, mend);
      }
    },
  ];
}
