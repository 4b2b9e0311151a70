import { expect, test } from '@jest/globals';
import { Random } from './random.ts';
import { shareTest } from './share-test.ts';

test('p-values equal those from scipy', () => {
  // most = beta.ppf(1 - e, y + 1, n - y), binom.sf(x - 1, m, most + tolerance) + e, and so on below; e = beta, or half of it two-sided
  for (const [x, m, y, n, beta, side, expected] of [
    [5, 100, 0, 1176, 1e-7, 'above', 0.0886679705192197],
    [120, 1000, 12, 1176, 1e-7, 'both', 1.0000000000000258e-7],
    [0, 5000, 300, 1176, 1e-7, 'both', 1e-7],
    [10, 1000, 12, 1176, 1e-3, 'both', 1],
    [50_000, 1_000_000, 30_000, 1_000_000, 1e-8, 'both', 1e-8],
  ] as const) {
    const p = shareTest({
      now: { count: x, of: m },
      reference: { count: y, of: n },
      tolerance: 0.01,
      beta,
      side,
    });
    expect(p / expected).toBeCloseTo(1, 6);
  }
});

test('a share that is one percentage point off does not alarm more often than the level, with any number of rows', () => {
  const random = new Random(4);
  for (const [m, n] of [
    [100, 294],
    [3000, 1176],
  ] as const) {
    let alarms = 0;
    for (let window = 0; window < 400; window++) {
      const count = (rows: number, share: number) => {
        let found = 0;
        for (let i = 0; i < rows; i++) if (random.uniform() < share) found++;
        return { count: found, of: rows };
      };
      const p = shareTest({
        now: count(m, 0.03),
        reference: count(n, 0.02),
        tolerance: 0.01,
        beta: 0.005,
        side: 'both',
      });
      if (p <= 0.05) alarms++;
    }
    expect(alarms / 400).toBeLessThan(0.05);
  }
});

test('what is no share is refused', () => {
  const reference = { count: 0, of: 10 };
  const rest = { tolerance: 0, beta: 0.01, side: 'above' } as const;
  for (const now of [
    { count: 11, of: 10 },
    { count: -1, of: 10 },
    { count: Number.NaN, of: 10 },
    { count: 0, of: 0 },
  ])
    expect(() => shareTest({ now, reference, ...rest })).toThrow(`got ${now.count} of ${now.of}`);
});
