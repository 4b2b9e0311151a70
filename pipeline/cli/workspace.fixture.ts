import { type ChildProcess, fork, spawn } from 'node:child_process';
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { copySample } from '../../fixtures/sample.fixture.ts';

const repository = fileURLToPath(new URL('../..', import.meta.url));
const program = join(repository, 'pipeline/cli/mlops.ts');
const host = join(repository, 'pipeline/cli/cli-host.fixture.ts');
const made: string[] = [];

/** Removes every workspace, and ends the process that ran their commands. */
export function removeWorkspaces(): void {
  hosted?.kill();
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true });
}

export interface Finished {
  code: number | null;
  signal: string | null;
  stdout: string;
  stderr: string;
}

/** A working directory of the command line, removed after the tests of the file. */
export class Workspace {
  readonly folder: string;
  /** What `mlops` finds in its environment besides. */
  readonly environment: Record<string, string> = {};

  /** Empty but for the Python environments, which every checkout shares. */
  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'mlops-cli-'));
    made.push(this.folder);
    const environments = join(repository, '.mlops/environments');
    mkdirSync(environments, { recursive: true });
    mkdirSync(join(this.folder, '.mlops'));
    symlinkSync(environments, join(this.folder, '.mlops/environments'));
  }

  /** One with the sample project. */
  static sample(): Workspace {
    const workspace = new Workspace();
    copySample(workspace.folder);
    return workspace;
  }

  /** Another one with all that is in this one, state included. */
  copy(): Workspace {
    const workspace = new Workspace();
    for (const name of readdirSync(this.folder).filter((entry) => entry !== '.mlops'))
      cpSync(join(this.folder, name), join(workspace.folder, name), { recursive: true });
    for (const name of readdirSync(join(this.folder, '.mlops')).filter((entry) => entry !== 'environments'))
      cpSync(join(this.folder, '.mlops', name), join(workspace.folder, '.mlops', name), { recursive: true });
    return workspace;
  }

  /** Writes files, by their paths in this folder. */
  write(files: Record<string, string>): this {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(this.path(path)), { recursive: true });
      writeFileSync(this.path(path), text);
    }
    return this;
  }

  path(...parts: string[]): string {
    return resolve(this.folder, ...parts);
  }

  read(...parts: string[]): string {
    return readFileSync(this.path(...parts), 'utf8');
  }

  /** Starts `mlops ARGS` with output that is no terminal. */
  start(...args: string[]): Running {
    return new Running(this.folder, [program, ...args], { env: this.environment });
  }

  /** Like start, but the process loads a module first, and leads a group of its own. */
  startWith(module: string, env: Record<string, string>, ...args: string[]): Running {
    return new Running(this.folder, ['--import', module, program, ...args], { env, detached: true });
  }

  /**
   * Runs `mlops ARGS` to its end. The commands of a test file run one after another in one process, which spares each
   * the loading; with an environment of its own a command has its own process, for clients keep what they find there.
   */
  mlops(...args: string[]): Promise<Finished> {
    if (Object.keys(this.environment).length > 0) return this.start(...args).finished;
    const command = { cwd: this.folder, args, env: environmentOf(this.environment) };
    const finished = last.then(() => runHosted(command));
    last = finished.catch(() => {});
    return finished;
  }

  /** The processes that are left once those that are ending have ended: a killed run's end within seconds. */
  async leftProcesses(): Promise<string[]> {
    const deadline = Date.now() + 20_000;
    while (this.processes().length > 0 && Date.now() < deadline)
      await new Promise((resume) => setTimeout(resume, 50));
    return this.processes();
  }

  /** Command lines of the processes that work in or for this folder. */
  processes(): string[] {
    const own = (pid: string): string[] => {
      try {
        const text = (name: string) => readFileSync(`/proc/${pid}/${name}`, 'utf8').replaceAll('\0', ' ');
        const state = text('stat').replace(/^.*\) /, '')[0];
        const told = `${text('cmdline')} ${text('environ')}`;
        return state !== 'Z' && told.includes(this.folder) ? [`${pid}: ${text('cmdline')}`] : [];
      } catch {
        return [];
      }
    };
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .flatMap(own);
  }
}

/** Only what a shell of a user has: nothing of the test runner's. */
function environmentOf(more: Record<string, string>): Record<string, string> {
  const { HOME, TMPDIR } = process.env;
  return {
    PATH: `${dirname(process.execPath)}:${process.env.PATH}`,
    ...(HOME !== undefined && { HOME }),
    ...(TMPDIR !== undefined && { TMPDIR }),
    ...more,
  };
}

let hosted: ChildProcess | null = null;
let last: Promise<unknown> = Promise.resolve();

/** Has the host run one command. Where that ends the host, the next command gets another. */
function runHosted(command: { cwd: string; args: string[]; env: Record<string, string> }): Promise<Finished> {
  hosted ??= fork(host, { execPath: process.execPath, execArgv: [], env: command.env, silent: true });
  const child = hosted;
  let output = '';
  const keep = (chunk: Buffer) => {
    output += chunk;
  };
  return new Promise((done, reject) => {
    const settle = (finish: () => void) => {
      child.off('message', answered).off('exit', ended).stderr?.off('data', keep);
      finish();
    };
    const answered = (finished: object) => settle(() => done({ signal: null, ...finished } as Finished));
    const ended = (code: number | null, signal: string | null) => {
      hosted = null;
      settle(() =>
        reject(new Error(`mlops ${command.args.join(' ')} ended its process: ${code ?? signal}\n${output}`)),
      );
    };
    child.on('message', answered).on('exit', ended).stderr?.on('data', keep);
    child.send(command);
  });
}

/** A `mlops` process. */
export class Running {
  readonly process: ChildProcess;
  readonly finished: Promise<Finished>;
  stdout = '';
  stderr = '';

  constructor(
    folder: string,
    args: readonly string[],
    { env, detached = false }: { env: Record<string, string>; detached?: boolean },
  ) {
    this.process = spawn(process.execPath, args, {
      cwd: folder,
      env: environmentOf(env),
      detached,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    this.process.stdout?.on('data', (chunk: Buffer) => {
      this.stdout += chunk;
    });
    this.process.stderr?.on('data', (chunk: Buffer) => {
      this.stderr += chunk;
    });
    this.finished = new Promise((done) =>
      this.process.once('close', (code, signal) =>
        done({ code, signal, stdout: this.stdout, stderr: this.stderr }),
      ),
    );
  }

  /** Waits until the condition holds; fails where the process ends before. */
  async until(holds: () => boolean): Promise<void> {
    while (!holds()) {
      if (this.process.exitCode !== null || this.process.signalCode !== null)
        throw new Error(`ended before: ${this.stdout}\n${this.stderr}`);
      await new Promise((resume) => setTimeout(resume, 20));
    }
  }
}

/** No line of a stack trace, which only our own mistakes may show. */
export const stackTrace = /^\s+at .*(\.ts|node:)/m;
