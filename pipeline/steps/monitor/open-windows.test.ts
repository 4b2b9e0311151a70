import { expect, test } from '@jest/globals';
import { emptyHistory, type History, type WindowRecord } from '../../monitor/history.ts';
import { openWindows } from './open-windows.ts';

const day = 86_400;
const window = (start: string, labels: Partial<WindowRecord['labels']>): WindowRecord => {
  const end = new Date(Date.parse(start) + day * 1000).toISOString();
  const due = new Date(Date.parse(end) + 10 * day * 1000).toISOString();
  return {
    summary: { package: 'p/1', start, end, rows: 1, scores: [], decisions: [], columns: [] },
    labels: { due, read: null, state: 'not yet', ...labels },
  } as unknown as WindowRecord;
};
const at = (time: string, history: Partial<History>) => {
  const { spans, isDue } = openWindows({ history: { ...emptyHistory(), ...history } }, time, {
    label_delay: 10 * day,
  });
  return { open: spans.map(({ from }) => new Date(from).toISOString().slice(0, 10)), isDue };
};

test('a window is due once, when its label delay has ended since the look before', () => {
  const windows = [window('2026-03-01T00:00:00Z', {})];
  expect(at('2026-03-11T00:00:00Z', { windows, at: '2026-03-05T00:00:00Z' })).toEqual({
    open: ['2026-03-01'],
    isDue: false,
  });
  expect(at('2026-03-12T00:00:00Z', { windows, at: '2026-03-11T00:00:00Z' }).isDue).toBe(true);
  expect(at('2026-03-13T00:00:00Z', { windows, at: '2026-03-12T00:00:00Z' }).isDue).toBe(false);
});

test('late labels are read for 30 days after they were due; without labels a window stays open', () => {
  const windows = [
    window('2026-03-01T00:00:00Z', { read: 5, state: 'mature' }),
    window('2026-03-02T00:00:00Z', {}),
  ];
  expect(at('2026-04-11T00:00:00Z', { windows, at: '2026-04-10T00:00:00Z' }).open).toEqual([
    '2026-03-01',
    '2026-03-02',
  ]);
  expect(at('2026-04-12T00:00:00Z', { windows, at: '2026-04-10T00:00:00Z' }).open).toEqual(['2026-03-02']);
});
