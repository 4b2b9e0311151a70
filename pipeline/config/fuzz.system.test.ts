import { expect, test } from '@jest/globals';
import { fuzz } from './fuzz.fixture.ts';

test('ten thousand odd configurations are read or refused at their place, never with another error', async () => {
  expect(await fuzz({ count: 10_000, seed: 2 })).toEqual([]);
}, 600_000);
