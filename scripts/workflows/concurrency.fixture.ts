import { interpolate } from './expression.fixture.ts';
import type { Concurrency } from './workflow.fixture.ts';

/**
 * GitHub's concurrency groups as a model of what it documents. Each rule is named where it is applied:
 *
 *   [one]     "at most one running job or workflow in a concurrency group at any time"
 *   [single]  "By default, any existing pending job or workflow in the same concurrency group will be canceled and the new
 *             queued job or workflow will take its place"
 *   [max]     "Up to 100 jobs or workflow runs can be pending in the concurrency group. When the queue is full, any
 *             additional jobs or workflow runs are canceled"
 *   [invalid] "The combination of queue: max and cancel-in-progress: true is not allowed"
 *   [cancel]  "To also cancel any currently running job or workflow in the same concurrency group, specify
 *             cancel-in-progress: true"
 *   [order]   "Ordering is not guaranteed for jobs or workflow runs using concurrency groups"
 *   [case]    "The concurrency group name is case insensitive"
 *
 * All from https://docs.github.com/actions/how-tos/write-workflows/choose-when-workflows-run/control-workflow-concurrency.
 * Workflow runs and jobs share the groups of a repository. A job that waits for an environment's reviewers has entered its
 * group: it is running here until somebody ends it.
 */
export class Groups {
  readonly #entries: Entry[] = [];

  /** A run or job asks for its group, which the file's expression names. */
  enter(name: string, concurrency: Concurrency | undefined, contexts: Record<string, unknown>): Entry {
    const text = (value: unknown) => (typeof value === 'string' ? interpolate(value, { contexts }) : value);
    // [case]
    const group = concurrency === undefined ? null : String(text(concurrency.group)).toLowerCase();
    const cancels = text(concurrency?.['cancel-in-progress']) === true;
    const queue = concurrency?.queue ?? 'single';
    if (queue === 'max' && cancels)
      // [invalid]
      throw new Error(`${name}: got queue: max with cancel-in-progress: true, which GitHub refuses`);
    const entry: Entry = { name, group, state: 'pending' };
    const others = this.#entries.filter((other) => group !== null && other.group === group);
    const pending = others.filter(({ state }) => state === 'pending');
    if (queue === 'max' && pending.length >= 100) {
      // [max]
      entry.state = 'cancelled';
    } else if (queue === 'single') {
      // [single]
      for (const other of pending) other.state = 'cancelled';
    }
    if (cancels)
      // [cancel]
      for (const other of others) if (other.state === 'running') other.state = 'cancelled';
    this.#entries.push(entry);
    // [one]
    if (entry.state === 'pending' && !others.some(({ state }) => state === 'running'))
      entry.state = 'running';
    return entry;
  }

  /** A run or job ends; `choose` says which of those that wait for its group goes on. [order] */
  end(entry: Entry, choose: (waiting: Entry[]) => Entry | undefined = ([first]) => first): void {
    if (entry.state !== 'running') throw new Error(`${entry.name}: got ${entry.state}, expected it to run`);
    entry.state = 'done';
    const waiting = this.#entries.filter(
      ({ group, state }) => group !== null && group === entry.group && state === 'pending',
    );
    const next = choose(waiting);
    if (next !== undefined) next.state = 'running';
  }

  get running(): Entry[] {
    return this.#entries.filter(({ state }) => state === 'running');
  }
}

/** A run or a job, and how it fares. */
export interface Entry {
  name: string;
  /** Null without a group. */
  group: string | null;
  state: 'pending' | 'running' | 'done' | 'cancelled';
}
