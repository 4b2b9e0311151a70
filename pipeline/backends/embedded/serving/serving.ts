import { type FSWatcher, watch } from 'node:fs';
import { kindOf } from '../../../model-ledger.ts';
import type { CaptureEntry } from '../../../serve/capture.ts';
import type { ServedModel, Service, ServiceState } from '../../../serve/service.ts';
import { currentId, type Pointer, pointerKind } from '../../../steps/release/records.ts';
import type { CaptureFile } from './capture-file.ts';
import { type ModelHost, type ModelProcess, startModel } from './model-process.ts';

/** A package to serve: by release, or one that the caller named. */
type Wanted = Pick<Pointer, 'package'> & { release: string | null };

/** A model that answers, and how many requests it is answering. */
interface Lent {
  process: ModelProcess;
  model: ServedModel;
  since: string;
  users: number;
  /** Called when the last request on it has ended; null while it is the current one. */
  onFree: (() => void) | null;
}

export interface ServingOptions extends ModelHost {
  /** Serve this package and do not follow the pointer. */
  pinned: string | null;
  /** null: nothing is kept. */
  capture: CaptureFile | null;
}

/** Milliseconds between two looks at the pointer, because a file system may lose a notice. */
const POLL_MS = 1000;
/** Milliseconds until a model that did not come up is tried again: doubled each time, up to the longest. */
const [FIRST_RETRY_MS, LONGEST_RETRY_MS] = [5000, 300_000];
/** Milliseconds in which a model that ends by itself has ended soon: the second time in a row it waits like one that fails. */
const SOON_MS = 10_000;
/** Milliseconds that requests on a model that was replaced may still take. */
const LAST_REQUESTS_MS = 60_000;
const [GRACE_SECONDS, ABORT_SECONDS] = [5, 0.7];

/**
 * Serves what the pointer in the ledger names, and follows it: the new model starts beside the old one, takes over once it is
 * healthy, and the old one ends after its last request. If the new one does not come up, the old one stays.
 */
export class Serving implements Service {
  readonly #options: ServingOptions;
  readonly #ended = new AbortController();
  /** Old models that still answer. */
  readonly #retiring = new Set<Promise<void>>();
  #current: Lent | null = null;
  #starting: { wanted: Wanted; abort: AbortController } | null = null;
  #failed: (NonNullable<ServiceState['failed']> & { again: number; wait: number }) | null = null;
  /** How often in a row a model has ended soon after it had come up. */
  #soonEnds = 0;
  #watcher: FSWatcher | null = null;
  #wake: () => void = () => {};
  #awake = false;
  #unreadable = '';
  #following: Promise<void> = Promise.resolve();
  readonly howToRelease = 'run `npx mlops release`';

  constructor(options: ServingOptions) {
    this.#options = options;
  }

