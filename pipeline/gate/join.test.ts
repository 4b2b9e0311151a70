import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from '@jest/globals';
import type { Problem } from '../metrics.ts';
import { joinTo } from './join.ts';
import { readScores } from './scores.ts';

const folder = mkdtempSync(join(tmpdir(), 'join-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function joined(
  candidate: string,
  champion: string,
  problem: Problem = 'binary',
  positive: string | null = null,
) {
  writeFileSync(join(folder, 'candidate.csv'), candidate);
  writeFileSync(join(folder, 'champion.csv'), champion);
  const read = (name: string) => readScores(join(folder, name), { problem, positive });
  return joinTo(await read('candidate.csv'), await read('champion.csv'));
}

const header = 'row_id,label,score\n';

test("rows are matched by id as text, in the candidate's order", async () => {
  const champion = await joined(
    `${header}7,1,0.1\n07,0,0.2\n__proto__,0,0.3\n" 7",1,0.4\n`,
    `${header} 7,1,0.8\n__proto__,0,0.7\n7,1,0.5\n07,0,0.6\n`,
  );
  expect(champion.ids).toEqual(['7', '07', '__proto__', ' 7']);
  expect(champion).toMatchObject({
    scores: Float64Array.of(0.5, 0.6, 0.7, 0.8),
    labels: Uint8Array.of(1, 0, 0, 1),
  });
});

test('the champion may lack slices, and have others', async () => {
  const champion = await joined(
    'row_id,label,score,team\na,1,0.1,x\n',
    'row_id,label,score,area\na,1,0.1,y\n',
  );
  expect([...champion.slices.keys()]).toEqual(['area']);
});

test.each([
  [
    'a row too few',
    `${header}a,1,0.1\nb,0,0.2\n`,
    `${header}b,0,0.2\n`,
    'champion.csv: column row_id: got no row "a", expected one, as on line 2 of ',
  ],
  [
    'a row too many',
    `${header}a,1,0.1\n`,
    `${header}a,1,0.1\nb,0,0.2\n`,
    'champion.csv: line 3, column row_id: got "b", expected a row of ',
  ],
  [
    'an id written otherwise',
    `${header}7,1,0.1\n`,
    `${header}07,1,0.1\n`,
    'champion.csv: column row_id: got no row "7"',
  ],
  [
    'another label',
    `${header}a,1,0.1\nb,0,0.2\n`,
    `${header}b,0,0.2\na,0,0.1\n`,
    'champion.csv: line 3, column label: got "0", expected "1", as on line 2 of ',
  ],
])('refuses %s', async (_, candidate, champion, message) => {
  await expect(joined(candidate, champion)).rejects.toThrow(`${join(folder, message)}`);
});

test('labels are compared as text, whatever codes they have', async () => {
  const text = (first: string, second: string) => `${header}a,${first},0.1\nb,${second},0.2\n`;
  await expect(joined(text('No', 'Yes'), text('No', 'Yes'), 'binary', 'Yes')).resolves.toBeDefined();
  await expect(joined(text('No', 'Yes'), text('Nein', 'Yes'), 'binary', 'Yes')).rejects.toThrow(
    'got "Nein", expected "No"',
  );
  await expect(joined(text('No', 'Yes'), text('0', '1'), 'binary', 'Yes')).resolves.toBeDefined();
  await expect(joined(text('0', '1'), text('Yes', 'No'), 'binary', 'Yes')).rejects.toThrow(
    'got "Yes", expected "0"',
  );
  const classes = 'row_id,label,predicted\n';
  const champion = await joined(`${classes}x,b,b\ny,c,b\n`, `${classes}y,c,a\nx,b,a\n`, 'multiclass');
  expect(champion).toMatchObject({ classes: ['a', 'b', 'c'], labels: Int32Array.of(1, 2) });
  const probabilities = 'row_id,label,score_b,score_a\n';
  const wide = await joined(
    `${probabilities}x,b,0.75,0.25\ny,a,0,1\n`,
    `${probabilities}y,a,0.5,0.5\nx,b,1,0\n`,
    'multiclass',
  );
  expect(wide).toMatchObject({ scores: Float64Array.of(0, 1, 0.5, 0.5) });
});

test('true values of a regression are the same numbers', async () => {
  const values = 'row_id,label,predicted\n';
  await expect(joined(`${values}x,0.50,1\n`, `${values}x,5e-1,2\n`, 'regression')).resolves.toBeDefined();
  await expect(
    joined(`${values}x,0.5,1\n`, `${values}x,0.5000000000000001,2\n`, 'regression'),
  ).rejects.toThrow('line 2, column label: got "0.5000000000000001", expected "0.5"');
});
