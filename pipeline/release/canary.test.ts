import { describe, expect, test } from '@jest/globals';
import { lowerBound, upperBound } from '../statistics/binomial.ts';
import { judgeCanary } from './canary.ts';

describe('the bounds equal the beta quantiles of scipy', () => {
  // scipy.stats.beta.ppf(0.95, k + 1, n - k) and .ppf(0.05, k, n - k + 1)
  const cases: [k: number, n: number, lower: number, upper: number][] = [
    [0, 20, 0.0, 0.13910834066826516],
    [1, 20, 0.0025613787765302806, 0.2161061642068473],
    [2, 20, 0.018065203085418632, 0.28261852488586087],
    [0, 299, 0.0, 0.009969146792899269],
    [5, 100, 0.019905563662171832, 0.1022533776432745],
    [50, 100, 0.41362171463091174, 0.5863782853690882],
    [99, 100, 0.9534401885464611, 0.9994871985837377],
    [100, 100, 0.9704869503929601, 1.0],
    [1000, 100000, 0.009487997257358383, 0.010533200900636332],
    [20000, 50000, 0.39639066084987495, 0.4036179170819768],
  ];

  test.each(cases)('%i of %i', (k, n, lower, upper) => {
    expect(lowerBound(k, n, 0.95)).toBeCloseTo(lower, 9);
    expect(upperBound(k, n, 0.95)).toBeCloseTo(upper, 9);
  });

  test('what is no count is refused', () => {
    for (const [k, n] of [
      [-1, 5],
      [6, 5],
      [0.5, 5],
      [Number.NaN, 5],
    ] as const)
      expect(() => upperBound(k, n, 0.95)).toThrow(`got ${k} of ${n}, expected whole numbers`);
    expect(() => lowerBound(1, 5, 1)).toThrow('got the confidence 1');
  });
});

describe('three answers', () => {
  test('no error in few requests shows little', () => {
    expect(judgeCanary({ requests: 20, errors: 0 }, 0.01)).toEqual({
      outcome: 'too_little',
      detail:
        '0 errors in 20 requests allow up to 13.9 %, and 1 % is the limit: too little traffic to tell. 299 requests without an error would.',
    });
  });

  test('so does no request', () => {
    expect(judgeCanary({ requests: 0, errors: 0 }, 0.01)).toMatchObject({ outcome: 'too_little' });
  });

  test('no error in as many requests as it takes passes, and in one fewer does not', () => {
    expect(judgeCanary({ requests: 299, errors: 0 }, 0.01).outcome).toBe('pass');
    expect(judgeCanary({ requests: 298, errors: 0 }, 0.01).outcome).toBe('too_little');
  });

  test('a share of errors that is surely above the limit fails', () => {
    expect(judgeCanary({ requests: 20, errors: 2 }, 0.01)).toMatchObject({
      outcome: 'fail',
      detail: expect.stringMatching(/^2 errors in 20 requests mean at least 1\.8 %/),
    });
    expect(judgeCanary({ requests: 20, errors: 1 }, 0.01).outcome).toBe('too_little');
  });

  test('more errors than requests are all of them', () => {
    expect(judgeCanary({ requests: 3, errors: 5 }, 0.5).outcome).toBe('too_little');
    expect(judgeCanary({ requests: 9, errors: 15 }, 0.5).outcome).toBe('fail');
  });
});
