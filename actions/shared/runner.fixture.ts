import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll } from '@jest/globals';
import { repository } from '../../pipeline/repository.ts';
import { buildAction } from '../build.ts';

export interface Step {
  /** As `with:` of a workflow says. */
  with?: Record<string, string>;
  /** Of the step; nothing else is inherited but PATH and HOME. */
  env?: Record<string, string>;
  cwd: string;
  /** The event's payload. */
  event?: unknown;
  /** What main saved, for post. */
  state?: Record<string, string>;
}

export interface Finished {
  code: number | null;
  /** Standard output and error, as the log shows them. */
  log: string;
  outputs: Record<string, string>;
  state: Record<string, string>;
  summary: string;
}

export interface Running {
  process: ChildProcess;
  /** As the runner cancels a step: SIGINT, after 7.5 s SIGTERM, after another 2.5 s SIGKILL. */
  cancel: () => Promise<Finished>;
  /** Resolves once the log holds the text. */
  said: (text: string) => Promise<void>;
  finished: Promise<Finished>;
}

export interface BuiltAction {
  main: (step: Step) => Promise<Finished>;
  post: (step: Step) => Promise<Finished>;
  /** main, not waited for. */
  begin: (step: Step) => Promise<Running>;
}

/**
 * An action bundled for the tests of a file, and run as GitHub's runner runs it: a bare environment, INPUT_* variables,
 * files for outputs, state and summary.
 */
export async function builtAction(name: string): Promise<BuiltAction> {
  // Within the repository, as dist is, whose other files the bundle looks for around itself.
  const dist = join(repository, 'node_modules/.cache/actions', `${name}-${process.pid}`);
  await buildAction(name, dist);
  const scratch = await mkdtemp(join(tmpdir(), 'mlops-runner-'));
  afterAll(async () => {
    await rm(dist, { recursive: true, force: true });
    await rm(scratch, { recursive: true, force: true });
  });
  const begin = (program: string) => (step: Step) => run(join(dist, program), step, scratch);
  const finish = (program: string) => async (step: Step) => (await begin(program)(step)).finished;
  return { main: finish('main.js'), post: finish('post.js'), begin: begin('main.js') };
}

async function run(program: string, step: Step, scratch: string): Promise<Running> {
  const folder = await mkdtemp(join(scratch, 'step-'));
  const file = async (name: string, text = '') => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };
  const env = {
    PATH: [dirname(process.execPath), process.env.PATH].join(delimiter),
    HOME: process.env.HOME ?? '',
    CI: 'true',
    GITHUB_ACTIONS: 'true',
    GITHUB_OUTPUT: await file('output'),
    GITHUB_STATE: await file('state'),
    GITHUB_STEP_SUMMARY: await file('summary'),
    GITHUB_EVENT_PATH: await file('event.json', JSON.stringify(step.event ?? {})),
    ...Object.fromEntries(
      Object.entries(step.with ?? {}).map(([name, value]) => [`INPUT_${name.toUpperCase()}`, value]),
    ),
    ...Object.fromEntries(Object.entries(step.state ?? {}).map(([name, value]) => [`STATE_${name}`, value])),
    ...step.env,
  };
  const child = spawn(process.execPath, [program], { cwd: step.cwd, env, stdio: ['ignore', 'pipe', 'pipe'] });
  let log = '';
  for (const stream of [child.stdout, child.stderr])
    stream.on('data', (chunk: Buffer) => {
      log += chunk.toString();
    });
  const closed = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', resolve);
  });
  const finished = closed.then(async (code) => ({
    code,
    log,
    outputs: await fileCommands(env.GITHUB_OUTPUT),
    state: await fileCommands(env.GITHUB_STATE),
    summary: await readFile(env.GITHUB_STEP_SUMMARY, 'utf8'),
  }));
  return {
    process: child,
    finished,
    cancel: async () => {
      child.kill('SIGINT');
      const later = [
        setTimeout(() => child.kill('SIGTERM'), 7_500),
        setTimeout(() => child.kill('SIGKILL'), 10_000),
      ];
      return await finished.finally(() => later.forEach(clearTimeout));
    },
    said: async (text) => {
      while (!log.includes(text)) {
        if (child.exitCode !== null) throw new Error(`ended without saying ${text}:\n${log}`);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
    },
  };
}

/** `NAME<<MARK`, the value's lines, `MARK`; the last value of a name counts. */
async function fileCommands(path: string): Promise<Record<string, string>> {
  const text = await readFile(path, 'utf8');
  return Object.fromEntries(
    [...text.matchAll(/^([\w-]+)<<(\S+)\n([\s\S]*?)\n\2$/gm)].map(([, name, , value]) => [name, value]),
  );
}
