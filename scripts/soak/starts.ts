import { behave, smallFiles } from '../../pipeline/cli/small-files.fixture.ts';
import { Workspace } from '../../pipeline/cli/workspace.fixture.ts';

/** Where the run that is struck starts from. */
export interface Start {
  says: string;
  args: readonly string[];
  /** Of the run after it, which must end well; default: the same. */
  next?: readonly string[];
  /** Of the run that makes the champion before; default: there is none. */
  before?: readonly string[];
}

const promote = ['--mode', 'promote'];
const tuning =
  'tuning={strategy: random, objective: {metric: quality, goal: maximize}, max_jobs: 2, parallel_jobs: 2, ranges: {weight: {min: 1.5, max: 2}}}';
/** Long enough to be struck while a job works. */
const slow = behave({ seconds: 1.2 });
const script = 'def transform(frame):\n    return frame\n';
const scripted = ['--set', 'prepare.script=prepare.py'];

export const starts = {
  fresh: { says: 'an empty state folder; one model is trained', args: [...promote, ...slow] },
  champion: {
    says: 'a champion with another preparation; models are tuned, and both score',
    before: [...promote, ...scripted],
    args: [...promote, ...slow, '--set', tuning],
  },
  failing: {
    says: 'a champion; the training fails, and the next run does not',
    before: promote,
    args: [...promote, ...behave({ weight: 2, train: 'fail' })],
    next: [...promote, ...behave({ weight: 2 })],
  },
} satisfies Record<string, Start>;

export type StartName = keyof typeof starts;

/** A workspace in which the run can start. */
export async function workspaceOf({ before }: Start): Promise<Workspace> {
  const workspace = new Workspace().write({ ...smallFiles(), 'prepare.py': script });
  if (before !== undefined) await succeed(workspace, before);
  return workspace;
}

/** Does a run, which must succeed, and returns what it says of itself. */
export async function succeed(workspace: Workspace, args: readonly string[]): Promise<RunSummary> {
  const { code, stdout, stderr } = await workspace.mlops('run', '--json', ...args);
  if (code !== 0) throw new Error(`mlops run ${args.join(' ')}: exit code ${code}\n${stderr}`);
  return JSON.parse(stdout) as RunSummary;
}

export interface RunSummary {
  execution: string;
  status: string;
  package: string;
  promoted: boolean;
  reused: string[];
  verdict: { outcome: string; holdout_uses: number };
}
