import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { hostname } from 'node:os';
import { expect, test } from '@jest/globals';
import { hasEnded, lifeOf, ownerOf } from './owner.ts';

const parts = (owner: string) => owner.split('/') as [boot: string, pid: string, started: string];

test('a process lives until it has ended, waiting for its parent to notice included', async () => {
  expect(lifeOf(ownerOf(process.pid))).toBe('alive');
  const child = spawn('sleep', ['300']);
  const owner = ownerOf(child.pid ?? 0);
  expect(lifeOf(owner)).toBe('alive');
  child.kill('SIGKILL');
  await once(child, 'exit');
  expect(lifeOf(owner)).toBe('ended');
  // A child that nobody waits for stays in the process table: its parent sleeps instead.
  const shell = spawn('sh', ['-c', 'sleep 300 & echo $!; exec sleep 300'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  const [line] = (await once(shell.stdout, 'data')) as [Buffer];
  const left = ownerOf(Number(line.toString()));
  expect(lifeOf(left)).toBe('alive');
  process.kill(Number(line.toString()), 'SIGKILL');
  while (!hasEnded(left)) await new Promise((resume) => setTimeout(resume, 5));
  expect(() => process.kill(Number(line.toString()), 0)).not.toThrow();
  shell.kill('SIGKILL');
});

test('a later process with the same id is another one', () => {
  const [boot, pid, started] = parts(ownerOf(process.pid));
  expect(lifeOf(`${boot}/${pid}/${Number(started) - 1}`)).toBe('ended');
});

test('nobody can tell from here of another machine, whatever its name and process ids', () => {
  const [boot, pid, started] = parts(ownerOf(process.pid));
  expect(lifeOf(`${boot.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))}/${pid}/${started}`)).toBe(
    'unknown',
  );
  // The form of an earlier version, the text of a file whose writer was killed, and no process.
  for (const owner of [`${hostname()}/${pid}`, '', 'half', `${boot}/-1/0`, `${boot}//`]) {
    expect(lifeOf(owner)).toBe('unknown');
    expect(hasEnded(owner)).toBe(false);
  }
});
