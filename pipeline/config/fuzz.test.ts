import { expect, test } from '@jest/globals';
import { fuzz } from './fuzz.fixture.ts';

test('odd configurations are read or refused at their place, never with another error', async () => {
  expect(await fuzz({ count: 500, seed: 1 })).toEqual([]);
});
