import { Command } from 'commander';
import { type LoadedConfig, loadConfig } from '../config/load.ts';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import { formatCount, formatCountOf, formatPercent } from '../format.ts';
import { checkSource, missingFiles } from '../run/start/check-project.ts';
import type { DataProblem } from '../tables/data-contract.ts';
import { printJson } from './errors.ts';

/** A problem with its place: `line` and `column` of mlops.yaml, or `line` (parquet: `row`) and `field` of a data file. */
type Finding = (ConfigProblem & { file: string }) | DataProblem;

/** What was found sound. */
interface Checked {
  rows: number;
  columns: string[];
  /** Rows that the split by hash is expected to keep from training. */
  holdout: number;
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
  const { errors, checked, loaded } = await check(options.config, options.set);
  if (options.json) printJson({ ok: errors.length === 0, errors, checked });
  else if (loaded !== null && errors.length === 0)
    for (const line of soundness(loaded, checked)) console.log(line);
  if (errors.length > 0) process.exitCode = 2;
}

/** Every problem of the file, or where it has none, of the files that it names; told on standard error as well. */
async function check(
  file: string,
  set: string[],
): Promise<{ errors: Finding[]; checked: Checked | null; loaded: LoadedConfig | null }> {
  try {
    const loaded = await loadConfig(file, { set });
    const missing = await missingFiles(loaded);
    if (missing.length > 0) console.error(new ConfigError(file, missing).message);
    const data = await checkSource(loaded);
    for (const { message } of data?.problems ?? []) console.error(message);
    const errors = [...missing.map((problem) => ({ ...problem, file })), ...(data?.problems ?? [])];
    if (data === null || errors.length > 0) return { errors, checked: null, loaded };
    const { rows, columns } = data;
    const holdout = Math.round(rows * loaded.config.data.holdout);
    return { errors, checked: { rows, columns, holdout }, loaded };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    console.error(error.message);
    return { errors: error.problems.map((problem) => ({ ...problem, file })), checked: null, loaded: null };
  }
}

function soundness({ path, config }: LoadedConfig, checked: Checked | null): string[] {
  const { source, holdout, row_id } = config.data;
  if (checked === null) return [`${path}: sound`, `${source}: checked when a run starts`];
  const { rows, columns } = checked;
  const share = formatPercent(holdout);
  return [
    `${path}: sound`,
    `${source}: sound; ${formatCountOf(rows, 'row')}, ${formatCountOf(columns.length, 'column')}`,
    `Holdout: about ${formatCount(checked.holdout)} rows (${share}) by a hash of ${row_id ?? 'each row'}` +
      `${config.prepare.script === null ? '' : `, before ${config.prepare.script}`}`,
  ];
}
