import { CreateRepositoryCommand, DescribeImagesCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { expect, test } from '@jest/globals';
import { ecrClient } from '../../../aws/clients.ts';
import { holdTag } from '../../../image/held.ts';
import { resourceNames } from '../../../names.ts';
import { imagesContract } from '../../../ports.contract.ts';
import { account, region, startFakeCloud } from '../fakecloud.fixture.ts';
import { awsContext } from '../functions/step-context.ts';
import { imageManifest } from './stand-in.fixture.ts';

const cloud = await startFakeCloud(4614);
const names = resourceNames({ project: 'churn', environment: 'staging', account, region });

async function open() {
  await cloud.reset();
  for (const repositoryName of [names.candidateRepository, names.releaseRepository])
    await ecrClient().send(new CreateRepositoryCommand({ repositoryName, imageTagMutability: 'IMMUTABLE' }));
  const put = await ecrClient().send(
    new PutImageCommand({
      repositoryName: names.candidateRepository,
      imageManifest: imageManifest('model'),
      imageTag: 'model-1',
    }),
  );
  const digest = put.image?.imageId?.imageDigest ?? '';
  const { images } = awsContext({
    region,
    ledger: names.ledgerTable,
    stack: names.stack,
    sageMakerArn: `arn:aws:sagemaker:${region}:${account}`,
    root: names.root,
    model: 'churn',
    jobPrefix: names.jobPrefix,
    mostRunUsd: null,
  });
  const uri = (repository: string, wanted = digest) => `${names.registryHost}/${repository}@${wanted}`;
  return {
    images,
    digest,
    there: uri(names.candidateRepository),
    gone: uri(names.releaseRepository, `sha256:${'0'.repeat(64)}`),
    elsewhere: uri('shared/xgboost'),
  };
}

imagesContract('EcrImages', open);

test('an image that is held has the tag that the rules of the repository spare, beside its own', async () => {
  const { images, there, digest } = await open();
  const tags = async () => {
    const { imageDetails } = await ecrClient().send(
      new DescribeImagesCommand({ repositoryName: names.candidateRepository }),
    );
    return imageDetails?.map(({ imageTags = [], imageDigest }) => [imageDigest, [...imageTags].sort()]);
  };
  await images.hold(there, 'judged');
  await images.hold(there, 'always');
  await images.hold(there, 'always');
  const held = [holdTag('judged', digest), holdTag('always', digest), 'model-1'].sort();
  expect(await tags()).toEqual([[digest, held]]);
  expect(holdTag('always', digest)).toMatch(/^keep-[0-9a-f]{64}$/);
});
