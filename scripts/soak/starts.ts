import { behave, smallData, smallFiles } from '../../pipeline/cli/small-files.fixture.ts';
import { Workspace } from '../../pipeline/cli/workspace.fixture.ts';
import type { Point } from './point.ts';

/** A run to strike, and the state folder that it starts from. */
export interface Start {
  says: string;
  /** The command that is struck; default: run. */
  command?: 'run' | 'release' | 'rollback' | 'monitor';
  args: readonly string[];
  /** The arguments of the run after it, which must end well; default: the same. */
  next?: readonly string[];
  /** The arguments of the runs that make champions before; default: there is none. */
  before?: readonly (readonly string[])[];
  /** The moments; default: all that the run passes. */
  points?: readonly Point[];
  /** Rows of the data; default: 400. */
  rows?: number;
}

const promote = ['--mode', 'promote'];
const tuning =
  'tuning={strategy: random, objective: {metric: quality, goal: maximize}, max_jobs: 2, parallel_jobs: 2, ranges: {weight: {min: 1.5, max: 2}}}';
/** Long enough to be struck while a job works. */
const slow = behave({ seconds: 1.2 });
const script = 'def transform(frame):\n    return frame\n';
/** A release predicts the training file's rows, whose target it does not need. */
const scoring = ['--set', 'data.scoring=new.csv'];
/** Labels are the other ones, so that a look has all to judge. */
const monitoring = [
  '--set',
  'monitoring={truth: truth.csv, label_delay: 1d, decay: {metric: roc_auc, min: 0.7, mean_labels_between_false_alarms: 100}}',
];
const scripted = ['--set', 'prepare.script=prepare.py'];

const stubborn = `import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
def transform(frame):
    time.sleep(300)
`;
const during = (state: string, seconds: number): Point => ({ event: 'TaskStarted', state, seconds });

export const starts = {
  fresh: { says: 'an empty state folder; one model is trained', args: [...promote, ...slow] },
  champion: {
    says: 'a champion with another preparation; models are tuned, and both score',
    before: [[...promote, ...scripted]],
    args: [...promote, ...slow, '--set', tuning],
  },
  failing: {
    says: 'a champion; the training fails, and the next run does not',
    before: [promote],
    args: [...promote, ...behave({ weight: 2, train: 'fail' })],
    next: [...promote, ...behave({ weight: 2 })],
  },
  release: {
    says: 'two champions, of which the first is released; the second is released while readers read',
    command: 'release',
    before: [
      [...promote, ...scoring],
      [...promote, ...scoring, ...slow, ...behave({ weight: 1.5 }), '--no-release'],
    ],
    args: scoring,
  },
  rollback: {
    says: 'two champions, the second released; a rollback to the first, whose predictions are made anew',
    command: 'rollback',
    before: [
      [...promote, ...scoring, ...slow, '--no-release'],
      [...promote, ...scoring, ...behave({ weight: 1.5 })],
    ],
    args: [...scoring, '--reason', 'soak'],
  },
  monitor: {
    says: 'a released champion whose labels are the other ones: a look judges all and finds the decay',
    command: 'monitor',
    before: [[...promote, ...scoring, ...monitoring]],
    args: [...scoring, ...monitoring, '--at', '2099-01-01'],
    next: [...scoring, ...monitoring, '--at', '2099-01-02'],
  },
  'stubborn-train': {
    says: 'a training that ignores SIGTERM, as does its child',
    args: [...promote, ...behave({ train: 'stubborn' })],
    next: promote,
    points: [during('Train', 1)],
  },
  'stubborn-serve': {
    says: 'a server that ignores SIGTERM and answers nothing',
    args: [...promote, ...behave({ serve: 'stubborn' })],
    next: promote,
    points: [during('Score candidate', 1.5)],
  },
  'stubborn-prepare': {
    says: 'a prepare script that ignores SIGTERM',
    args: [...promote, '--set', 'prepare.script=stubborn.py'],
    next: promote,
    points: [during('Prepare', 3)],
  },
  large: {
    says: 'a holdout of 320,000 rows, which takes the gate many seconds',
    args: [...promote, '--set', 'data.holdout=0.8'],
    points: [during('Plan', 0.5), during('Prepare', 5), during('Score candidate', 1), during('Gate', 2)],
    rows: 400_000,
  },
} satisfies Record<string, Start>;

export type StartName = keyof typeof starts;

/** Labels of the rows to predict, each the other one. */
const otherLabels = (rows: number): string =>
  smallData(rows)
    .split('\n')
    .map((line) =>
      line.replace(
        /^([^,]*),.*,(yes|no|y)$/,
        (_, id, y) => `${id},${{ yes: 'no', no: 'yes', y: 'y' }[y as string]}`,
      ),
    )
    .join('\n');

/** A workspace in which the run can start. */
export async function workspaceOf({ before, rows = 400 }: Start): Promise<Workspace> {
  const files = {
    'data.csv': smallData(rows),
    'new.csv': smallData(100),
    'truth.csv': otherLabels(100),
    'prepare.py': script,
    'stubborn.py': stubborn,
  };
  const workspace = new Workspace().write({ ...smallFiles(), ...files });
  for (const args of before ?? []) await succeed(workspace, args);
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
