import { expect, test } from '@jest/globals';
import { captureEntries } from './capture.ts';
import { attrition, record } from './contract.fixture.ts';
import { RecordReader } from './records.ts';

const at = new Date('2026-11-27T12:00:00Z');
const answer = { score: 0.5, decision: 'Yes', contributions: [], package: 'attrition/3' };

function captured(changes: Record<string, unknown>, contract = attrition()) {
  const { rows, problems } = new RecordReader(contract).read(record(changes));
  expect(problems).toEqual([]);
  return captureEntries(contract, { release: 'r1', at }, rows, [answer])[0];
}

test('numbers, booleans and known categories are kept; other text only as a mark', () => {
  expect(captured({ Income: '1e3', OverTime: 'TRUE', Role: 'Clerk', Remark: 'Ann, 5 Mill Lane' })).toEqual({
    at: '2026-11-27T12:00:00.000Z',
    release: 'r1',
    package: 'attrition/3',
    row_id: '17',
    features: { Income: 1000, OverTime: true, Role: 'Clerk', Remark: { other: true } },
    score: 0.5,
    decision: 'Yes',
  });
  expect(captured({ Income: null, OverTime: null, Role: 'Ann', Remark: '' })?.features).toEqual({
    Income: null,
    OverTime: null,
    Role: { other: true },
    Remark: null,
  });
});

test('an id that is text is kept as its hash', () => {
  const first = captured({ Id: 'ann@example.org' })?.row_id;
  expect(first).toMatch(/^sha256:[0-9a-f]{16}$/);
  expect(captured({ Id: 'ann@example.org' })?.row_id).toBe(first);
  expect(captured({ Id: 'bob@example.org' })?.row_id).not.toBe(first);
});

test('nothing of a sensitive column is kept', () => {
  const contract = attrition({
    sensitive: ['Income', 'Id'],
    features: attrition().features.map((feature) => ({ ...feature, sensitive: feature.name === 'Income' })),
  });
  const entry = captured({}, contract);
  expect(entry?.row_id).toBeNull();
  expect(Object.keys(entry?.features ?? {})).toEqual(['OverTime', 'Role', 'Remark']);
});
