import { beforeEach, describe, expect, test } from '@jest/globals';
import { sha256Json } from '../../hash.ts';
import type { StepContext } from '../context.ts';
import { FakeSageMaker } from './fake-sagemaker.fixture.ts';
import { type CountedLook, type Look, lookAt } from './looks.ts';

let context: StepContext;
let taken = 0;
beforeEach(() => {
  context = new FakeSageMaker().context;
  taken = 0;
});

const byColumn = { row_id: 'id' };
const rows = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => `r${from + i}`);

/** The number of a new comparison on a holdout of these rows, which is then kept. */
async function look(rowIds: string[], manifest: { row_id: string | null; id_columns?: string[] } = byColumn) {
  taken += 1;
  return await lookAgain(rowIds, taken, manifest);
}

async function lookAgain(
  rowIds: string[],
  comparison: number,
  manifest = byColumn as { row_id: string | null },
) {
  const holdout = sha256Json(rowIds);
  const { number, stored, keep } = await lookAt({ holdout, manifest, rowIds, comparison }, context);
  if (stored === null)
    await keep({ verdict: `s3://mlops/small/runs/${taken}.json`, execution: `e${taken}`, at: 'now' });
  return number;
}

async function looks(count: number, rowIds: string[]): Promise<void> {
  for (let i = 0; i < count; i++) await look(rowIds);
}

test('the same comparison keeps its number, however many came since', async () => {
  await looks(3, rows(0, 50));
  expect(await lookAgain(rows(0, 50), 2)).toBe(2);
  expect(await look(rows(0, 50))).toBe(4);
});

describe('looks are counted by row, over all versions of the holdout:', () => {
  test('an edited row makes no fresh holdout of the others, and edits in a row lose nothing', async () => {
    await looks(35, rows(0, 50));
    expect(await look(['new', ...rows(1, 50)])).toBe(36);
    expect(await look(['newer', ...rows(1, 50)])).toBe(37);
    expect(await look(['newer', 'newest', ...rows(2, 50)])).toBe(38);
    // Back at the first version: looks at the others were looks at its rows.
    expect(await look(rows(0, 50))).toBe(39);
  });

  test('a larger holdout of which most rows are new', async () => {
    await looks(40, rows(0, 50));
    expect(await look(rows(0, 500))).toBe(41);
    // One row that was looked at is enough: the highest count among today's rows decides.
    expect(await look(rows(49, 2000))).toBe(42);
  });

  test('rows that nobody has looked at are a fresh holdout, and looks at them do not count for others', async () => {
    await looks(10, rows(0, 50));
    await looks(4, rows(50, 100));
    expect(await look(rows(50, 100))).toBe(5);
    expect(await look(rows(100, 150))).toBe(1);
    // Rows of both: those with the most looks decide, not the sum.
    expect(await look([...rows(0, 50), ...rows(50, 100)])).toBe(11);
  });

  test('where rows are known by other columns, every look counts', async () => {
    const hashed = (ids: string[], ...id_columns: string[]) => look(ids, { row_id: null, id_columns });
    for (let i = 0; i < 6; i++) await hashed(rows(0, 50), 'x');
    // An added column gives every row another id, so that none seems to have been looked at.
    expect(await hashed(rows(1000, 1050), 'x', 'y')).toBe(7);
    expect(await look(rows(2000, 2050))).toBe(8);
    // Known by the same columns, other rows are others: only the look at column x and y's rows counts in full.
    expect(await hashed(rows(3000, 3050), 'x')).toBe(3);
  });

  test('where the list of rows is gone, its looks count in full', async () => {
    await looks(5, rows(0, 50));
    const item = await context.ledger.get<{ ids: string }>('holdout', sha256Json(rows(0, 50)));
    await context.ledger.put('holdout', sha256Json(rows(0, 50)), {
      ids: item?.value.ids,
      rows: 's3://mlops/small/holdouts/small/none.json',
    });
    expect(await look(rows(500, 550))).toBe(6);
  });

  test('a very large holdout is known by a sample, which another version of it shares', async () => {
    await look(rows(0, 60_000));
    const [{ value } = { value: { rows: '' } }] = await context.ledger.list<{ rows: string }>('holdout');
    const kept = JSON.parse(new TextDecoder().decode(await context.storage.read(value.rows)));
    expect(kept).toHaveLength(50_000);
    expect(await look(rows(30_000, 200_000))).toBe(2);
    expect(await look(rows(200_000, 260_000))).toBe(1);
  });
});

test('items of an earlier version of the pipeline still count', async () => {
  const holdout = sha256Json(rows(0, 50));
  const uri = 's3://mlops/small/holdouts/small/old.json';
  await context.storage.write(uri, JSON.stringify(rows(0, 50)));
  await context.ledger.put('holdout', holdout, { looks_before: 7, rows: uri });
  await context.ledger.put('holdout', 'latest', { holdout });
  await context.ledger.put(`look-${holdout}`, 'a', {
    verdict: { holdout_uses: 8 },
    execution: 'e',
    at: 'then',
  });
  await context.ledger.put<CountedLook>(`look-${holdout}`, 'b', { counted: 'run 1' });
  expect(await look(rows(0, 50))).toBe(10);
  const [stored] = (await context.ledger.list<Look>(`look-${holdout}`)).filter(({ value }) => value.uses);
  expect(stored?.value).toMatchObject({ uses: 10, verdict: expect.stringContaining('s3://') });
});
