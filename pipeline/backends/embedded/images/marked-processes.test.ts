import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, test } from '@jest/globals';
import { endMarked, markedIn, markOf } from './marked-processes.ts';

test('a process in a session of its own ends by the mark in its environment, and others stay', async () => {
  const sleep = (folder: string) =>
    spawn('sleep', ['60'], { detached: true, env: { ...process.env, SAGEMAKER_BASE_DIR: folder } });
  const [marked, other] = [sleep('/jobs/one'), sleep('/jobs/one-more')];
  const ended = once(marked, 'exit');
  await Promise.all([once(marked, 'spawn'), once(other, 'spawn')]);
  await endMarked(markOf({ SAGEMAKER_BASE_DIR: '/jobs/one' }));
  expect(await ended).toEqual([null, 'SIGKILL']);
  expect(other.exitCode).toBeNull();
  expect(other.signalCode).toBeNull();
  other.kill('SIGKILL');
});

test('what has no mark ends nothing', async () => {
  expect(markOf({ PATH: '/bin' })).toBeNull();
  await endMarked(null);
});

test("macOS' list of processes is read by whole words", () => {
  const list = [
    '  101 /usr/bin/python3 train PATH=/bin SAGEMAKER_BASE_DIR=/jobs/one LANG=C',
    '  102 sleep 5 SAGEMAKER_BASE_DIR=/jobs/one',
    '  103 sleep 5 SAGEMAKER_BASE_DIR=/jobs/one-more',
    '  104 grep SAGEMAKER_BASE_DIR=/jobs/on',
    '',
  ].join('\n');
  expect(markedIn(list, 'SAGEMAKER_BASE_DIR=/jobs/one')).toEqual([101, 102]);
});
