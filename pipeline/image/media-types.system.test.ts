import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { CreateRepositoryCommand, PutImageCommand } from '@aws-sdk/client-ecr';
import { beforeAll, describe, expect, jest, test } from '@jest/globals';
import { ecrClient } from '../aws/clients.ts';
import { findImage, requireImage } from '../backends/aws/aws-images.ts';
import { account, region, startFakeCloud } from '../backends/aws/fakecloud.fixture.ts';
import { temporaryFolder, writeFiles } from '../backends/embedded/images/python-context.fixture.ts';
import { resourceNames } from '../names.ts';
import { copyImage } from './copy-image.ts';
import { freePort } from './docker.fixture.ts';
import { contentTag, pushImage } from './push-image.ts';
import { login, startRegistry } from './registry.fixture.ts';
import { Registry } from './registry.ts';

/* Handmade manifests of every media type, in the reference registry and in an emulator of ECR. */

jest.setTimeout(60_000);

const host = await startRegistry();
await startFakeCloud(await freePort());
const registry = new Registry({ host, ...login, waits: [0.1] });

const types = {
  docker: 'application/vnd.docker.distribution.manifest.v2+json',
  'docker list': 'application/vnd.docker.distribution.manifest.list.v2+json',
  oci: 'application/vnd.oci.image.manifest.v1+json',
  'oci index': 'application/vnd.oci.image.index.v1+json',
} as const;
const descriptor = (mediaType: string, blob: Buffer) => ({
  mediaType,
  size: blob.length,
  digest: sha256(blob),
});
const sha256 = (bytes: Buffer | string) => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

const layer = gzipSync('no tar');
const config = Buffer.from(
  JSON.stringify({ architecture: 'amd64', os: 'linux', rootfs: { type: 'layers' } }),
);
const image = (
  mediaType: string,
  configType = 'application/vnd.docker.container.image.v1+json',
  layerType = 'application/vnd.docker.image.rootfs.diff.tar.gzip',
) =>
  JSON.stringify({
    schemaVersion: 2,
    mediaType,
    config: descriptor(configType, config),
    layers: [descriptor(layerType, layer)],
  });
const made: Record<string, { mediaType: string; text: string }> = {
  docker: { mediaType: types.docker, text: image(types.docker) },
  oci: {
    mediaType: types.oci,
    text: image(
      types.oci,
      'application/vnd.oci.image.config.v1+json',
      'application/vnd.oci.image.layer.v1.tar+gzip',
    ),
  },
  zstd: {
    mediaType: types.docker,
    text: image(types.docker, undefined, 'application/vnd.docker.image.rootfs.diff.tar.zstd'),
  },
};
const listed = (mediaType: string, of: { mediaType: string; text: string }) => ({
  mediaType,
  text: JSON.stringify({
    schemaVersion: 2,
    mediaType,
    manifests: [
      { ...descriptor(of.mediaType, Buffer.from(of.text)), platform: { os: 'linux', architecture: 'amd64' } },
    ],
  }),
});
made['docker list'] = listed(types['docker list'], made.docker as never);
made['oci index'] = listed(types['oci index'], made.oci as never);
const refused = ['oci', 'oci index', 'docker list', 'zstd'];

const authorization = {
  Authorization: `Basic ${Buffer.from(`${login.user}:${login.password}`).toString('base64')}`,
};

/** Puts a manifest into the reference registry as any client may. */
async function put(name: string, tag: string, kind: string): Promise<string> {
  for (const blob of [layer, config]) {
    const opened = await fetch(`http://${host}/v2/${name}/blobs/uploads/`, {
      method: 'POST',
      headers: authorization,
    });
    const url = new URL(opened.headers.get('location') ?? '');
    url.searchParams.set('digest', sha256(blob));
    await fetch(url, { method: 'PUT', headers: authorization, body: new Uint8Array(blob) });
  }
  const { mediaType, text } = made[kind] ?? { mediaType: '', text: '' };
  for (const [reference, part] of [
    ...(kind === 'docker list' ? [[sha256(made.docker?.text ?? ''), made.docker] as const] : []),
    ...(kind === 'oci index' ? [[sha256(made.oci?.text ?? ''), made.oci] as const] : []),
    [tag, { mediaType, text }] as const,
  ]) {
    const answer = await fetch(`http://${host}/v2/${name}/manifests/${reference}`, {
      method: 'PUT',
      headers: { ...authorization, 'Content-Type': part?.mediaType ?? '' },
      body: part?.text ?? '',
    });
    expect([kind, answer.status]).toEqual([kind, 201]);
  }
  return sha256(text);
}

