import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, jest, test } from '@jest/globals';
import { FileSystem } from 'aws-cdk-lib/core';
import { bundleFunctions } from './bundles.ts';

jest.setTimeout(120_000);
const folder = mkdtempSync(join(tmpdir(), 'mlops-bundles-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** As the CDK hashes an asset. */
const hashes = (folders: Record<string, string>) =>
  Object.entries(folders).map(([name, path]) => [name, FileSystem.fingerprint(path)]);

test('an asset has one hash, whether its function was bundled now, is kept, or was damaged', async () => {
  const first = await bundleFunctions(folder);
  const expected = hashes(first);
  const entry = join(first.gate, 'index.mjs');
  const { ino } = statSync(entry);

  expect(hashes(await bundleFunctions(folder))).toEqual(expected);
  expect(statSync(entry).ino).toBe(ino);

  rmSync(entry);
  expect(hashes(await bundleFunctions(folder))).toEqual(expected);
  expect(hashes(await bundleFunctions(join(folder, 'elsewhere')))).toEqual(expected);
});
