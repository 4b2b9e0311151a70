import { readFileSync, writeFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { afterEach, expect, test } from '@jest/globals';
import { temporaryFolder } from '../backends/embedded/images/python-context.fixture.ts';
import { buildImage } from './build-image.ts';

const { PATH, DOCKER_BUILDKIT } = process.env;
afterEach(() => {
  process.env.PATH = PATH;
  if (DOCKER_BUILDKIT === undefined) delete process.env.DOCKER_BUILDKIT;
  else process.env.DOCKER_BUILDKIT = DOCKER_BUILDKIT;
});

/**
 * The words of `docker` for a build, with a client that only writes them down. `docker buildx version` ends with 0 where
 * the plugin is installed, and otherwise with 1 (docker/cli, cli-plugins/manager).
 */
async function words({ buildx }: { buildx: boolean }): Promise<string> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, 'Dockerfile'), 'FROM scratch\n');
  const script = `#!/bin/sh\n[ "$*" = "buildx version" ] && exit ${buildx ? 0 : 1}\necho "$*" >> ${folder}/words\n`;
  writeFileSync(join(folder, 'docker'), script, { mode: 0o755 });
  process.env.PATH = `${folder}${delimiter}${PATH}`;
  await buildImage({ name: 'model', folder, tag: 'host/name:tag', platform: 'linux/amd64' });
  return readFileSync(join(folder, 'words'), 'utf8').replaceAll(folder, 'FOLDER').trim();
}

test("BuildKit is asked for Docker's media types, gzip layers and no attestation", async () => {
  delete process.env.DOCKER_BUILDKIT;
  expect(await words({ buildx: true })).toBe(
    'buildx build --provenance=false --sbom=false ' +
      '--output type=docker,oci-mediatypes=false,compression=gzip,force-compression=true ' +
      '--platform linux/amd64 --tag host/name:tag FOLDER',
  );
});

test("Docker's older builder knows none of these options", async () => {
  const plain = 'build --platform linux/amd64 --tag host/name:tag FOLDER';
  expect(await words({ buildx: false })).toBe(plain);
  process.env.DOCKER_BUILDKIT = '0';
  expect(await words({ buildx: true })).toBe(plain);
});
