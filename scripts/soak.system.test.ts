import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, jest, test } from '@jest/globals';
import { repository } from '../pipeline/repository.ts';
import { faults } from './soak/faults.ts';
import type { SoakResult } from './soak/soak.ts';

jest.setTimeout(900_000);

const soak = (...args: string[]) =>
  // A test asks whether the result is right, not whether it took two seconds.
  spawnSync(process.execPath, [join(repository, 'scripts/soak.ts'), '--slack', '5', ...args], {
    encoding: 'utf8',
  });

/** The short form of `npm run soak`: every fault, at some of the moments. */
test('a run leaves a sound state whatever strikes it', () => {
  const { status, stdout, stderr } = soak('--json', '--start', 'champion,failing', '--every', '53');
  const { faults: tallies, unsound, left_out } = JSON.parse(stdout) as SoakResult;
  expect(unsound).toEqual([]);
  expect([status, stderr]).toEqual([0, expect.not.stringContaining('✗')]);
  expect(tallies.length + left_out.length).toBe(Object.keys(faults).length);
  for (const { fault, cases, sound } of tallies)
    expect([fault, sound > 0, cases]).toEqual([fault, true, sound]);
});

test.each(['stubborn-train', 'stubborn-serve', 'stubborn-prepare'])(
  '%s: Ctrl-C ends a run whose program does not listen',
  (start) => {
    const { stdout } = soak('--json', '--start', start, '--fault', 'interrupt');
    const { faults: tallies, unsound } = JSON.parse(stdout) as SoakResult;
    expect(unsound).toEqual([]);
    expect(tallies).toMatchObject([{ fault: 'interrupt', cases: 1, sound: 1 }]);
  },
);

test('a name that it does not know is told, with those that it knows', () => {
  const { status, stderr } = soak('--fault', 'flood');
  expect([status, stderr]).toEqual([2, expect.stringContaining('kill-parent, kill-group, interrupt')]);
});
