import { appendFile, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { CaptureEntry } from '../../../serve/capture.ts';

/** Limits of what is kept. */
export interface CaptureLimits {
  /** Bytes after which a file is closed and the next one begun. */
  mostBytes: number;
  /** Files of a model; the oldest go first. */
  mostFiles: number;
  /** Predictions that may wait to be written; more are counted and lost, so that a slow disk holds up no answer. */
  mostWaiting: number;
}

const usual: CaptureLimits = { mostBytes: 10 * 2 ** 20, mostFiles: 10, mostWaiting: 10_000 };
const FLUSH_MS = 200;

/**
 * Keeps predictions as JSON Lines in files of bounded size and number: `FOLDER/TIME-PID.jsonl`. Each process has files of its
 * own. Writing happens beside the answers and never fails them.
 */
export class CaptureFile {
  readonly #folder: string;
  readonly #limits: CaptureLimits;
  readonly #onNote: (line: string) => void;
  #waiting: (() => CaptureEntry[])[] = [];
  #timer: NodeJS.Timeout | null = null;
  #writing: Promise<void> = Promise.resolve();
  #file: { path: string; bytes: number } | null = null;
  #told = false;
  /** Requests whose predictions were not kept. */
  dropped = 0;

  constructor(folder: string, onNote: (line: string) => void, limits: Partial<CaptureLimits> = {}) {
    this.#folder = folder;
    this.#onNote = onNote;
    this.#limits = { ...usual, ...limits };
  }

  /** Keeps what the function returns, which is called later. */
  keep(entries: () => CaptureEntry[]): void {
    if (this.#waiting.length >= this.#limits.mostWaiting) {
      this.dropped += 1;
      return;
    }
    this.#waiting.push(entries);
    this.#timer ??= setTimeout(() => this.#flush(), FLUSH_MS).unref();
  }

  /** Resolves when everything so far is written, or lost and counted. */
  async close(): Promise<void> {
    this.#flush();
    await this.#writing;
  }

  #flush(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const waiting = this.#waiting.splice(0);
    if (waiting.length === 0) return;
    this.#writing = this.#writing.then(async () => {
      try {
        await this.#write(waiting.flatMap((entries) => entries()));
      } catch (error) {
        this.dropped += waiting.length;
        if (!this.#told)
          this.#onNote(
            `what was asked is not kept: ${(error as Error).message}; the service goes on answering`,
          );
        this.#told = true;
      }
    });
  }

  async #write(entries: CaptureEntry[]): Promise<void> {
    const lines = entries.map((entry) => `${JSON.stringify(entry)}\n`);
    while (lines.length > 0) {
      const file = this.#file ?? (await this.#next());
      let bytes = 0;
      let count = 0;
      while (count < lines.length && (count === 0 || file.bytes + bytes < this.#limits.mostBytes)) {
        bytes += Buffer.byteLength(lines[count] as string);
        count += 1;
      }
      await appendFile(file.path, lines.splice(0, count).join(''));
      file.bytes += bytes;
      if (file.bytes >= this.#limits.mostBytes) this.#file = null;
    }
  }

  /** Begins a file, and removes the oldest ones over the limit. */
  async #next(): Promise<{ path: string; bytes: number }> {
    await mkdir(this.#folder, { recursive: true });
    const time = new Date().toISOString().replace(/[-:.]/g, '');
    const begun = `${time}-${process.pid}.jsonl`;
    const names = (await readdir(this.#folder)).filter((name) => name.endsWith('.jsonl') && name !== begun);
    for (const name of names.sort().slice(0, Math.max(0, names.length - this.#limits.mostFiles + 1)))
      await rm(join(this.#folder, name), { force: true });
    this.#file = { path: join(this.#folder, begun), bytes: 0 };
    return this.#file;
  }
}
