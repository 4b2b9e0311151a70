/**
 * Stops the process that loads this file (`node --import`) at one point of a run, as SIGSTOP does: nothing of it runs on
 * until somebody lets it. It says so first by the file $SOAK_REACHED. $SOAK_POINT is the point, as JSON.
 */
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import type { Point } from './point.ts';

const { SOAK_POINT = '{}', SOAK_REACHED = '', SOAK_HOME = '' } = process.env;
const point = JSON.parse(SOAK_POINT) as Point;
const write = fs.writeFileSync;
let isReached = false;

function stop(): void {
  if (isReached) return;
  isReached = true;
  write(SOAK_REACHED, '');
  process.kill(process.pid, 'SIGSTOP');
}

if ('start' in point) setTimeout(stop, point.start * 1000).unref();
if ('event' in point) {
  const append = fs.appendFileSync;
  fs.appendFileSync = (path, data, options) => {
    append(path, data, options);
    if (!String(path).endsWith('events.jsonl')) return;
    const { type, state = null } = JSON.parse(String(data)) as { type: string; state?: string };
    if (type !== point.event || state !== point.state) return;
    if (point.seconds === 0) stop();
    else setTimeout(stop, point.seconds * 1000).unref();
  };
}
if ('write' in point) {
  let writes = 0;
  const counted = <F extends (...args: never[]) => unknown>(work: F): F =>
    ((...args: Parameters<F>) => {
      if (args.some((arg) => String(arg).startsWith(SOAK_HOME)) && ++writes === point.write) stop();
      return work(...args);
    }) as F;
  for (const name of ['writeFileSync', 'appendFileSync', 'renameSync', 'rmSync', 'mkdirSync'] as const)
    fs[name] = counted(fs[name] as never) as never;
  for (const name of ['writeFile', 'rename', 'link', 'rm', 'rmdir', 'mkdir', 'copyFile', 'open'] as const)
    fs.promises[name] = counted(fs.promises[name] as never) as never;
}
syncBuiltinESMExports();
