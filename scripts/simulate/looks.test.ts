import { expect, test } from '@jest/globals';
import { decide } from '../../pipeline/gate/decide.ts';
import { Random } from '../../pipeline/statistics/random.ts';
import { holdoutOf, modelOn, SUPERIOR } from './looks.ts';

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
