import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { sample } from '../../fixtures/sample.fixture.ts';
import { everything, fuzz } from './fuzz.fixture.ts';

test('odd configurations are read or refused at their place, never with another error', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fuzz-'));
  try {
    const texts = [everything, readFileSync(join(sample, 'mlops.yaml'), 'utf8')];
    expect(await fuzz(texts, { count: 500, seed: 1, folder })).toEqual([]);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
