import { readFileSync } from 'node:fs';
import { FileLedger } from '../backends/embedded/state/file-ledger.ts';
import { kindOf } from '../model-ledger.ts';
import type { Answer } from '../serve/answer.ts';
import type { RecordProblem } from '../serve/records.ts';
import type { ServiceState } from '../serve/service.ts';
import { currentId, type Pointer, pointerKind } from '../steps/release/records.ts';
import type { Running, Workspace } from './cli.fixture.ts';

const started: Running[] = [];

/** Ends the services that a test has left running, as one that fails does. */
export function killServices(): void {
  for (const { process } of started.splice(0)) process.kill('SIGKILL');
}

/** Moves the pointer of the small project, as a release does. */
export async function point(workspace: Workspace, release: string, name: string): Promise<void> {
  const pointer: Pointer = {
    release,
    execution: release,
    package: name,
    mode: 'batch',
    at: new Date().toISOString(),
    reason: 'test',
    previous: null,
  };
  const ledger = new FileLedger(workspace.path('.mlops/ledger/small'));
  await ledger.put(kindOf(pointerKind, 'small'), currentId, pointer);
}

/** Rows of the small project's data as records without the target. */
export function smallRecords(workspace: Workspace): Record<string, string>[] {
  const [header = '', ...lines] = readFileSync(workspace.path('data.csv'), 'utf8').trim().split('\n');
  const names = header.split(',').slice(0, -1);
  return lines.map((line) => {
    const fields = line.split(',');
    return Object.fromEntries(names.map((name, at) => [name, fields[at] ?? '']));
  });
}

export interface Asked {
  status: number;
  predictions: Answer[];
  errors: RecordProblem[];
}

/** A `mlops serve` process. */
export class ServiceProcess {
  readonly running: Running;
  readonly url: string;

  private constructor(running: Running, url: string) {
    this.running = running;
    this.url = url;
  }

  static async start(workspace: Workspace, ...args: string[]): Promise<ServiceProcess> {
    const running = workspace.start('serve', '--port', '0', ...args);
    started.push(running);
    await running.until(() => /Serving .* on http/.test(running.stdout));
    return new ServiceProcess(running, /http:\S+/.exec(running.stdout)?.[0] ?? '');
  }

  /** POST /predict. */
  async ask(body: unknown): Promise<Asked> {
    const response = await fetch(`${this.url}/predict`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify(body),
    });
    return { predictions: [], errors: [], ...((await response.json()) as object), status: response.status };
  }

  async current(): Promise<ServiceState> {
    return (await (await fetch(`${this.url}/current`)).json()) as ServiceState;
  }

  /** Waits until the state is as wanted. */
  async until(holds: (state: ServiceState) => boolean): Promise<ServiceState> {
    for (;;) {
      const state = await this.current();
      if (holds(state)) return state;
      await new Promise((resume) => setTimeout(resume, 20));
    }
  }

  /** Ctrl-C; the milliseconds until the process has ended. */
  async stop(): Promise<number> {
    const began = performance.now();
    this.running.process.kill('SIGINT');
    await this.running.finished;
    return performance.now() - began;
  }
}
