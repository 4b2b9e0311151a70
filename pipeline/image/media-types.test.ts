import { expect, test } from '@jest/globals';
import { requireBuilt, requireMediaTypes } from './media-types.ts';

const docker = 'application/vnd.docker.distribution.manifest.v2+json';
const parts = {
  config: { mediaType: 'application/vnd.docker.container.image.v1+json' },
  layers: [{ mediaType: 'application/vnd.docker.image.rootfs.diff.tar.gzip' }],
};
const check = (mediaType: string, manifest: object = parts) =>
  requireMediaTypes('host/name@sha256:1', { mediaType, bytes: JSON.stringify(manifest) });

test("Docker's image with gzip layers is accepted", () => {
  expect(() => check(docker)).not.toThrow();
  expect(() => check(docker, { ...parts, layers: [] })).not.toThrow();
});

test.each([
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v1+prettyjws',
  '',
])('%s is refused, with what to do', (mediaType) => {
  expect(() => check(mediaType)).toThrow(
    `host/name@sha256:1: got a manifest of type ${mediaType}, expected ${docker}, since SageMaker's CreateModel takes no other; build it by`,
  );
  expect(() => check(mediaType)).toThrow(/oci-mediatypes=false/);
});

test('so is one with a part of another type', () => {
  const zstd = 'application/vnd.docker.image.rootfs.diff.tar.zstd';
  expect(() => check(docker, { ...parts, layers: [...parts.layers, { mediaType: zstd }] })).toThrow(
    `got a layer of type ${zstd}`,
  );
  const oci = 'application/vnd.oci.image.config.v1+json';
  expect(() => check(docker, { ...parts, config: { mediaType: oci } })).toThrow(
    `got a configuration of type ${oci}`,
  );
  expect(() => check(docker, {})).toThrow('got a configuration of type undefined');
});

test('what Docker built is refused before the push where Docker says its type', () => {
  expect(() => requireBuilt('model', undefined)).not.toThrow();
  expect(() => requireBuilt('model', docker)).not.toThrow();
  expect(() => requireBuilt('model', 'application/vnd.oci.image.index.v1+json')).toThrow(
    /^model: Docker built a manifest of type application\/vnd\.oci\.image\.index\.v1\+json, expected .*install buildx/,
  );
});
