import { type ChildProcessWithoutNullStreams, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { repository } from '../../../repository.ts';
import type { Exit, Program } from './image.ts';
import { LineSplitter } from './line-splitter.ts';
import { groupProgram } from './process-group.ts';

const SCRIPT = join(repository, 'pipeline/backends/embedded/images/fork-server.py');
/** An idle server keeps its libraries in memory for this time. */
const IDLE_SECONDS = 60;

export interface ForkRequest {
  /** `check` only imports the program. */
  readonly task: 'run' | 'check';
  /** The program as `module:function`, or the path of a Python file. */
  readonly entry: string;
  readonly argv: readonly string[];
  /** The whole environment of the program. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  readonly onLine: (line: string) => void;
}

/** A line of fork-server.py. */
type Event = { readonly id: number } & (
  | { readonly pid: number }
  | { readonly output: string }
  | { readonly exit: Exit }
  | { readonly closed: true }
  | { readonly refused: string }
);

interface Job {
  forked: boolean;
  readonly request: ForkRequest;
  readonly output: LineSplitter;
  /** undefined if the server cannot fork safely. */
  readonly started: PromiseWithResolvers<Program | undefined>;
  readonly exit: PromiseWithResolvers<Exit>;
  readonly closed: PromiseWithResolvers<void>;
}

/**
 * A Python process that has imported libraries and forks programs (see fork-server.py). It ends, with everything that
 * it started, when this process ends for any reason, and after a minute without work.
 */
export class ForkServer {
  readonly #process: ChildProcessWithoutNullStreams;
  readonly #jobs = new Map<number, Job>();
  #lastId = 0;
  #idle: NodeJS.Timeout | undefined;
  #errors = '';
  #ended = false;

  /**
   * @param python - the interpreter
   * @param project - the folder of the project's own code, which the server itself never imports
   * @param env - the environment in which the libraries are imported
   */
  constructor(python: string, project: string, env: Readonly<Record<string, string>>) {
    this.#process = spawn(python, [SCRIPT, project], { env, detached: true });
    const events = new LineSplitter(
      (line) => this.#take(JSON.parse(line) as Event),
      Number.POSITIVE_INFINITY,
    );
    this.#process.stdout.on('data', (chunk: Buffer) => events.write(chunk));
    this.#process.stderr.on('data', (chunk: Buffer) => {
      this.#errors = (this.#errors + chunk.toString()).slice(-2000);
    });
    this.#process.stdin.on('error', () => {});
    this.#process.once('error', (error) => this.#end(error.message));
    this.#process.once('close', () => this.#end(this.#errors.trim()));
    this.#rest();
  }

  /** Whether it has ended and accepts no more requests. */
  get ended(): boolean {
    return this.#ended;
  }

  /** Starts a program; undefined if its imports left threads running, so that it must be started without a fork. */
  start(request: ForkRequest): Promise<Program | undefined> {
    const job: Job = {
      forked: false,
      request,
      output: new LineSplitter(request.onLine),
      started: Promise.withResolvers(),
      exit: Promise.withResolvers(),
      closed: Promise.withResolvers(),
    };
    this.#lastId += 1;
    const { task, entry, argv, env, cwd } = request;
    this.#jobs.set(this.#lastId, job);
    this.#work();
    this.#process.stdin.write(`${JSON.stringify({ id: this.#lastId, task, entry, argv, env, cwd })}\n`);
    return job.started.promise;
  }

  #take(event: Event): void {
    const job = this.#jobs.get(event.id);
    if (job === undefined) return;
    if ('pid' in event) {
      const { exit, closed, output } = job;
      job.forked = true;
      const onDrained = () => {
        output.end();
        this.#remove(event.id);
      };
      job.started.resolve(
        groupProgram({
          group: event.pid,
          env: job.request.env,
          exit: exit.promise,
          drained: closed.promise,
          onDrained,
        }),
      );
    } else if ('output' in event) {
      job.output.write(Buffer.from(event.output, 'base64'));
    } else if ('exit' in event) {
      job.exit.resolve(event.exit);
    } else if ('closed' in event) {
      job.closed.resolve();
    } else {
      job.started.resolve(undefined);
      this.#remove(event.id);
    }
  }

  /** The server has ended. Each running program's group then ends by itself. */
  #end(reason: string): void {
    this.#ended = true;
    clearTimeout(this.#idle);
    for (const job of this.#jobs.values()) {
      if (job.forked) job.request.onLine(`The process that forked this program has ended. ${reason}`.trim());
      job.started.resolve(undefined);
      job.exit.resolve({ code: null, signal: 'SIGKILL' });
      job.closed.resolve();
    }
  }

  #remove(id: number): void {
    this.#jobs.delete(id);
    if (this.#jobs.size === 0) this.#rest();
  }

  /** Nothing runs, so the server no longer keeps this process alive and soon ends. */
  #rest(): void {
    for (const handle of this.#handles()) handle.unref();
    this.#idle = setTimeout(() => this.#close(), IDLE_SECONDS * 1000).unref();
  }

  #work(): void {
    for (const handle of this.#handles()) handle.ref();
    clearTimeout(this.#idle);
  }

  #handles(): readonly { ref(): void; unref(): void }[] {
    const { stdin, stdout, stderr } = this.#process;
    return [this.#process, ...[stdin, stdout, stderr].map((stream) => stream as unknown as Socket)];
  }

  #close(): void {
    this.#ended = true;
    this.#process.stdin.end();
  }
}
