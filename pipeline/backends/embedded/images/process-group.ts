import { spawn } from 'node:child_process';
import { setTimeout as delay } from 'node:timers/promises';
import { processIds, stateOf } from '../linux-processes.ts';
import type { Exit, Program } from './image.ts';
import { LineSplitter } from './line-splitter.ts';
import { listenersOf } from './listeners.ts';
import { endMarked, markOf } from './marked-processes.ts';

const WINDOWS = process.platform === 'win32';
/** How long after a program's end its output may still arrive, or a killed process still be listed. */
const SETTLE_SECONDS = 2;

/**
 * Runs a command in its own process group, which ends when its standard input closes, that is, when this process ends
 * for any reason. The guard is not a child of the command, because a program may wait for all its children. It
 * ignores SIGTERM and gives the group one second; then the leader gets SIGHUP, which supervise.py describes.
 */
const guard = (redirections: string) => `
exec 3<&0
( ( trap '' TERM; read -r _ <&3; kill -TERM -$$; sleep 1; kill -HUP $$; sleep 1; kill -KILL -$$ ) >/dev/null 2>&1 & )
exec "$@" </dev/null 3<&- ${redirections}`;

export interface CommandOptions {
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly onLine: (line: string) => void;
  /**
   * Splits standard output and standard error into lines separately, for commands such as Docker's client that copy
   * two streams. Default: standard error joins standard output, so that lines keep their order.
   */
  readonly separateErrors?: boolean;
}

/**
 * Starts a command and its children as one program. Windows has no process groups; there libuv's job object ends the
 * children with this process.
 * @throws the system's error if the command cannot be started
 */
export async function startCommand(command: readonly string[], options: CommandOptions): Promise<Program> {
  const script = guard(options.separateErrors ? '' : '2>&1');
  const [file = '', ...args] = WINDOWS ? command : ['/bin/sh', '-c', script, 'guard', ...command];
  const child = spawn(file, args, {
    cwd: options.cwd,
    env: options.env,
    detached: !WINDOWS,
    windowsHide: true,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  await new Promise((resolve, reject) => child.once('spawn', resolve).once('error', reject));
  child.stdin.on('error', () => {});
  const outputs = [child.stdout, child.stderr].map((stream) => {
    const output = new LineSplitter(options.onLine);
    stream.on('data', (chunk: Buffer) => output.write(chunk));
    return output;
  });
  const onDrained = () => {
    for (const output of outputs) output.end();
  };
  const drained = new Promise<void>((resolve) => child.once('close', () => resolve()));
  const exit = new Promise<Exit>((resolve) =>
    child.once('exit', (code, signal) => resolve({ code, signal })),
  );
  return groupProgram({ group: child.pid ?? 0, env: options.env, exit, drained, onDrained });
}

/** Makes a program of a process group: when its leader ends, the rest of the group is killed. */
export function groupProgram(parts: {
  readonly group: number;
  readonly env: Readonly<Record<string, string>>;
  /** Resolves when the leader has ended. */
  readonly exit: Promise<Exit>;
  /** Resolves when nothing can write to its output any more. */
  readonly drained: Promise<unknown>;
  readonly onDrained: () => void;
}): Program {
  const { group } = parts;
  let running = true;
  let gone = false;
  const exited = parts.exit.then(async (exit) => {
    running = false;
    signalGroup(group, 'SIGKILL');
    await endMarked(markOf(parts.env));
    // A process that has left the group may keep the output open forever.
    await within(SETTLE_SECONDS, parts.drained);
    parts.onDrained();
    gone = await groupEnds(group);
    return exit;
  });
  let asked = false;
  /** May be called again with a shorter grace: the first that is over counts. */
  async function stop(graceSeconds: number): Promise<void> {
    // Once the leader has ended, the system may reuse the group's number.
    if (running && !asked) signalGroup(group, 'SIGTERM');
    asked = true;
    await within(graceSeconds, parts.exit);
    // Lets a supervisor kill what has left the group (supervise.py); any other leader ends.
    if (running && signal(group, 'SIGHUP')) await within(SETTLE_SECONDS, parts.exit);
    if (running) signalGroup(group, 'SIGKILL');
    await exited;
    if (!gone) throw new Error(`The process group ${group} still runs after SIGKILL`);
  }
  return {
    exited,
    stop,
    listening: () => listenersOf(group, markOf(parts.env)),
  };
}

/** Whether the promise resolves within this many seconds. */
async function within(seconds: number, promise: Promise<unknown>): Promise<boolean> {
  const timer = new AbortController();
  const settled = promise.then(() => true);
  const late = delay(seconds * 1000, false, { signal: timer.signal }).catch(() => false);
  const first = await Promise.race([settled, late]);
  timer.abort();
  return first;
}

function signalGroup(group: number, name: NodeJS.Signals): void {
  if (WINDOWS) {
    spawn('taskkill', ['/T', '/F', '/PID', String(group)], { stdio: 'ignore', windowsHide: true }).on(
      'error',
      () => {},
    );
    return;
  }
  signal(-group, name);
}

/** Whether there is such a process, or group if negative, to signal. */
function signal(pid: number, name: NodeJS.Signals): boolean {
  if (WINDOWS) return false;
  try {
    return process.kill(pid, name);
  } catch {
    return false;
  }
}

/** Whether the group ends soon after SIGKILL. */
async function groupEnds(group: number): Promise<boolean> {
  const deadline = Date.now() + SETTLE_SECONDS * 1000;
  while (await groupRuns(group)) {
    if (Date.now() > deadline) return false;
    await delay(5);
  }
  return true;
}

/** A zombie, a process that has ended but is still listed, does not count. */
async function groupRuns(group: number): Promise<boolean> {
  if (WINDOWS) return false;
  try {
    process.kill(-group, 0);
  } catch {
    return false;
  }
  if (process.platform !== 'linux') return true;
  for (const pid of await processIds()) {
    const found = await stateOf(pid);
    if (found.group === group && found.state !== 'Z') return true;
  }
  return false;
}
