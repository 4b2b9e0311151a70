import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { storageContract } from '../../../ports.contract.ts';
import { temporaryFolder } from '../images/python-context.fixture.ts';
import { FileStorage } from './file-storage.ts';
import { leftBehind, writeUntilKilled } from './writers.fixture.ts';

storageContract('FileStorage', async () => {
  const root = temporaryFolder();
  return () => new FileStorage(root);
});

test('a URI that leads out of the folder is refused', async () => {
  const storage = new FileStorage(temporaryFolder());
  for (const uri of ['s3://../key', 's3://bucket/../../key', 's3://bucket/a/../../../key'])
    await expect(storage.write(uri, 'x')).rejects.toThrow('leads out of the storage folder');
});

test('the form that services answer names the same object', async () => {
  const storage = new FileStorage(temporaryFolder());
  await storage.write('s3://bucket/a/model.tar.gz', 'x');
  expect(await storage.exists('https://s3.us-east-1.amazonaws.com/bucket/a/model.tar.gz')).toBe(true);
});

test('a folder that cannot be read is an error, not an empty one', async () => {
  const root = temporaryFolder();
  mkdirSync(join(root, 'bucket'));
  symlinkSync('loop', join(root, 'bucket/loop'));
  const storage = new FileStorage(root);
  await expect(storage.list('s3://bucket/loop/')).rejects.toThrow('ELOOP');
  await expect(storage.exists('s3://bucket/loop/key')).rejects.toThrow('ELOOP');
});

test('a write that fails leaves nothing behind', async () => {
  const root = temporaryFolder();
  const storage = new FileStorage(root);
  await storage.write('s3://bucket/folder/key', 'x');
  await expect(storage.write('s3://bucket/folder', 'x')).rejects.toThrow();
  await expect(storage.copyIn(join(root, 'none'), 's3://bucket/folder/copy')).rejects.toThrow('ENOENT');
  expect(leftBehind(root)).toEqual([]);
});

test('copies a file in once: its URI names its content', async () => {
  const root = temporaryFolder();
  const storage = new FileStorage(join(root, 's3'));
  writeFileSync(join(root, 'data.csv'), 'first');
  await storage.copyIn(join(root, 'data.csv'), 's3://bucket/1/data.csv');
  writeFileSync(join(root, 'data.csv'), 'second');
  await storage.copyIn(join(root, 'data.csv'), 's3://bucket/1/data.csv');
  expect(Buffer.from(await storage.read('s3://bucket/1/data.csv')).toString()).toBe('first');
});

test.each([1, 2, 3])('killed in the middle of many writes, it holds whole values only (%i)', async () => {
  const root = temporaryFolder();
  const size = 2_000_000;
  await writeUntilKilled(`
    import { FileStorage } from '${new URL('./file-storage.ts', import.meta.url)}';
    const storage = new FileStorage(${JSON.stringify(root)});
    for (let n = 0; ; n++) {
      const value = String(n % 10).repeat(${size});
      await Promise.all([...'abcdefgh'].map((key) => storage.write('s3://bucket/' + key, value)));
      console.log(n);
    }`);
  const storage = new FileStorage(root);
  const objects = await storage.list('s3://bucket/');
  expect(objects.map(({ uri }) => uri)).toEqual([...'abcdefgh'].map((key) => `s3://bucket/${key}`));
  for (const { uri, bytes } of objects) {
    const value = Buffer.from(await storage.read(uri)).toString();
    expect(bytes).toBe(size);
    expect(new Set(value).size).toBe(1);
  }
});
