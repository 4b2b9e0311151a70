/** For tests: a folder that stands for S3, and images whose programs are small Node scripts run as real processes. */
import { spawn, spawnSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Exit, Image, Program, ProgramOptions } from '../images/image.ts';
import { listenersOf } from '../images/listeners.ts';
import type { JobContext, TrialProgress, Waits } from './context.ts';
import { EmbeddedSageMaker } from './embedded-sagemaker.ts';
import { removeTree } from './left-files.ts';

export const IMAGE = 'test@sha256:0';

/** What the scripts have in scope. */
const prelude = `
import * as fs from 'node:fs';
import * as http from 'node:http';
import { spawn } from 'node:child_process';
const base = process.env.SAGEMAKER_BASE_DIR;
const read = (path) => fs.readFileSync(base + '/' + path, 'utf8');
const write = (path, text) => {
  fs.mkdirSync((base + '/' + path).replace(/[^/]*$/, ''), { recursive: true });
  fs.writeFileSync(base + '/' + path, text);
};
const forever = () => setInterval(() => {}, 1000);
/** Answers /ping, and /invocations by answer(body, request) -> body or [status, body]; else with 404, as most containers. */
const serve = (answer) => http.createServer((request, response) => {
  if (request.url === '/ping') return response.end();
  if (request.url !== '/invocations') return response.writeHead(404).end();
  let body = '';
  request.setEncoding('utf8').on('data', (part) => { body += part; }).on('end', async () => {
    const answered = await answer(body, request);
    const [status, text] = Array.isArray(answered) ? answered : [200, answered];
    response.writeHead(status).end(text);
  });
}).listen(Number(process.env.SAGEMAKER_BIND_TO_PORT));
const lines = (body) => body.split('\\n').slice(0, -1);
`;

type Scripts = Partial<Record<'train' | 'serve' | 'prepare', string>>;

export class TestBed {
  readonly sagemaker: EmbeddedSageMaker;
  readonly progress: TrialProgress[] = [];
  readonly notes: string[] = [];
  readonly #folder: string;
  readonly #abort = new AbortController();
  readonly context: JobContext = {
    signal: this.#abort.signal,
    progress: (update) =>
      void (update.kind === 'note' ? this.notes.push(update.text) : this.progress.push(update)),
  };

  private constructor(folder: string, scripts: Scripts, waits: Partial<Waits>) {
    this.#folder = folder;
    this.sagemaker = new EmbeddedSageMaker({
      root: join(folder, 'jobs'),
      resolve: (uri) => this.#path(uri),
      image: (uri) =>
        uri === IMAGE
          ? Promise.resolve(scriptImage(folder, scripts))
          : Promise.reject(new Error('no such image')),
      cores: 2,
      waits: { end: 1, ...waits },
    });
  }

  static async make(scripts: Scripts, waits: Partial<Waits> = {}): Promise<TestBed> {
    return new TestBed(await mkdtemp(join(tmpdir(), 'jobs-')), scripts, waits);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await removeTree(this.#folder);
  }

  abort(): void {
    this.#abort.abort();
  }

  async put(uri: string, text: string | Buffer): Promise<string> {
    await mkdir(dirname(this.#path(uri)), { recursive: true });
    await writeFile(this.#path(uri), text);
    return uri;
  }

  async get(uri: string): Promise<string> {
    return await readFile(this.#path(uri), 'utf8');
  }

  path(uri: string): string {
    return this.#path(uri);
  }

  /** Names of what is stored, sorted. */
  async stored(): Promise<string[]> {
    const entries = await readdir(join(this.#folder, 's3'), { recursive: true, withFileTypes: true }).catch(
      () => [],
    );
    return entries
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name).slice(this.#folder.length + '/s3/'.length))
      .sort();
  }

  /** Names of the jobs of a kind, sorted. */
  async jobs(kind: string): Promise<string[]> {
    return (await readdir(join(this.#folder, 'jobs', kind)).catch(() => [])).sort();
  }

  /** A file of a job's folder. */
  async file(path: string): Promise<string> {
    return await readFile(join(this.#folder, 'jobs', path), 'utf8');
  }

  async json(path: string): Promise<Record<string, unknown>> {
    return JSON.parse(await this.file(path)) as Record<string, unknown>;
  }

  /** Waits until a job's log has a line that matches, and returns it. */
  async logged(job: string, pattern: RegExp): Promise<string> {
    for (;;) {
      const match = pattern.exec(await this.file(`${job}/log.txt`).catch(() => ''));
      if (match) return match[0];
      await sleep(20);
    }
  }

  #path(uri: string): string {
    return join(this.#folder, 's3', uri.replace(/^(s3:\/\/|https:\/\/s3[^/]*\/)/, ''));
  }
}

function scriptImage(folder: string, scripts: Scripts): Image {
  return {
    uri: IMAGE,
    async start(program, options) {
      const script = scripts[program];
      if (script === undefined) throw new Error(`no program ${program}`);
      const file = join(folder, `${program}-${randomUUID()}.mjs`);
      await writeFile(file, prelude + script);
      return run(file, options);
    },
  };
}

function run(file: string, options: ProgramOptions): Program {
  const child = spawn(process.execPath, [file, ...(options.args ?? [])], {
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
    env: {
      PATH: process.env.PATH,
      SAGEMAKER_BASE_DIR: options.baseDir,
      ...(options.port !== undefined && { SAGEMAKER_BIND_TO_PORT: String(options.port) }),
      ...options.env,
    },
  });
  for (const stream of [child.stdout, child.stderr])
    createInterface({ input: stream }).on('line', options.onLine);
  const exited = new Promise<Exit>((resolve) =>
    child.on('close', (code, signal) => resolve({ code, signal })),
  );
  const kill = (signal: NodeJS.Signals) => {
    try {
      if (child.pid !== undefined) process.kill(-child.pid, signal);
    } catch {
      // The group is gone.
    }
  };
  return {
    exited,
    listening: () => listenersOf(child.pid ?? 0, `SAGEMAKER_BASE_DIR=${options.baseDir}`),
    async stop(graceSeconds) {
      kill('SIGTERM');
      await Promise.race([exited, sleep(graceSeconds * 1000, undefined, { ref: false })]);
      kill('SIGKILL');
      await exited;
    },
  };
}

/** Those of the processes that run still, after the moment that a killed one takes to go. */
export async function running(pids: readonly number[]): Promise<number[]> {
  const runs = (pid: number) => {
    const state = spawnSync('ps', ['-o', 'stat=', '-p', String(pid)], { encoding: 'utf8' }).stdout.trim();
    // Z: ended, and not yet collected by its parent.
    return state !== '' && !state.startsWith('Z');
  };
  for (let attempt = 0; attempt < 50 && pids.some(runs); attempt++) await sleep(20);
  return pids.filter(runs);
}

/** The error that a call ends with. */
export async function failure(call: Promise<unknown>): Promise<Error> {
  try {
    await call;
  } catch (error) {
    return error as Error;
  }
  throw new Error('expected the call to fail');
}

/** The Describe response that a failed job's error carries. */
export async function failedJob(call: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await failure(call);
  if (error.name !== 'States.TaskFailed') throw error;
  return JSON.parse(error.message) as Record<string, unknown>;
}
