import { relative } from 'node:path';
import type * as z from 'zod';
import { ConfigError, FileError, problemLine } from '../../pipeline/errors.ts';
import { annotateError } from './annotate.ts';
import { InputError, readInputs } from './inputs.ts';

/** What an action made. */
export interface Result<Output extends string> {
  /** Set whether or not the step fails; an output that is left out is empty. */
  outputs: Partial<Record<Output, string>>;
  /** Why the step fails; absent where it does not. */
  failed?: string;
}

/** A failure that leaves outputs. */
export class ActionError extends Error {
  override readonly name = 'ActionError';
  readonly outputs: Record<string, string>;

  constructor(cause: unknown, outputs: Record<string, string>) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.outputs = outputs;
  }
}

/** The life of an action: inputs, its work, outputs, and one place where it fails. */
export async function start<Schema extends z.ZodObject, Output extends string>(
  schema: Schema,
  work: (inputs: z.output<Schema>) => Promise<Result<Output>>,
): Promise<void> {
  try {
    const { outputs, failed } = await work(readInputs(schema, process.env));
    await setOutputs(outputs);
    if (failed === undefined) return;
    process.exitCode = 1;
    annotateError(failed);
  } catch (error) {
    if (error instanceof ActionError) await setOutputs(error.outputs);
    fail(error instanceof ActionError ? error.cause : error);
  }
}

async function setOutputs(outputs: Partial<Record<string, string>>): Promise<void> {
  const core = await import('@actions/core');
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value ?? '');
}

/** Annotates what the user can mend where it stands, and fails the step. */
function fail(error: unknown): void {
  process.exitCode = 1;
  if (error instanceof ConfigError) {
    for (const problem of error.problems)
      annotateError(problemLine(error.file, problem), {
        title: 'Configuration',
        file: problem.file ?? error.file,
        ...(problem.line !== undefined && { line: problem.line, col: problem.column ?? 1 }),
      });
    return;
  }
  if (error instanceof FileError) {
    const { message, file, line } = error;
    annotateError(message, { file: relative('', file), ...(line !== undefined && { line }) });
    return;
  }
  const { name, message, stack } = error instanceof Error ? error : new Error(String(error));
  annotateError(message, error instanceof InputError ? { title: 'Input' } : {});
  // The stack helps with our own mistakes only, whose errors have no name of their own.
  if (['Error', 'TypeError', 'RangeError', 'ReferenceError'].includes(name)) console.log(stack);
}
