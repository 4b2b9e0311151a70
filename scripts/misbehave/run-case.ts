import { spawn } from 'node:child_process';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { repository } from '../../pipeline/repository.ts';
import type { Case } from './cases.ts';

export interface Seen {
  /** What is wrong with it; empty: all is as it should be. */
  problems: string[];
  /** The line that says what the program did. */
  message: string;
  /** Of the whole run, or from Ctrl-C to its end. */
  seconds: number;
  /** The command lines of processes that were left. */
  left: string[];
}

/** The argument by which the processes of programs.py are found that have no other mark. */
const MARK = '7654321';
/** A run that lasts longer hangs. */
const LONGEST_SECONDS = 240;
/** An ended process, or its parent, may still be listed for a moment. */
const SETTLE_SECONDS = 3;

/** A project whose model misbehaves, in a folder of its own. Remove it with `remove`. */
export function misbehavingProject(): { folder: string; remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'mlops-misbehave-'));
  const environments = join(repository, '.mlops/environments');
  for (const path of [environments, join(folder, '.mlops'), join(folder, 'model/src')])
    mkdirSync(path, { recursive: true });
  symlinkSync(environments, join(folder, '.mlops/environments'));
  const rows = Array.from({ length: 400 }, (_, index) => {
    const x = Math.sin(index * 12.9898) * 2;
    return `r${index},${x.toFixed(4)},${x + Math.sin(index * 78.233) > 0 ? 'yes' : 'no'}`;
  });
  const files = {
    'mlops.yaml': `project: misbehave
problem: binary
data: { source: data.csv, target: y, positive: "yes", row_id: id }
model: { context: model }
training: { hyperparameters: { train: good, serve: good } }
gate: { thresholds: { roc_auc: { min: 0.6 } }, slices: off }
`,
    'data.csv': `id,x,y\n${rows.join('\n')}\n`,
    'model/Dockerfile': 'FROM scratch\n',
    'model/requirements.txt': '',
    'model/pyproject.toml':
      '[project]\nname = "misbehave"\n[project.scripts]\ntrain = "programs:train"\nserve = "programs:serve"\n',
  };
  for (const [path, text] of Object.entries(files)) writeFileSync(join(folder, path), text);
  copyFileSync(join(import.meta.dirname, 'programs.py'), join(folder, 'model/src/programs.py'));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** Runs the pipeline once with a program that misbehaves, and looks at what it said and left. */
export async function runCase(
  folder: string,
  { name, of, says, interrupted, code, hides, raw }: Case,
): Promise<Seen> {
  const args = ['run', '--json', '--set', `training.hyperparameters.${of}=${name}`];
  const { HOME = '', PATH = '' } = process.env;
  const before = new Set(jobsOf(folder));
  const child = spawn(process.execPath, [join(repository, 'pipeline/cli/mlops.ts'), ...args], {
    cwd: folder,
    env: { HOME, PATH, GITHUB_ACTIONS: 'true' },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let began = performance.now();
  let output = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      output = (output + chunk.toString()).slice(-4_000_000);
    });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  const isOver = ended.then(() => true);
  const deadline = began + LONGEST_SECONDS * 1000;
  let hangs = false;
  while (!(await Promise.race([isOver, sleep(100, false)]))) {
    if (interrupted && !child.killed && logOf(folder, before).includes('misbehaves now')) {
      began = performance.now();
      child.kill('SIGINT');
    }
    if (performance.now() > deadline) {
      hangs = true;
      child.kill('SIGKILL');
    }
  }
  const seconds = (performance.now() - began) / 1000;
  const wanted = code ?? (interrupted ? 130 : 1);
  const got = await ended;
  const left = await leftProcesses(folder);
  const log = logOf(folder, before);
  const problems = [
    ...(hangs ? [`it hung for ${LONGEST_SECONDS} s`] : []),
    ...(got === wanted ? [] : [`exit code ${got}, expected ${wanted}`]),
    ...(says.test(output) ? [] : [`it said nothing of ${says}`]),
    ...(hides?.test(output) || (!raw && hides?.test(log)) ? [`it showed or kept ${hides}`] : []),
    ...(left.length > 0 ? [`${left.length} processes are left`] : []),
  ];
  const message = output.split('\n').findLast((line) => says.test(line)) ?? '';
  return {
    problems: problems.length > 0 ? [...problems, output.slice(-1500)] : [],
    message: said(message, says),
    seconds,
    left,
  };
}

/** The part of a line around what was looked for. */
function said(line: string, says: RegExp): string {
  const text = line.replace(/^\s*"cause": "|",?$/g, '');
  const at = text.search(says);
  return text.slice(Math.max(0, at - 40), at + 140).trim();
}

/** What the jobs that this run has started have printed, as far as it is looked at. */
function logOf(folder: string, before: ReadonlySet<string>): string {
  return jobsOf(folder)
    .filter((job) => !before.has(job))
    .map((job) => readText(join(job, 'log.txt')).slice(0, 200_000))
    .join('\n');
}

function jobsOf(folder: string): string[] {
  const jobs = join(folder, '.mlops/jobs');
  return ['training-job', 'transform-job'].flatMap((kind) =>
    names(join(jobs, kind)).map((job) => join(jobs, kind, job)),
  );
}

const names = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

const readText = (path: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
};

async function leftProcesses(folder: string): Promise<string[]> {
  const deadline = Date.now() + SETTLE_SECONDS * 1000;
  for (;;) {
    const left = names('/proc').filter((pid) => /^\d+$/.test(pid) && isOurs(pid, folder));
    if (left.length === 0 || Date.now() > deadline)
      return left.map((pid) => readText(`/proc/${pid}/cmdline`).replaceAll('\0', ' '));
    await sleep(50);
  }
}

function isOurs(pid: string, folder: string): boolean {
  if (Number(pid) === process.pid) return false;
  const told = readText(`/proc/${pid}/cmdline`) + readText(`/proc/${pid}/environ`);
  return (told.includes(folder) || told.includes(MARK)) && !/\) Z /.test(readText(`/proc/${pid}/stat`));
}