const expected =
  /, expected application\/vnd\.docker\..*, since SageMaker's CreateModel takes no other; build it by/;

test("Docker's own format is taken as it is", async () => {
  const digest = await put('good/candidate', 'one', 'docker');
  expect(await registry.manifest('good/candidate', 'one')).toMatchObject({ digest, mediaType: types.docker });
});

test.each(refused)('%s: an image that the repository already has is no push', async (kind) => {
  const context = temporaryFolder();
  await writeFiles(context, { Dockerfile: 'FROM scratch\n' });
  const name = `push/${kind.replace(' ', '-')}`;
  await put(name, await contentTag('model', context), kind);
  const pushing = pushImage({
    image: 'model',
    context,
    repository: { registry, name },
    onProgress: () => {},
  });
  await expect(pushing).rejects.toMatchObject({
    name: 'SetupError',
    message: expect.stringMatching(expected),
  });
});

test.each(refused)('%s: a candidate is not released', async (kind) => {
  const name = `copy/${kind.replace(' ', '-')}`;
  const digest = await put(name, 'one', kind);
  const copying = copyImage({
    from: { registry, name },
    to: { registry, name: `${name}-release` },
    digest,
    tag: 'one',
    onProgress: () => {},
  });
  await expect(copying).rejects.toThrow(expected);
  expect(await registry.manifest(`${name}-release`, 'one').catch(() => null)).toBeNull();
});

describe('before a run starts', () => {
  const names = resourceNames({ project: 'small', environment: 'staging', account, region });
  const putImage = async (repositoryName: string, kind: string, imageTag: string): Promise<string> => {
    const { mediaType, text } = made[kind] ?? { mediaType: '', text: '' };
    const stored = await ecrClient().send(
      new PutImageCommand({
        repositoryName,
        imageManifest: text,
        imageManifestMediaType: mediaType,
        imageTag,
      }),
    );
    return stored.image?.imageId?.imageDigest ?? '';
  };
  beforeAll(async () => {
    for (const repositoryName of [names.candidateRepository, names.releaseRepository, 'shared/xgboost'])
      await ecrClient().send(new CreateRepositoryCommand({ repositoryName }));
  });

  test('an image that mlops.yaml or --image names is looked at in its own repository', async () => {
    const uri = (digest: string) => `${names.registryHost}/shared/xgboost@${digest}`;
    const good = uri(await putImage('shared/xgboost', 'docker', 'good'));
    expect(await requireImage(good)).toBe(good);
    for (const kind of refused) {
      const bad = uri(await putImage('shared/xgboost', kind, kind.replace(' ', '-')));
      await expect(requireImage(bad)).rejects.toThrow(expected);
    }
    await expect(requireImage(uri(`sha256:${'0'.repeat(64)}`))).rejects.toThrow(/model\.image: got no image/);
    await expect(requireImage(`docker.io/library/python@sha256:${'0'.repeat(64)}`)).rejects.toThrow(
      /expected an image in ECR, from which alone SageMaker pulls/,
    );
    await expect(requireImage('repository/image:latest')).rejects.toThrow(/expected a URI by digest/);
  });

  test('so is an image that was pushed by hand under the tag of its content', async () => {
    await putImage(names.candidateRepository, 'oci', 'model-1');
    await expect(findImage(ecrClient(), 'model-1', names)).rejects.toThrow(expected);
    const digest = await putImage(names.releaseRepository, 'docker', 'model-2');
    expect(await findImage(ecrClient(), 'model-2', names)).toContain(`/release@${digest}`);
    await expect(findImage(ecrClient(), 'model-3', names)).rejects.toThrow(/run `mlops image push`/);
  });
});
