import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { statFields } from '../../pipeline/backends/embedded/linux-processes.ts';
import { type Finished, stackTrace, type Workspace } from '../../pipeline/cli/workspace.fixture.ts';
import type { Fault } from './faults.ts';
import type { Point } from './point.ts';
import { readCurrent } from './readers.ts';
import { lookProblemsOf, problemsOf, type Reference, releaseProblemsOf } from './soundness.ts';
import type { RunSummary, Start } from './starts.ts';

export interface Struck {
  /** Seconds from the fault until the process had ended; null: the run ended before the point. */
  seconds: number | null;
  /** Seconds from the fault until no process of its jobs was left. */
  gone: number | null;
  problems: string[];
}

const module = join(import.meta.dirname, 'stop-at.ts');
/** Seconds that the processes of a killed run have to end: their guards ask first, then kill. */
const grace = 5;

/** Lets a run come to a point, brings the fault, and looks at what that leaves. */
export async function strike(
  workspace: Workspace,
  {
    point,
    start,
    fault,
    reference,
    repairsFirst,
    slack,
  }: {
    point: Point;
    start: Start;
    fault: Fault;
    reference: Reference;
    repairsFirst: boolean;
    slack: number;
  },
): Promise<Struck> {
  const within = fault.within * slack;
  const home = workspace.path('.mlops');
  const disk = fault.disk?.(home) ?? null;
  const reached = workspace.path('reached');
  const environment = { SOAK_POINT: JSON.stringify(point), SOAK_REACHED: reached, SOAK_HOME: home };
  let reader: NodeJS.Timeout | undefined;
  try {
    const command = start.command ?? 'run';
    const run = workspace.startWith(module, environment, command, '--json', ...start.args);
    let finished: Finished | null = null;
    void run.finished.then((end) => {
      finished = end;
    });
    const reading = new Set<string>();
    const read = () => {
      try {
        readCurrent(workspace);
      } catch (error) {
        reading.add(`a reader: ${(error as Error).message}`);
      }
    };
    reader = setInterval(read, 5);
    while (finished === null && !(existsSync(reached) && isStopped(run.process.pid))) await delay(5);
    if (finished !== null) return { seconds: null, gone: null, problems: [] };

    const began = performance.now();
    const since = () => (performance.now() - began) / 1000;
    fault.strike(run.process, disk);
    run.process.kill('SIGCONT');
    const end = await Promise.race([run.finished, delay(1000 * (within + 30), null, { ref: false })]);
    const seconds = since();
    if (end === null) run.process.kill('SIGKILL');
    const left = await workspace.leftProcesses();
    clearInterval(reader);
    const gone = since();
    disk?.heal();
    const next = start.next ?? start.args;
    const problemsAfter = (struck: NonNullable<Start['command']>): Promise<string[]> => {
      if (struck === 'run') return problemsOf(workspace, reference, next, repairsFirst);
      if (struck === 'monitor') return lookProblemsOf(workspace, next, repairsFirst);
      return releaseProblemsOf(workspace, reference, repairsFirst);
    };
    const problems = [
      ...(end === null || seconds > within ? [`ended after ${seconds.toFixed(1)} s`] : []),
      ...(end === null ? [] : told(end, fault)),
      ...reading,
      ...left.map((process) => `left: ${process}`),
      ...(gone > Math.max(within, grace) ? [`processes were left for ${gone.toFixed(1)} s`] : []),
      ...(await problemsAfter(command)),
    ];
    return { seconds, gone, problems };
  } finally {
    clearInterval(reader);
    disk?.remove();
  }
}

/** What is wrong with the way in which the process ended. */
function told({ code, signal, stdout, stderr }: Finished, fault: Fault): string[] {
  const problems: string[] = [];
  if (stackTrace.test(stderr)) problems.push(`a stack trace: ${stderr}`);
  // Whoever comes after the run was recorded gets its result.
  const isDone = code === 0 && (JSON.parse(stdout) as RunSummary).status === 'succeeded';
  if (fault.asked && code !== 130 && signal !== 'SIGINT' && !isDone)
    problems.push(`ended with ${code ?? signal}`);
  if (fault.speaks && code !== 1) problems.push(`ended with ${code ?? signal}: ${stderr}`);
  if (fault.speaks && !/ENOSPC|EROFS|expected free space and permission to write/i.test(stdout + stderr))
    problems.push(`did not say why: ${stderr}`);
  return problems;
}

function isStopped(pid = 0): boolean {
  return statFields(readFileSync(`/proc/${pid}/stat`, 'utf8'))[0] === 'T';
}
