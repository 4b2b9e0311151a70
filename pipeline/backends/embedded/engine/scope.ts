import type { Json } from '../../../machines/asl.ts';
import type { ExecutionEvent, TaskHandler } from './engine.ts';
import { longestSeconds } from './refusals.ts';
import { runtimeError } from './task-error.ts';

/** What the states of one flow share. */
export interface Scope {
  readonly handlers: Readonly<Record<string, TaskHandler>>;
  readonly signal: AbortSignal;
  readonly context: { readonly [key: string]: Json };
  /** Of the item, inside a Map. */
  readonly index?: number;
  readonly emit: (type: ExecutionEvent['type'], fields: Omit<ExecutionEvent, 'at' | 'type'>) => void;
}

/** An attempt of a state; `at` is when the state was entered. */
export interface Entry {
  readonly name: string;
  readonly at: number;
  readonly attempt: number;
}

/** The error that no Retry or Catch takes, of what runs on after its execution, branch or item was ended. */
export const stopped = () => runtimeError('The execution was stopped');

/** Clamped: a longer timer would fire at once. */
export function timer(seconds: number | undefined, fire: () => void): NodeJS.Timeout | undefined {
  if (seconds === undefined) return undefined;
  return setTimeout(fire, Math.min(seconds, longestSeconds) * 1000);
}

export const place = (state: string, { index }: Scope) => ({ state, ...(index !== undefined && { index }) });

export const since = (start: number) => (Date.now() - start) / 1000;
