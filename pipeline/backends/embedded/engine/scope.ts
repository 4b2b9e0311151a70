import type { Json } from '../../../machines/asl.ts';
import { type ExecutionEvent, runtimeError, TaskError, type TaskHandler } from './execution.ts';
import { longestSeconds } from './refusals.ts';

/** The parts that all states of one flow share. */
export interface Scope {
  readonly handlers: Readonly<Record<string, TaskHandler>>;
  readonly signal: AbortSignal;
  readonly context: { readonly [key: string]: Json };
  readonly emit: (type: ExecutionEvent['type'], fields: Omit<ExecutionEvent, 'at' | 'type'>) => void;
}

/** An attempt of a state; `at` is when the state was entered. */
export interface Entry {
  readonly name: string;
  readonly at: number;
  readonly attempt: number;
}

/** The error of a state whose execution or branch was stopped; no Retry or Catch handles it. */
export const stopped = () => runtimeError('The execution was stopped');

/** Limits the seconds, because a longer timer would fire at once. */
export function timer(seconds: number | undefined, fire: () => void): NodeJS.Timeout | undefined {
  if (seconds === undefined) return undefined;
  return setTimeout(fire, Math.min(seconds, longestSeconds) * 1000);
}

export const since = (start: number) => (Date.now() - start) / 1000;

/** A copy of the value through JSON. @throws TaskError above 256 KB, AWS's limit between states */
export function payload(value: unknown, what: string): Json {
  const text = JSON.stringify(value ?? null);
  const bytes = Buffer.byteLength(text);
  if (bytes > 262_144) {
    throw new TaskError('States.DataLimitExceeded', `${what}: got ${bytes} bytes, expected at most 262144`);
  }
  return JSON.parse(text) as Json;
}
