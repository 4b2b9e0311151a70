import { readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { removeWorkspaces, type Workspace } from '../../pipeline/cli/workspace.fixture.ts';
import { whyNoMounts } from './disk.ts';
import { type Fault, type FaultName, faults } from './faults.ts';
import { nameOf, type Point, pointsOf } from './point.ts';
import { readCurrent } from './readers.ts';
import type { Reference } from './soundness.ts';
import { type Start, type StartName, starts, succeed, workspaceOf } from './starts.ts';
import { strike } from './strike.ts';

export interface SoakOptions {
  fault: FaultName[];
  start: StartName[];
  point?: string;
  every: number;
  /** Factor of the times that faults allow, for a busy machine. */
  slack: number;
  writes?: boolean;
  list?: boolean;
}

export interface SoakResult {
  faults: { fault: string; cases: number; sound: number; worst_seconds: number; worst_gone: number }[];
  unsound: { name: string; problems: string[] }[];
  left_out: string[];
}

/** Brings every fault at every point of a run from every start. @param say is told each case as it ends */
export async function soak(options: SoakOptions, say: (line: string) => void): Promise<SoakResult> {
  try {
    return await strikeAll(options, say);
  } finally {
    removeWorkspaces();
  }
}

async function strikeAll(options: SoakOptions, say: (line: string) => void): Promise<SoakResult> {
  const result: SoakResult = { faults: [], unsound: [], left_out: [] };
  const noMounts = whyNoMounts(tmpdir());
  const wanted = options.fault.filter((name) => {
    const isPossible = noMounts === null || !('disk' in faults[name]);
    if (!isPossible) result.left_out.push(`${name}: this machine cannot mount (${noMounts})`);
    return isPossible;
  });
  const tally = new Map(
    wanted.map((fault) => [fault, { fault, cases: 0, sound: 0, worst_seconds: 0, worst_gone: 0 }]),
  );
  let number = 0;
  for (const startName of options.start) {
    const start: Start = starts[startName];
    const base = await workspaceOf(start);
    const { points, reference } = await referenceOf(base, start, options.writes ?? false);
    for (const fault of wanted)
      for (const point of points.filter((each) => nameOf(each).includes(options.point ?? ''))) {
        number += 1;
        if (number % options.every !== 0) continue;
        const name = `${startName}, ${fault}, ${nameOf(point)}`;
        if (options.list) {
          say(name);
          continue;
        }
        const one: Fault = faults[fault];
        const struck = await strike(base.copy(), {
          point,
          start,
          fault: one,
          reference,
          repairsFirst: number % 2 === 0,
          slack: options.slack,
        });
        const { seconds, gone, problems } = struck;
        if (seconds === null) {
          say(`-  ${name}: the run had ended before`);
          continue;
        }
        say(
          `${problems.length === 0 ? '✓' : '✗'}  ${name}: ended after ${seconds.toFixed(1)} s, processes gone after ${gone?.toFixed(1)} s${problems.map((problem) => `\n     ${problem}`).join('')}`,
        );
        const sum = tally.get(fault);
        if (sum !== undefined) {
          sum.cases += 1;
          sum.sound += problems.length === 0 ? 1 : 0;
          sum.worst_seconds = Math.max(sum.worst_seconds, seconds);
          sum.worst_gone = Math.max(sum.worst_gone, gone ?? 0);
        }
        if (problems.length > 0) result.unsound.push({ name, problems });
      }
  }
  result.faults = [...tally.values()];
  return result;
}

/** A run that nothing strikes: the points that it passes, and what it comes to. */
async function referenceOf(
  base: Workspace,
  start: Start,
  writes: boolean,
): Promise<{ points: Point[]; reference: Reference }> {
  const copy = base.copy();
  const points = [...(start.points ?? (await pointsPassed(copy, start)))];
  const { champion } = JSON.parse((await base.mlops('history', '--json')).stdout) as {
    champion: { package: string } | null;
  };
  const { command = 'run' } = start;
  if (command !== 'run')
    return {
      points,
      reference: {
        champion: champion?.package ?? null,
        readable: [readCurrent(base)?.package ?? null, readCurrent(copy)?.package ?? null],
        package: '',
        uses: 0,
      },
    };
  const ended = await succeed(copy, start.next ?? start.args);
  if (writes) points.push(...Array.from({ length: 400 }, (_, n) => ({ write: n + 1 })));
  return {
    points,
    reference: {
      champion: champion?.package ?? null,
      readable: [],
      package: ended.package,
      uses: ended.verdict.holdout_uses,
    },
  };
}

async function pointsPassed(workspace: Workspace, { command = 'run', args }: Start): Promise<Point[]> {
  await workspace.mlops(command, '--json', ...args);
  const [last = ''] = readdirSync(workspace.path('.mlops/runs')).sort().reverse();
  return pointsOf(readFileSync(workspace.path('.mlops/runs', last, 'events.jsonl'), 'utf8'));
}
