import { relative } from 'node:path';
import type * as z from 'zod/mini';
import { ConfigError, FileError, InputError, problemLine } from '../../pipeline/errors.ts';
import { annotateError } from './annotate.ts';
import { debug, debugCalls, debugValues } from './debug.ts';
import { readInputs } from './inputs.ts';
import { withoutCommands } from './log.ts';

/** The result of an action's work. */
export interface Result<Output extends string> {
  /** The outputs, which are set whether or not the step fails. An output that is left out is empty. */
  outputs: Partial<Record<Output, string>>;
  /** The reason why the step fails; absent if it succeeds. */
  failed?: string;
}

/** A failure that still sets outputs. */
export class ActionError extends Error {
  override readonly name = 'ActionError';
  readonly outputs: Record<string, string>;

  constructor(cause: unknown, outputs: Record<string, string>) {
    super(cause instanceof Error ? cause.message : String(cause), { cause });
    this.outputs = outputs;
  }
}

/** An action as its main.ts declares it. */
interface Action<Schema extends z.ZodMiniObject, Output extends string> {
  /** The schema of what a workflow writes under `with:`. */
  inputs: Schema;
  outputs: readonly Output[];
  /** Called once the inputs are checked. It imports its modules itself, so that a wrong input is reported at once. */
  work: (inputs: z.output<Schema>) => Promise<Result<NoInfer<Output>>>;
}

/** Runs an action: checks its inputs, does its work, sets its outputs, and fails the step in one place. */
export async function start<Schema extends z.ZodMiniObject, Output extends string>({
  inputs,
  outputs,
  work,
}: Action<Schema, Output>): Promise<void> {
  try {
    debug(`Node ${process.version} on ${process.platform}, folder ${process.cwd()}`);
    const given = readInputs(inputs, process.env);
    debugValues('input', given);
    debugCalls();
    const result = await work(given);
    await setOutputs(outputs, result.outputs);
    if (result.failed === undefined) return;
    process.exitCode = 1;
    annotateError(result.failed);
  } catch (error) {
    if (error instanceof ActionError) await setOutputs(outputs, error.outputs);
    fail(error instanceof ActionError ? error.cause : error);
  }
}

async function setOutputs(names: readonly string[], values: Partial<Record<string, string>>): Promise<void> {
  const core = await import('@actions/core');
  debugValues('output', values);
  for (const name of names) if (values[name] !== undefined) core.setOutput(name, values[name]);
}

/** Fails the step, and annotates an error that the user can fix at its place in the file. */
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
  // A stack trace helps only with bugs, which throw JavaScript's own errors.
  if (['Error', 'TypeError', 'RangeError', 'ReferenceError'].includes(name))
    withoutCommands(stack ?? message);
}
