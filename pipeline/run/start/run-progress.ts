import { styleText } from 'node:util';
import { createLogUpdate } from 'log-update';
import type { Progress } from '../../backends/backend.ts';
import { formatSeconds } from '../../format.ts';
import { cleanOutput } from '../../report/clean-text.ts';

const frames = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];
const tick = 100;
const column = 'Prepare for champion'.length;

/** Shows a run's progress: on a terminal one line per running step, redrawn in place; elsewhere plain lines. */
export class RunProgress {
  readonly #stream: NodeJS.WriteStream;
  readonly #live: ReturnType<typeof createLogUpdate> | null;
  readonly #running = new Map<string, { since: number; detail: string }>();
  #timer: NodeJS.Timeout | null = null;

  constructor(stream: NodeJS.WriteStream) {
    this.#stream = stream;
    // Without the terminal's size lines cannot be redrawn.
    this.#live = stream.isTTY && stream.columns > 0 ? createLogUpdate(stream, { showCursor: true }) : null;
  }

  update(progress: Progress): void {
    const { state } = progress;
    switch (progress.kind) {
      case 'job':
        this.#write(`  ${state}: ${progress.name} ${progress.url}`);
        break;
      case 'started':
        this.#running.set(state, { since: Date.now(), detail: '' });
        if (!this.#live) this.#write(`${state} ...`);
        break;
      case 'trial': {
        const detail = trialText(progress);
        const running = this.#running.get(state);
        if (running) running.detail = detail;
        if (!this.#live && progress.done > 0) this.#write(`  ${state}: ${detail}`);
        break;
      }
      case 'waiting':
        this.#write(
          `${state}: ${cleanOutput(progress.reason)}, since ${progress.since.slice(11, 16)} UTC ...`,
        );
        break;
      case 'note':
        this.#write(`  ${state}: ${progress.text}`);
        break;
      case 'succeeded':
      case 'failed': {
        const detail = this.#running.get(state)?.detail ?? '';
        this.#running.delete(state);
        const line =
          `${state.padEnd(column)} ${formatSeconds(progress.seconds).padStart(10)}  ${detail}`.trimEnd();
        this.#write(`${this.#mark(progress.kind)} ${line}`);
        break;
      }
    }
    this.#draw();
  }

  /** Prints a line above the running steps. */
  note(line: string): void {
    this.#write(cleanOutput(line));
    this.#draw();
  }

  /** Stops drawing and restores the terminal. */
  end(): void {
    if (this.#timer) clearInterval(this.#timer);
    this.#timer = null;
    this.#running.clear();
    this.#live?.clear();
    this.#live?.done();
  }

  #write(line: string): void {
    this.#live?.clear();
    this.#stream.write(`${cleanOutput(line, { colors: true })}\n`);
  }

  #draw(): void {
    if (!this.#live) return;
    this.#timer ??= setInterval(() => this.#draw(), tick);
    // The timer alone must not keep the process alive.
    this.#timer.unref();
    const now = Date.now();
    const frame = frames[Math.floor(now / tick) % frames.length] ?? '';
    this.#live(
      [...this.#running]
        .map(([state, { since, detail }]) => {
          const elapsed = formatSeconds((now - since) / 1000).padStart(10);
          return `${styleText('cyan', frame)} ${state.padEnd(column)} ${elapsed}  ${detail}`.trimEnd();
        })
        .join('\n'),
    );
  }

  #mark(kind: 'succeeded' | 'failed'): string {
    const mark = kind === 'succeeded' ? '✓' : '✗';
    return this.#live ? styleText(kind === 'succeeded' ? 'green' : 'red', mark) : mark;
  }
}

function trialText({ done, total, best }: Extract<Progress, { kind: 'trial' }>): string {
  return `${done}/${total} trials${best === null ? '' : `, best ${best}`}`;
}
