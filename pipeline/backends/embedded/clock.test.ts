import { expect, test } from '@jest/globals';
import { SetupError } from '../../errors.ts';
import { embeddedClock } from './clock.ts';

const apart = (environment: Record<string, string>) =>
  Math.round((embeddedClock(environment).now().getTime() - Date.now()) / 1000);

test('the clock shows the time, moved by MLOPS_CLOCK_SHIFT', () => {
  expect(apart({})).toBe(0);
  expect(apart({ MLOPS_CLOCK_SHIFT: '-86400' })).toBe(-86400);
  expect(apart({ MLOPS_CLOCK_SHIFT: '3600' })).toBe(3600);
});

test.each(['', 'yesterday', '1.5', '1e9'])('a shift of %j is refused', (MLOPS_CLOCK_SHIFT) => {
  expect(() => embeddedClock({ MLOPS_CLOCK_SHIFT })).toThrow(SetupError);
});
