import { describe, expect, jest, test } from '@jest/globals';
import { isBeyond, measure, shareOf, type Table } from '../table.ts';
import { estimates } from './estimate-table.ts';
import { atLimit, evidence } from './evidence-table.ts';
import { labelDelays, labelFalseAlarms } from './label-tables.ts';

// The short form of `npm run simulate -- monitor`, with fixed seeds. The limits leave room for three standard errors.

// It computes for seconds, and a busy machine may take its time.
jest.setTimeout(600_000);

function measured(table: Table, runs: number) {
  const rows = measure({ ...table, share: 1 }, { runs, seed: 1 });
  const beyond = rows.filter((row) => row.measured.some((each) => isBeyond(each, 3)));
  return {
    shares: rows.map((row) => row.measured.map(shareOf)),
    beyond: beyond.map(({ labels }) => labels.join(', ')),
  };
}

describe('the monitor keeps what it states, and is no slower than others at the same rate of false alarms', () => {
  test('a model at the limit: a weekly test is wrong in nearly every year, the e-process hardly ever', () => {
    const { shares, beyond } = measured(atLimit, 100);
    expect(beyond).toEqual([]);
    expect(shares[0]![0]).toBeGreaterThan(0.85);
    expect(shares[0]![1]).toBeLessThan(0.1);
  });

  test('labels until an alarm are those that an independent program measured', () => {
    const { shares } = measured({ ...evidence, rows: evidence.rows.slice(1) }, 60);
    expect(shares[0]![0]).toBeGreaterThan(600);
    expect(shares[0]![0]).toBeLessThan(1200);
    // Evidence from before a change delays the e-process tenfold, and e-SR hardly.
    expect(shares[1]![1]).toBeGreaterThan(5 * shares[1]![2]!);
  });

  test('labels between false alarms are as many as stated', () => {
    const { shares, beyond } = measured(
      { ...labelFalseAlarms, rows: labelFalseAlarms.rows.slice(2, 3) },
      100,
    );
    expect(beyond).toEqual([]);
    expect(shares[0]![4]).toBeGreaterThan(15_000);
  });

  test('a loss is found no later than by others', () => {
    const { shares, beyond } = measured({ ...labelDelays, rows: labelDelays.rows.slice(1) }, 200);
    expect(beyond).toEqual([]);
    const [small, middle] = shares;
    for (const [weekly, , , daily] of [small!, middle!]) expect(daily).toBeLessThan(weekly!);
  });

  test('an estimate holds what labels show, but not after the relation has changed', () => {
    const rows = [estimates.rows[0]!, estimates.rows[2]!, estimates.rows[8]!];
    const { shares, beyond } = measured({ ...estimates, rows }, 80);
    expect(beyond).toEqual([]);
    expect(shares[2]![0]).toBeLessThan(0.3);
  });
});
