import { Random } from '../../pipeline/statistics/random.ts';
import type { Story } from './stories.ts';

/** People of one week, as lines of CSV: the same story gives the same bytes. */

export const PEOPLE = 500;

export const header = [
  'EmployeeNumber',
  'Department',
  'OverTime',
  'MonthlyIncome',
  'DistanceFromHome',
  'JobSatisfaction',
  'YearsAtCompany',
];

export interface Person {
  /** In the order of `header`. */
  cells: string[];
  leaves: boolean;
}

const departments = ['Research', 'Sales', 'Support'];

/** @param week from 0; weeks before the first release are negative */
export function peopleOf(week: number, story: Pick<Story, 'changed' | 'moved'>): Person[] {
  const random = new Random(1000 + week);
  const [changed, moved] = [story.changed(week), story.moved(week)];
  return Array.from({ length: PEOPLE }, (_, row) => {
    const department = departments[Math.floor(departments.length * random.uniform())] ?? 'Research';
    const overTime = random.uniform() < 0.3 + 0.35 * moved;
    const income = Math.max(1000, 6500 + 2000 * random.normal() - 1800 * moved);
    const distance = 1 + Math.floor(29 * random.uniform());
    const satisfaction = 1 + Math.floor(4 * random.uniform());
    const years = Math.floor(-6 * Math.log(random.uniform()));
    const poor = (6500 - income) / 2000;
    const far = (distance - 15) / 9;
    const content = satisfaction - 2.5;
    const young = Math.max(-1, (5 - years) / 5);
    const before = -2.6 + 2 * Number(overTime) + 0.9 * poor + 0.7 * far - 0.8 * content + 0.6 * young;
    // Those who are paid well are poached; who lives far and works long stays.
    const after = -2 - Number(overTime) - 1.3 * poor - 0.3 * far + 0.2 * content + 1.5 * young;
    const logit = before + changed * (after - before);
    const leaves = random.uniform() < 1 / (1 + Math.exp(-logit));
    return {
      cells: [
        String(100_000 + 1000 * week + row),
        department,
        overTime ? 'Yes' : 'No',
        String(Math.round(income)),
        String(distance),
        String(satisfaction),
        String(years),
      ],
      leaves,
    };
  });
}
