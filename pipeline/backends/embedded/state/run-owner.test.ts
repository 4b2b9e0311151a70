import { mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from '../images/python-context.fixture.ts';
import { ownerOf } from '../owner.ts';
import { claimRun, unfinishedRuns } from './run-owner.ts';

const [boot = '', pid = '', started = ''] = ownerOf(process.pid).split('/');

function marked(runs: string, name: string, owner: string, secondsAgo: number): void {
  mkdirSync(join(runs, name));
  writeFileSync(join(runs, name, 'owner'), owner);
  const then = Date.now() / 1000 - secondsAgo;
  utimesSync(join(runs, name, 'owner'), then, then);
}

test('a run is driven while its process lives, however long it has given no sign of life', async () => {
  const runs = temporaryFolder();
  mkdirSync(join(runs, 'own'));
  const release = claimRun(join(runs, 'own'));
  const then = Date.now() / 1000 - 86_400;
  utimesSync(join(runs, 'own', 'owner'), then, then);
  expect(await unfinishedRuns(runs)).toEqual({ driven: ['own'], killed: [] });
  expect(readFileSync(join(runs, 'own', 'owner'), 'utf8')).toBe(ownerOf(process.pid));
  release();
  release();
  expect(await unfinishedRuns(runs)).toEqual({ driven: [], killed: [] });
});

test('a run whose process is gone is killed: a reused id, another start of the machine, a state folder of elsewhere', async () => {
  const runs = temporaryFolder();
  marked(runs, 'reused-id', `${boot}/${pid}/${Number(started) + 1}`, 0);
  marked(runs, 'restarted', `before-${boot}/${pid}/${started}`, 90);
  marked(runs, 'same-host-and-id', `${hostname()}/${pid}`, 90);
  marked(runs, 'empty', '', 90);
  // These may live: the folder may be shared.
  marked(runs, 'elsewhere', `elsewhere/${pid}/${started}`, 5);
  marked(runs, 'clock-ahead', `elsewhere/${pid}/${started}`, -3600);
  const { driven, killed } = await unfinishedRuns(runs);
  expect(killed.sort()).toEqual(['empty', 'restarted', 'reused-id', 'same-host-and-id']);
  expect(driven.sort()).toEqual(['clock-ahead', 'elsewhere']);
});
