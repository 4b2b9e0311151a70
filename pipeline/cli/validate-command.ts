import { Command } from 'commander';
import { ConfigError } from '../config/config-error.ts';
import { checkData } from '../config/data-contract.ts';
import { loadConfig } from '../config/load.ts';
import { dataFiles, locate } from '../run/request.ts';
import { printJson } from './errors.ts';

interface Finding {
  path: string;
  message: string;
  line?: number;
  column?: number;
}

export function validateCommand(): Command {
  return new Command('validate')
    .description('Check mlops.yaml and the data against it; every problem is reported at once.')
    .option('--config <file>', 'the configuration', 'mlops.yaml')
    .option(
      '--set <path=value>',
      'override a setting; may be repeated',
      (value, all: string[]) => [...all, value],
      [],
    )
    .option('--json', 'print one JSON object on standard output')
    .action(validate);
}

async function validate(options: { config: string; set: string[]; json?: boolean }): Promise<void> {
  const errors = await findings(options.config, options.set);
  if (options.json) printJson({ ok: errors.length === 0, errors });
  else if (errors.length === 0) console.log(`${options.config}: sound, and so is its data`);
  if (errors.length > 0) process.exitCode = 2;
}

/** Every problem of the file, or where it has none, of the data; told on standard error as well. */
async function findings(file: string, set: string[]): Promise<Finding[]> {
  try {
    const { config } = await loadConfig(file, { set });
    const { source } = config.data;
    // What lies in a bucket is checked where the run has access to it: by Plan, before money is spent.
    if (source.startsWith('s3://')) return [];
    const files = await dataFiles(await locate(source, file));
    const { problems } = await checkData(
      config,
      files.length === 0 ? [source] : files.map(({ path }) => path),
    );
    for (const { message } of problems) console.error(message);
    return problems;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return error.problems;
  }
}
