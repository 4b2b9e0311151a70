import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { afterEach, beforeAll, expect, jest, test } from '@jest/globals';
import { sample } from '../../fixtures/sample.fixture.ts';
import { temporaryFolder } from '../backends/embedded/images/python-context.fixture.ts';
import { ensureEnvironment } from '../backends/embedded/images/python-environment.ts';
import { prepareContext } from '../repository.ts';
import { docker, importBase, importPython, startDocker } from './docker.fixture.ts';

/*
 * The images that this template ships, in a container like SageMaker's: the folders under /opt/ml belong to root, and
 * nobody else may write there (https://github.com/aws/sagemaker-python-sdk/issues/4764). A volume of Docker has such
 * folders. The Dockerfiles are the shipped ones, but for what needs the internet: another base image, and packages that
 * are mounted instead of installed.
 */

jest.setTimeout(300_000);

await startDocker();
importBase('mlops-test/base:1');
importPython('mlops-test/python:1');

const base = 'mlops-test/python-tools:1';
const packages = new Map<string, string>();
const volumes: string[] = [];

beforeAll(async () => {
  const folder = temporaryFolder();
  // The programs that the Dockerfiles call.
  const tools = 'for f in chmod mkdir printf; do /bin/busybox ln -sf busybox /bin/$f; done';
  const python =
    'mkdir -p /usr/local/bin; for f in /bin /usr/local/bin; do /bin/busybox ln -s /bin/python3 $f/python; done';
  writeFileSync(join(folder, 'Dockerfile'), `FROM mlops-test/python:1\nRUN ${tools}; ${python}\n`);
  docker('build', '--quiet', '--tag', base, folder);
  for (const context of [prepareContext, join(sample, 'model')]) {
    const { python } = await ensureEnvironment({
      requirements: join(context, 'requirements.txt'),
      root: resolve('.mlops/environments'),
      name: 'the shipped images (tests)',
      onProgress: console.error,
    });
    const found = execFileSync(python, ['-c', 'import sysconfig; print(sysconfig.get_path("purelib"))'], {
      encoding: 'utf8',
    });
    packages.set(context, found.trim());
  }
});
afterEach(() => {
  for (const volume of volumes.splice(0)) docker('volume', 'rm', '--force', volume);
});

/** Builds a folder's image by its own Dockerfile. */
function build(context: string): string {
  const folder = temporaryFolder();
  cpSync(context, folder, { recursive: true });
  const shipped = readFileSync(join(context, 'Dockerfile'), 'utf8');
  const offline = shipped.replace(/^FROM .*$/m, `FROM ${base}`).replace(/^RUN pip install .*$/m, '');
  expect(offline).not.toContain('pip install');
  writeFileSync(join(folder, 'Dockerfile'), offline);
  const name = `mlops-test/shipped-${basename(context)}:1`;
  docker('build', '--quiet', '--tag', name, folder);
  return name;
}

/** A volume with these files, all of root, none of which anybody else may write. */
function rootOwned(files: Record<string, string>): string {
  const volume = docker('volume', 'create');
  volumes.push(volume);
  for (const [path, text] of Object.entries(files))
    docker(
      ...[
        'run',
        '--rm',
        '--volume',
        `${volume}:/opt/ml`,
        '--env',
        `TEXT=${text}`,
        'mlops-test/base:1',
        'sh',
        '-ec',
      ],
      `umask 022; mkdir -p "$(dirname /opt/ml/${path})"; printf '%s' "$TEXT" > /opt/ml/${path}`,
    );
  return volume;
}

/** The folder of this machine's C++ library, which compiled packages link to. */
const libraries = dirname(
  execFileSync('sh', ['-c', "/sbin/ldconfig -p | sed -n 's/.*libstdc++.so.6.* => //p' | head -n 1"], {
    encoding: 'utf8',
  }).trim(),
);

const run = (context: string, volume: string, ...args: string[]): string =>
  docker(
    ...['run', '--rm', '--volume', `${volume}:/opt/ml`, '--volume', `${packages.get(context)}:/packages:ro`],
    ...['--volume', `${libraries}:/libraries:ro`, '--env', 'LD_LIBRARY_PATH=/libraries'],
    ...['--env', 'PYTHONPATH=/opt/program/src:/packages', ...args],
  );

/** The files that root finds in the volume. */
const filesIn = (volume: string, folder: string): string[] =>
  docker(
    ...['run', '--rm', '--volume', `${volume}:/opt/ml`, 'mlops-test/base:1', 'find', `/opt/ml/${folder}`],
  )
    .split('\n')
    .sort();

const header = 'y,id,x';
const rows = Array.from({ length: 60 }, (_, n) => `${n % 2},r${n},${(n * 7) % 13}`).join('\n');

test('the prepare image writes the output of a processing job', () => {
  const volume = rootOwned({
    'processing/input/config/prepare.json': JSON.stringify({
      problem: 'binary',
      format: 'csv',
      target: 'y',
      positive: '1',
      row_id: 'id',
      exclude: [],
      features_exclude: [],
      slices: [],
      holdout: 0.3,
      salt: 'small',
      content_type: 'text/csv',
      csv: { header: true, target: 'first' },
      source: 'rows.csv',
    }),
    'processing/input/data/rows.csv': `${header}\n${rows}\n`,
    'processing/output/.made': '',
    'output/.made': '',
  });
  run(prepareContext, volume, '--entrypoint', 'prepare', build(prepareContext));
  expect(filesIn(volume, 'processing/output')).toEqual(
    expect.arrayContaining(['/opt/ml/processing/output/manifest/manifest.json']),
  );
});

test('the sample model writes the model of a training job', () => {
  const context = join(sample, 'model');
  const volume = rootOwned({
    'input/config/hyperparameters.json': JSON.stringify({ C: '0.3', problem: 'binary' }),
    'input/config/inputdataconfig.json': JSON.stringify({ train: { ContentType: 'text/csv' } }),
    'input/data/train/train.csv': `${rows.replaceAll(/,r\d+/g, '')}\n`,
    'model/.made': '',
    'output/data/.made': '',
  });
  run(context, volume, build(context), 'train');
  expect(filesIn(volume, 'model').length).toBeGreaterThan(2);
});
