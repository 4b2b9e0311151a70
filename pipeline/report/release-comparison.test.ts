import { expect, test } from '@jest/globals';
import type { Summary } from '../steps/release/delivery.ts';
import { multiclassRelease, regressionRelease, sampleRelease, sampleRows } from './release.fixture.ts';
import { rowsWithoutComparison, turnedAround, withoutComparison } from './release-comparison.ts';

const summaryOf = (release = sampleRelease()): Summary => {
  if (release.predictions === null) throw new Error('the fixture has predictions');
  return release.predictions.summary;
};

/** What the release before the sample's had: its counts as the sample compares with them. */
function before(later: Summary): Summary {
  const { score } = later;
  return {
    ...later,
    score: score && {
      ...score,
      counts: score.previous_counts ?? [],
      mean: score.previous_mean ?? Number.NaN,
      previous_counts: score.counts.map(() => 1),
      previous_mean: 0.99,
    },
    decisions: later.decisions.map(({ label, previous_rows: rows }) => ({
      label,
      rows: rows ?? 0,
      previous_rows: 199,
    })),
    flips: { compared: 3, changes: [{ from: 'Yes', to: 'No', rows: 3 }] },
    slices: later.slices.map((slice) => ({
      ...slice,
      share: slice.previous_share,
      previous_share: 0.9,
      flipped: 9,
    })),
  };
}

test('a rollback compares the other way round: what had changed changes back', () => {
  const later = summaryOf();
  const back = turnedAround(before(later), later);
  expect(back.score).toEqual({
    edges: later.score?.edges,
    counts: later.score?.previous_counts,
    previous_counts: later.score?.counts,
    mean: later.score?.previous_mean,
    previous_mean: later.score?.mean,
  });
  expect(back.decisions).toEqual([
    { label: 'No', rows: 153, previous_rows: 154 },
    { label: 'Yes', rows: 47, previous_rows: 46 },
  ]);
  expect(later.flips?.changes).toEqual([
    { from: 'No', to: 'Yes', rows: 2 },
    { from: 'Yes', to: 'No', rows: 3 },
  ]);
  expect(back.flips).toEqual({
    compared: 200,
    changes: [
      { from: 'Yes', to: 'No', rows: 2 },
      { from: 'No', to: 'Yes', rows: 3 },
    ],
  });
  expect(back.slices[0]).toMatchObject({ share: 0.153, previous_share: 0.145, flipped: 3 });
});

test('a class that only the later release decides for, and a group that only one shows, keep their sides', () => {
  const later = summaryOf();
  const own = before(later);
  own.decisions = own.decisions.filter(({ label }) => label === 'No');
  later.slices = later.slices.slice(1);
  const back = turnedAround(own, later);
  expect(back.decisions).toEqual([
    { label: 'No', rows: 153, previous_rows: 154 },
    { label: 'Yes', rows: 0, previous_rows: 46 },
  ]);
  expect(back.slices[0]).toMatchObject({ share: 0.153, previous_share: null, flipped: null });
});

test('a later release without a comparison, or of another problem, leaves none', () => {
  const later = summaryOf();
  const own = before(later);
  expect(turnedAround(own, withoutComparison(later))).toMatchObject({
    score: { counts: own.score?.counts, previous_counts: null, previous_mean: null },
    flips: null,
  });
  expect(turnedAround(own, summaryOf(multiclassRelease()))).toEqual(withoutComparison(own));
  expect(turnedAround(summaryOf(regressionRelease()), later).flips).toBeNull();
});

test('what was compared with another release is left out, in the rows too', () => {
  expect(JSON.stringify(withoutComparison(summaryOf()))).not.toMatch(
    /"(previous\w*|flipped|flips)":(?!null)/,
  );
  const { rows } = rowsWithoutComparison(sampleRows(5));
  expect(rows.map((row) => row.previous_decision)).toEqual([null, null, null, null, null]);
  expect(rows.map((row) => row.decision)).toEqual(sampleRows(5).rows.map((row) => row.decision));
});
