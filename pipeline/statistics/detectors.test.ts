import { describe, expect, test } from '@jest/globals';
import {
  type DetectorState,
  isBreach,
  isRestartAlarm,
  readLosses,
  restartMean,
  smallestLoss,
  startDetectors,
} from './detectors.ts';
import { Random } from './random.ts';

const LIMIT = 0.12;

const losses = (n: number, share: number, random: Random) =>
  Float64Array.from({ length: n }, () => (random.uniform() < share ? 1 : 0));

/** Labels until an alarm of losses with this mean. */
function delay(
  start: DetectorState,
  share: number,
  random: Random,
  isAlarm: (state: DetectorState) => boolean,
): number {
  let state = start;
  let read = 0;
  while (!isAlarm(state) && read < 60_000) {
    state = readLosses(state, losses(25, share, random));
    read += 25;
  }
  return read;
}

const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;

const restartAlarm = (state: DetectorState) => isRestartAlarm(state, 20_000);
const breach = (state: DetectorState) => isBreach(state, 0.05);

describe('labels until an alarm are what was measured of these detectors elsewhere', () => {
  // Losses of 0 and 1, the limit .12, seven bets mixed: the medians of an independent simulation.
  test.each([
    [0.15, 872],
    [0.18, 225],
  ])('e-process, a loss of %d from the start: %d', (share, expected) => {
    const random = new Random(1);
    const found = median(
      Array.from({ length: 61 }, () => delay(startDetectors(LIMIT), share, random, breach)),
    );
    expect(found / expected).toBeGreaterThan(0.65);
    expect(found / expected).toBeLessThan(1.45);
  });

  test.each([
    [0.15, 878],
    [0.18, 329],
  ])('e-SR, a loss of %d after 5,000 healthy labels: %d', (share, expected) => {
    const random = new Random(2);
    const delays: number[] = [];
    while (delays.length < 61) {
      const healthy = readLosses(startDetectors(LIMIT), losses(5000, 0.1, random));
      if (!restartAlarm(healthy)) delays.push(delay(healthy, share, random, restartAlarm));
    }
    expect(median(delays) / expected).toBeGreaterThan(0.65);
    expect(median(delays) / expected).toBeLessThan(1.45);
  });
});

describe('false alarms', () => {
  test('the e-process ever alarms in no more than 5 % at the limit', () => {
    const random = new Random(3);
    let alarms = 0;
    for (let run = 0; run < 300; run++)
      if (breach(readLosses(startDetectors(LIMIT), losses(3000, LIMIT, random)))) alarms++;
    expect(alarms / 300).toBeLessThan(0.07);
  });

  test('e-SR needs as many labels on average as are asked for, or more', () => {
    const random = new Random(4);
    const delays = Array.from({ length: 60 }, () =>
      delay(startDetectors(LIMIT), LIMIT, random, (state) => isRestartAlarm(state, 500)),
    );
    expect(delays.reduce((sum, labels) => sum + labels, 0) / 60).toBeGreaterThan(500);
  });

  test('R less the labels read has no drift at the limit, however many labels a loss stands for', () => {
    const random = new Random(5);
    let sum = 0;
    for (let run = 0; run < 4000; run++)
      sum += restartMean(readLosses(startDetectors(LIMIT), losses(20, LIMIT, random), 6));
    expect(sum / 4000 / 120).toBeGreaterThan(0.9);
    expect(sum / 4000 / 120).toBeLessThan(1.1);
  });
});

describe('the state', () => {
  test('is the same to the last digit for the same losses in pieces, through JSON', () => {
    const random = new Random(6);
    const all = Float64Array.from({ length: 1000 }, () => random.uniform());
    const whole = readLosses(startDetectors(0.4), all, 3.7);
    let pieces = startDetectors(0.4);
    for (const [from, to] of [
      [0, 1],
      [1, 340],
      [340, 340],
      [340, 1000],
    ])
      pieces = JSON.parse(JSON.stringify(readLosses(pieces, all.subarray(from, to), 3.7)));
    expect(pieces).toEqual(whole);
    expect(whole).toMatchObject({ terms: 1000, labels: expect.closeTo(3700, 6) });
  });

  test('stays finite with any number of losses', () => {
    const ones = new Float64Array(100_000).fill(1);
    const zeros = new Float64Array(100_000);
    for (const state of [readLosses(startDetectors(0.1), ones), readLosses(startDetectors(0.1), zeros)])
      expect(JSON.parse(JSON.stringify(state))).toEqual(state);
  });

  test('losses and limits outside (0, 1) are refused', () => {
    const state = startDetectors(0.1);
    for (const loss of [-0.01, 1.01, Number.NaN])
      expect(() => readLosses(state, [loss])).toThrow(`loss 0 is ${loss}`);
    for (const limit of [0, 1, Number.NaN])
      expect(() => startDetectors(limit)).toThrow(`got the limit ${limit}`);
  });
});

test('the smallest loss that would have been found is found about as often as not', () => {
  const random = new Random(7);
  const healthy = readLosses(startDetectors(LIMIT), losses(1500, 0.1, random));
  const smallest = smallestLoss(healthy, 20_000)!;
  let found = 0;
  for (let run = 0; run < 200; run++)
    if (restartAlarm(readLosses(startDetectors(LIMIT), losses(1500, smallest, random)))) found++;
  expect(found / 200).toBeGreaterThan(0.3);
  expect(found / 200).toBeLessThan(0.85);
  expect(smallestLoss(startDetectors(LIMIT), 20_000)).toBeNull();
  expect(smallestLoss(readLosses(startDetectors(LIMIT), [0]), 20_000)).toBeNull();
});
