import { expect, test } from '@jest/globals';
import { Random } from '../statistics/random.ts';
import { decide } from './decide.ts';
import { holdoutOf, modelOn, SUPERIOR } from './simulation.ts';

test('the same comparison again gives the same verdict', () => {
  const random = new Random(5);
  const rows = holdoutOf(400, 100, random);
  const input = {
    candidate: modelOn(rows, 0.85, random),
    champion: modelOn(rows, 0.8, random),
    policy: SUPERIOR,
    replicates: 100,
  };
  expect(decide(input)).toEqual(decide(input));
});
