import { afterAll, expect, test } from '@jest/globals';
import { cases } from './cases.ts';
import { misbehavingProject, runCase } from './run-case.ts';

/* The short form of `npm run misbehave`, which has more than thirty of them. */

const project = misbehavingProject();
afterAll(project.remove);

test.each(cases.filter(({ short }) => short).map((each) => [`${each.of} ${each.does}`, each] as const))(
  '%s',
  async (_, each) => {
    const { problems, left } = await runCase(project.folder, each);
    expect(problems).toEqual([]);
    expect(left).toEqual([]);
  },
);
