import { chmod, cp, mkdir, readFile, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, expect, jest, test } from '@jest/globals';
import { hashContext } from '../../../image/context.ts';
import type { Image } from './image.ts';
import { ImageStore } from './image-store.ts';
import { temporaryFolder, writeContext, writeFiles } from './python-context.fixture.ts';

// They start real processes, on machines that may be busy.
jest.setTimeout(60_000);

let root: string;
let context: string;
let store: ImageStore;

beforeEach(async () => {
  root = temporaryFolder();
  context = join(root, 'model');
  store = new ImageStore(join(root, '.mlops/images'));
  await writeContext(context, 'def main():\n    print("first")\n');
});

async function digest(): Promise<string> {
  return (await hashContext(context)).digest;
}

async function output(image: Image): Promise<string[]> {
  const lines: string[] = [];
  const program = await image.start('train', { baseDir: root, env: {}, onLine: (line) => lines.push(line) });
  await program.exited;
  return lines;
}

test('the digest is of content alone: another place and other times change nothing', async () => {
  const before = await digest();
  const copy = join(root, 'elsewhere');
  await cp(context, copy, { recursive: true });
  await utimes(join(copy, 'src/sample/train.py'), 1, 1);
  await mkdir(join(copy, 'empty'));
  expect((await hashContext(copy)).digest).toBe(before);
});

test('content, path and executable bit each change the digest', async () => {
  const digests = [await digest()];
  await writeFile(join(context, 'src/sample/train.py'), 'def main():\n    print("other")\n');
  digests.push(await digest());
  await writeFile(join(context, 'new.txt'), '');
  digests.push(await digest());
  await chmod(join(context, 'new.txt'), 0o755);
  digests.push(await digest());
  await rm(join(context, 'new.txt'));
  await writeFile(join(context, 'new2.txt'), '');
  digests.push(await digest());
  expect(new Set(digests).size).toBe(5);
});

test('what tools leave and what .dockerignore names does not count; what Docker and we read always does', async () => {
  await writeFiles(context, { '.dockerignore': 'data\n!data/keep.csv\n*.*\nDockerfile\n' });
  const before = await digest();
  await writeFiles(context, {
    '.git/HEAD': 'x',
    '.venv/bin/python': 'x',
    'src/sample/__pycache__/train.cpython-311.pyc': 'x',
    'src/sample.egg-info/PKG-INFO': 'x',
    'tests/.pytest_cache/x': 'x',
    'data/a.csv': 'x',
  });
  expect(await digest()).toBe(before);
  await writeFiles(context, { 'data/keep.csv': 'x' });
  const { files } = await hashContext(context);
  expect(files.map((file) => file.path)).toEqual([
    '.dockerignore',
    'Dockerfile',
    'data/keep.csv',
    'pyproject.toml',
    'requirements.txt',
    'src/sample/__init__.py',
    'src/sample/train.py',
  ]);
  // printf x | sha256sum
  expect(files[2]?.sha256).toBe('2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881');
});

test('a link inside the context stands for its target', async () => {
  await writeFiles(context, { 'shared/a.txt': 'a' });
  await symlink('shared/a.txt', join(context, 'a.txt'));
  await symlink('shared', join(context, 'again'));
  const uri = await store.add(context, 'model');
  const kept = join(root, '.mlops/images', uri.slice('model@sha256:'.length));
  expect(await readFile(join(kept, 'a.txt'), 'utf8')).toBe('a');
  expect(await readFile(join(kept, 'again/a.txt'), 'utf8')).toBe('a');
});

test('a link out of the context, into nothing or into itself is refused by name', async () => {
  await writeFiles(root, { 'secret.txt': 'x' });
  for (const [target, message] of [
    ['../secret.txt', /model\/link: the link leads out of the context, to .*secret\.txt/],
    ['missing', /model\/link: the link leads nowhere/],
    ['.', /model\/link: the link leads to a folder that contains it/],
  ] as const) {
    await symlink(target, join(context, 'link'));
    await expect(store.add(context, 'model')).rejects.toThrow(message);
    await rm(join(context, 'link'));
  }
});

test('a link that is left out is not looked at', async () => {
  await writeFiles(context, { '.dockerignore': 'link\n' });
  await symlink('../outside', join(context, 'link'));
  await expect(store.add(context, 'model')).resolves.toMatch(/^model@sha256:[0-9a-f]{64}$/);
});

test('an image runs as it was kept, after its folder has been edited', async () => {
  const first = await store.add(context, 'model');
  await writeFile(join(context, 'src/sample/train.py'), 'def main():\n    print("second")\n');
  const second = await store.add(context, 'model');
  expect(await store.add(context, 'model')).toBe(second);
  expect(second).not.toBe(first);
  expect(await output(await store.open(first))).toEqual(['first']);
  expect(await output(await store.open(second))).toEqual(['second']);
  expect(await output(await new ImageStore(join(root, '.mlops/images')).open(first))).toEqual(['first']);
});

test('an unknown digest, a malformed one and a folder that was changed are refused', async () => {
  const unknown = `model@sha256:${'0'.repeat(64)}`;
  await expect(store.open(unknown)).rejects.toThrow(`${unknown}: not among the images of this machine`);
  await expect(store.open('model:latest')).rejects.toThrow('got "model:latest"');
  await expect(store.open(`model@sha256:../../etc`)).rejects.toThrow('expected NAME@sha256:(64 hex digits)');
  const uri = await store.add(context, 'model');
  await writeFiles(join(root, '.mlops/images', uri.slice('model@sha256:'.length)), { 'src/new.py': '' });
  await expect(store.open(uri)).rejects.toThrow(/changed since they were stored/);
});

test('a missing folder is an error that names it', async () => {
  await expect(store.add(join(root, 'modle'), 'model')).rejects.toThrow(/modle: got no folder, expected one/);
});

test('two that keep the same folder at once agree', async () => {
  const uris = await Promise.all([1, 2, 3].map(() => store.add(context, 'model')));
  expect(new Set(uris).size).toBe(1);
});
