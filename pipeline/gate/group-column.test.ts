import { expect, test } from '@jest/globals';
import { groupColumnOf } from './group-column.ts';

test.each([
  [{}, null],
  [{ split: 'hash' }, null],
  [{ split: null }, null],
  [{ split: { by: 'time', column: 'day' } }, null],
  [{ split: { by: 'group', column: 'person' } }, 'person'],
])('the group column of %j is %j', (data, column) => {
  expect(groupColumnOf(data)).toBe(column);
});
