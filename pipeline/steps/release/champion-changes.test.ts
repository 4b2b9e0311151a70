import { expect, test } from '@jest/globals';
import { earlierChampions } from './champion-changes.ts';
import type { ChampionChange } from './records.ts';

const change = (kind: ChampionChange['kind'], name: string, previous: string | null): ChampionChange => ({
  kind,
  package: name,
  previous,
  execution: 'e',
  reason: 'r',
  at: '2026-01-01T00:00:00Z',
});
const champion = (name: string, previous: string | null) => ({
  package: name,
  previous,
  compared_with: null,
  execution: 'e',
  reason: 'r',
  at: '2026-01-01T00:00:00Z',
});

test('the champions before the present one, the last first', () => {
  const changes = [
    change('promotion', 'm/1', null),
    change('promotion', 'm/2', 'm/1'),
    change('promotion', 'm/3', 'm/2'),
  ];
  expect(earlierChampions(changes, champion('m/3', 'm/2'))).toEqual(['m/2', 'm/1']);
});

test('a second rollback goes further back, not forth again', () => {
  const changes = [
    change('promotion', 'm/1', null),
    change('promotion', 'm/2', 'm/1'),
    change('promotion', 'm/3', 'm/2'),
    change('rollback', 'm/2', 'm/3'),
  ];
  expect(earlierChampions(changes, champion('m/2', 'm/3'))).toEqual(['m/1']);
  const further = [...changes, change('promotion', 'm/4', 'm/2')];
  expect(earlierChampions(further, champion('m/4', 'm/2'))).toEqual(['m/2', 'm/1']);
});

test('a champion of before changes were recorded is known from the first change, or from the champion itself', () => {
  expect(earlierChampions([change('promotion', 'm/2', 'm/1')], champion('m/2', 'm/1'))).toEqual(['m/1']);
  expect(earlierChampions([], champion('m/2', 'm/1'))).toEqual(['m/1']);
  expect(earlierChampions([], null)).toEqual([]);
  // The step that promoted m/3 was killed before it recorded the change.
  expect(earlierChampions([change('promotion', 'm/2', 'm/1')], champion('m/3', 'm/2'))).toEqual([
    'm/2',
    'm/1',
  ]);
});
