import { resolve } from 'node:path';
import { loadConfig } from '../pipeline/config/load.ts';
import { ConfigError, SetupError } from '../pipeline/errors.ts';
import { missingFor, runTool, type Tool } from './python-tool.ts';

/*
 * The model's package is the user's: its lint and tests run if it has any; otherwise a line says what was skipped and why.
 */

/** Runs one tool on the model that mlops.yaml names. Returns its exit code, or null if it was skipped. */
export async function checkModel(tool: Tool, ...args: string[]): Promise<number | null> {
  try {
    const { config } = await loadConfig('mlops.yaml');
    const { context, image } = config.model;
    if (context === null) return skipped(tool, `the model is the ready image ${image}`);
    const missing = missingFor(resolve(context), tool);
    if (missing !== null) return skipped(tool, `${context}/ has ${missing}`);
    return await runTool(context, tool, args);
  } catch (error) {
    // An error that the user can fix needs no stack trace.
    if (!(error instanceof ConfigError || error instanceof SetupError)) throw error;
    console.error(error.message);
    return 2;
  }
}

function skipped(tool: Tool, because: string): null {
  console.log(`${tool} of the model: skipped, because ${because}`);
  return null;
}