  /**
   * Starts the package that was named, or begins to follow the pointer: then it returns before a model answers.
   * @throws like startModel for a package that was named
   */
  async start(): Promise<void> {
    if (this.#options.pinned !== null) {
      const wanted = { package: this.#options.pinned, release: null };
      const started = await startModel(wanted.package, this.#options, this.#ended.signal);
      this.#takeOver(wanted, started);
    }
    this.#following = this.#follow();
  }

  async use<T>(work: (model: ServedModel | null) => Promise<T>): Promise<T> {
    const lent = this.#current;
    if (lent === null) return await work(null);
    lent.users += 1;
    try {
      return await work(lent.model);
    } finally {
      lent.users -= 1;
      if (lent.users === 0) lent.onFree?.();
    }
  }

  state(): ServiceState {
    const { capture } = this.#options;
    const failed = this.#failed;
    return {
      release: this.#current?.model.release ?? null,
      package: this.#current?.model.contract.package ?? null,
      since: this.#current?.since ?? null,
      starting:
        this.#starting === null
          ? null
          : { release: this.#starting.wanted.release, package: this.#starting.wanted.package },
      failed:
        failed === null
          ? null
          : { release: failed.release, package: failed.package, error: failed.error, at: failed.at },
      capture: { on: capture !== null, dropped: capture?.dropped ?? 0 },
    };
  }

  keep(entries: () => CaptureEntry[]): void {
    this.#options.capture?.keep(entries);
  }

  now(): Date {
    return this.#options.context.clock.now();
  }

  /** Ends every model within about a second. */
  async stop(): Promise<void> {
    this.#ended.abort();
    this.#starting?.abort.abort();
    this.#wake();
    this.#watcher?.close();
    await this.#following;
    const lent = this.#current;
    this.#current = null;
    await Promise.all([lent?.process.stop(ABORT_SECONDS), ...this.#retiring, this.#options.capture?.close()]);
  }

  async #follow(): Promise<void> {
    while (!this.#ended.signal.aborted) {
      this.#awake = false;
      const wanted = await this.#wanted();
      if (wanted !== null) await this.#serve(wanted);
      this.#watch();
      await this.#rest();
    }
  }

  /** Waits for a notice, or a while. */
  async #rest(): Promise<void> {
    if (this.#awake || this.#ended.signal.aborted) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, POLL_MS);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wake = () => {};
  }

  /** The package that should answer; null if none is released, or the pointer cannot be read: then what answers stays. */
  async #wanted(): Promise<Wanted | null> {
    const { pinned, context, onNote } = this.#options;
    if (pinned !== null) return { package: pinned, release: null };
    try {
      const pointer = (await context.ledger.get<Pointer>(pointerKind, currentId))?.value ?? null;
      this.#unreadable = '';
      return pointer;
    } catch (error) {
      const { message } = error as Error;
      if (message !== this.#unreadable) onNote(`${message}; the release before it goes on answering`);
      this.#unreadable = message;
      return null;
    }
  }

  async #serve(wanted: Wanted): Promise<void> {
    const { onNote } = this.#options;
    const current = this.#current;
    if (current !== null && current.model.contract.package === wanted.package) {
      this.#failed = null;
      if (current.model.release === wanted.release) return;
      // The same model under a new release.
      current.model = { ...current.model, release: wanted.release };
      current.since = this.now().toISOString();
      onNote(`${told(wanted)} answers: the same model as before`);
      return;
    }
    const failed = this.#failed;
    const isSame = failed?.package === wanted.package && failed.release === wanted.release;
    if (isSame && Date.now() < failed.again) return;
    const abort = new AbortController();
    this.#starting = { wanted, abort };
    const signal = AbortSignal.any([this.#ended.signal, abort.signal]);
    try {
      this.#takeOver(wanted, await startModel(wanted.package, this.#options, signal));
      onNote(`${told(wanted)} answers`);
    } catch (error) {
      if (signal.aborted) return;
      const { message } = error as Error;
      const wait = isSame ? Math.min(2 * failed.wait, LONGEST_RETRY_MS) : FIRST_RETRY_MS;
      const at = this.now().toISOString();
      const { release } = wanted;
      this.#failed = {
        release,
        package: wanted.package,
        error: firstLine(message),
        at,
        wait,
        again: Date.now() + wait,
      };
      const stays =
        this.#current === null ? 'nothing answers' : `${told(asWanted(this.#current))} goes on answering`;
      if (!isSame || firstLine(message) !== failed.error)
        onNote(`${told(wanted)} does not start: ${message}\n${stays}`);
    } finally {
      this.#starting = null;
    }
  }

  #takeOver({ release }: Wanted, started: ModelProcess): void {
    const { contract } = started;
    const invoke: ServedModel['invoke'] = (body, type, accept) => started.invoke(body, type, accept);
    const lent: Lent = {
      process: started,
      model: { release, contract, invoke },
      since: this.now().toISOString(),
      users: 0,
      onFree: null,
    };
    const before = this.#current;
    this.#current = lent;
    this.#failed = null;
    const onEnd = () => this.#crashed(lent);
    started.signal.addEventListener('abort', onEnd, { once: true });
    if (started.signal.aborted) onEnd();
    if (before !== null) this.#retire(before);
  }

  /** Stops a model once its last request has ended. */
  #retire(lent: Lent): void {
    const retired = (async () => {
      if (lent.users > 0)
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, LAST_REQUESTS_MS);
          lent.onFree = () => {
            clearTimeout(timer);
            resolve();
          };
          this.#ended.signal.addEventListener('abort', () => lent.onFree?.(), { once: true });
        });
      await lent.process.stop(this.#ended.signal.aborted ? ABORT_SECONDS : GRACE_SECONDS);
    })().catch((error: Error) => this.#options.onNote(error.message));
    this.#retiring.add(retired);
    void retired.then(() => this.#retiring.delete(retired));
  }

  /** Has a model started again that ended by itself. */
  #crashed(lent: Lent): void {
    if (this.#current !== lent || this.#ended.signal.aborted) return;
    const { message } = lent.process.signal.reason as Error;
    this.#soonEnds = Date.now() - Date.parse(lent.since) < SOON_MS ? this.#soonEnds + 1 : 0;
    const wait =
      this.#soonEnds < 2 ? 0 : Math.min(FIRST_RETRY_MS * 2 ** (this.#soonEnds - 2), LONGEST_RETRY_MS);
    if (wait > 0) {
      const at = this.now().toISOString();
      this.#failed = { ...asWanted(lent), error: message, at, wait, again: Date.now() + wait };
    }
    const printed = lent.process.lines.map((line) => `\n    | ${line.slice(0, 400)}`).join('');
    this.#options.onNote(
      `${told(asWanted(lent))}: ${message}${printed === '' ? '' : `; its last lines:${printed}`}\nIt is started again${wait === 0 ? '' : ` in ${wait / 1000} s`}`,
    );
    this.#current = null;
    this.#retire(lent);
    this.#notice();
  }

  /** Watches the pointer's folder, which its first release makes. */
  #watch(): void {
    const { context, pinned } = this.#options;
    if (this.#watcher !== null || pinned !== null || this.#ended.signal.aborted) return;
    try {
      const folder = context.table.folder(kindOf(pointerKind, context.model), currentId);
      const watcher = watch(folder, () => void this.#moved());
      const forget = () => {
        watcher.close();
        this.#watcher = null;
      };
      watcher.on('error', forget);
      this.#watcher = watcher;
      // What was written before the watcher was there.
      this.#notice();
    } catch {
      // There is no such folder yet, or the system has no watchers left: the next look tells.
    }
  }

  /** The pointer may have moved: a start that nobody wants any more is not waited for. */
  async #moved(): Promise<void> {
    this.#notice();
    const starting = this.#starting;
    if (starting === null) return;
    const wanted = await this.#wanted();
    if (wanted !== null && wanted.package !== starting.wanted.package) starting.abort.abort();
  }

  #notice(): void {
    this.#awake = true;
    this.#wake();
  }
}

const told = ({ release, package: name }: Wanted): string =>
  release === null ? `package ${name}` : `release ${release} (package ${name})`;

/** What callers may see: the lines that a model printed may quote a row. */
const firstLine = (message: string): string =>
  (message.split('\n')[0] ?? '').replace(/; its last lines:$/, '');

const asWanted = ({ model: { release, contract } }: Lent): Wanted => ({ release, package: contract.package });
