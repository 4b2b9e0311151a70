import { relative } from 'node:path';
import { exitCodeOf, reportError } from '../pipeline/cli/errors.ts';
import { type LoadedConfig, loadConfig, modelNames } from '../pipeline/config/load.ts';
import { locate } from '../pipeline/config/locate.ts';
import { missingFor, runTool, type Tool } from './python-tool.ts';

/*
 * The models' packages are the user's: their lint and tests run if they have any; otherwise a line says what was skipped
 * and why.
 */

const file = 'mlops.yaml';

/**
 * Runs a tool on the package of every model of mlops.yaml. Returns the exit codes by the model's name, without those that
 * were skipped. An error is reported, and ends the checks with its exit code under the name of mlops.yaml.
 * @param argsOf the tool's arguments for the model of this name
 */
export async function checkModels(
  tool: Tool,
  argsOf: (model: string) => readonly string[],
): Promise<Map<string, number>> {
  const codes = new Map<string, number>();
  try {
    for (const model of (await modelNames(file)) ?? [undefined]) {
      const loaded = await loadConfig(file, { model });
      const { name } = loaded.config;
      const code = await checkModel(loaded, tool, argsOf(name));
      if (code !== null) codes.set(name, code);
    }
  } catch (error) {
    reportError(error, false);
    codes.set(file, exitCodeOf(error));
  }
  return codes;
}

async function checkModel(
  { config, path }: LoadedConfig,
  tool: Tool,
  args: readonly string[],
): Promise<number | null> {
  const { context, image } = config.model;
  const skipped = (because: string) => {
    console.log(`${tool} of the model: skipped, because ${because}`);
    return null;
  };
  if (context === null) return skipped(`the model is the ready image ${image}`);
  const folder = relative('', await locate(context, path)) || '.';
  const missing = missingFor(folder, tool);
  return missing === null ? await runTool(folder, tool, args) : skipped(`${folder}/ has ${missing}`);
}
