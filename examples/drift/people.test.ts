import { expect, test } from '@jest/globals';
import { header, type Person, peopleOf } from './people.ts';
import { CHANGE, type StoryName, stories } from './stories.ts';

const shareOf = (people: readonly Person[], is: (person: Person) => boolean) =>
  people.filter(is).length / people.length;
const overTime = ({ cells }: Person) => cells[header.indexOf('OverTime')] === 'Yes';
const leaves = (person: Person) => person.leaves;

/** The people of ten weeks. */
const from = (week: number, story: StoryName) =>
  Array.from({ length: 10 }, (_, i) => peopleOf(week + i, stories[story])).flat();

/** How much more of those with overtime leave. */
function effect(people: readonly Person[]): number {
  const of = (is: boolean) => people.filter((person) => overTime(person) === is);
  return shareOf(of(true), leaves) - shareOf(of(false), leaves);
}

test('the same week of the same story has the same people, and no number twice', () => {
  expect(peopleOf(3, stories.sudden)).toEqual(peopleOf(3, stories.sudden));
  const numbers = from(0, 'healthy').map(({ cells }) => cells[0]);
  expect(new Set(numbers).size).toBe(numbers.length);
});

test('until the change every story is the healthy one', () => {
  for (const story of ['sudden', 'covariate', 'late', 'never'] as const)
    expect(peopleOf(CHANGE - 1, stories[story])).toEqual(peopleOf(CHANGE - 1, stories.healthy));
});

test('a changed relation leaves the people as they are; other people leave the relation as it is', () => {
  expect(effect(from(CHANGE, 'healthy'))).toBeGreaterThan(0.2);
  const sudden = from(CHANGE, 'sudden');
  expect(effect(sudden)).toBeLessThan(0.05);
  expect(sudden.map(({ cells }) => cells)).toEqual(from(CHANGE, 'healthy').map(({ cells }) => cells));
  const covariate = from(CHANGE, 'covariate');
  expect(effect(covariate)).toBeGreaterThan(0.2);
  expect(shareOf(covariate, overTime)).toBeGreaterThan(shareOf(sudden, overTime) + 0.2);
});

test('labels come late and biased, or never', () => {
  expect(stories.late.labelDelay(true)).toBeLessThan(stories.late.labelDelay(false));
  expect(stories.never.labelDelay()).toBeNull();
});
