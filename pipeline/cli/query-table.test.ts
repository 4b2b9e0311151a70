import { expect, test } from '@jest/globals';
import { queryTable } from './query-table.ts';

const column = (name: string) => ({ name, type: '' });

test('numbers stand to the right, everything else to the left', () => {
  expect(
    queryTable(
      [column('id'), column('score'), column('n')],
      [
        ['7', 0.123456789, 1],
        ['12345', null, 1000],
      ],
      80,
    ),
  ).toEqual(['id        score     n', '7      0.123457     1', '12345            1000']);
});

test('a map reads largest first, a list in its order', () => {
  const row = [{ Age: -0.1, OverTime: 0.45, note: 'x' }, [1, null, 'a']];
  expect(queryTable([column('m'), column('l')], [row], 80)[1]).toBe(
    'OverTime 0.45, Age -0.1, note x  [1, , a]',
  );
});

test('the widest columns are cut until a line fits, and no cell breaks a line', () => {
  const row = ['a'.repeat(200), 'b\nb', `${'c'.repeat(30)}`, '1234567890'];
  const lines = queryTable(['a', 'b', 'c', 'd'].map(column), [row], 70);
  expect(lines).toHaveLength(2);
  expect(lines[1]).toBe(`${'a'.repeat(24)}…  b b  ${'c'.repeat(25)}…  1234567890`);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(70);
});

test('terminal sequences and hidden characters of a value are not printed', () => {
  const [, line = ''] = queryTable([column('a')], [['\u001b[31mred\u202e']], 80);
  expect(line).toBe('red');
});
