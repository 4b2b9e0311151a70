import { type LoadedConfig, loadConfig, modelNames } from '../config/load.ts';
import { ConfigError, type ConfigProblem } from '../errors.ts';
import { formatCount, formatCountOf, formatDuration, formatPercent } from '../format.ts';
import { checkScoring, checkSource, missingFiles } from '../run/start/check-project.ts';
import type { DataProblem } from '../tables/data-contract.ts';
import { note, print, printJson } from './print.ts';

/** A problem at `line` and `column` of mlops.yaml, or at `line` (parquet: `row`) and `field` of a data file. */
type Finding = (ConfigProblem & { file: string }) | DataProblem;

/** Facts about valid data. */
interface Checked {
  rows: number;
  columns: string[];
  /** How the rows are divided: by a hash of each row, the number to expect. */
  holdout: number;
  groups?: { all: number; holdout: number };
  boundary?: string;
  embargoed?: number;
}

interface ValidateOptions {
  config: string;
  model?: string;
  set: string[];
  json?: boolean;
}

interface Result {
  model: string | null;
  errors: Finding[];
  /** Sentences about sound data. */
  warnings: string[];
  checked: Checked | null;
  loaded: LoadedConfig | null;
}

/** `mlops validate`: checks every model of the project, or only the one that is named. */
export async function validate({ config: file, model, set, json }: ValidateOptions): Promise<void> {
  const names = model === undefined ? await namesIn(file) : undefined;
  const results: Result[] = [];
  for (const name of names ?? [model]) results.push(await check(file, name, set));
  const [first] = results;
  const ok = results.every(({ errors }) => errors.length === 0);
  if (!ok) process.exitCode = 2;
  const told = ({ model, errors, warnings, checked }: Result) => ({ model, errors, warnings, checked });
  if (json && names === undefined && first !== undefined) printJson({ ok, ...told(first) });
  else if (json)
    printJson({ ok, errors: results.flatMap(({ errors }) => errors), models: results.map(told) });
  else
    for (const { loaded, errors, warnings, checked } of results)
      if (loaded !== null && errors.length === 0)
        for (const line of [
          ...soundness(loaded, checked),
          ...warnings.map((warning) => `Warning: ${warning}`),
        ])
          print(line);
}

/** undefined also if the file cannot be read: `check` reports that. */
async function namesIn(file: string): Promise<string[] | undefined> {
  try {
    return await modelNames(file);
  } catch (error) {
    if (error instanceof ConfigError) return undefined;
    throw error;
  }
}

/** Every problem of mlops.yaml, or if it has none, of the files that it names; printed on standard error as well. */
async function check(file: string, model: string | undefined, set: string[]): Promise<Result> {
  try {
    const loaded = await loadConfig(file, { model, set });
    const { config, path } = loaded;
    const missing = await missingFiles(loaded);
    if (missing.length > 0) note(new ConfigError(path, missing).message);
    const isMissing = missing.some(({ path }) => path === 'data.source' || path === 'data.split.source');
    const data = isMissing ? null : await checkSource(loaded);
    const isSound = data !== null && missing.length === 0 && data.problems.length === 0;
    const inData = isSound ? await checkScoring(loaded, data) : (data?.problems ?? []);
    for (const { message } of inData) note(message);
    const errors = [...missing.map((problem) => ({ file: path, ...problem })), ...inData];
    const warnings = data?.warnings ?? [];
    if (data === null || errors.length > 0)
      return { model: config.name, errors, warnings, checked: null, loaded };
    const { rows, columns, split } = data;
    const checked = { rows, columns, ...(split ?? { holdout: 0 }) };
    return { model: config.name, errors, warnings, checked, loaded };
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    note(error.message);
    const errors = error.problems.map((problem) => ({ file: error.file, ...problem }));
    return { model: model ?? null, errors, warnings: [], checked: null, loaded: null };
  }
}

function soundness(loaded: LoadedConfig, checked: Checked | null): string[] {
  const { path, config } = loaded;
  const { source, scoring } = config.data;
  const settings = [`${path}: valid`, ...containerLine(loaded)];
  if (checked === null) return [...settings, `${source}: checked when a run starts`];
  const { rows, columns } = checked;
  return [
    ...settings,
    `${source}: valid; ${formatCountOf(rows, 'row')}, ${formatCountOf(columns.length, 'column')}`,
    `Holdout: ${holdoutText(config, checked)}${config.prepare.script === null ? '' : `, before ${config.prepare.script}`}`,
    ...(scoring === null || scoring.startsWith('s3://')
      ? []
      : [`${scoring}: has the columns that the model needs`]),
  ];
}

/** What the model takes and answers, if its folder says so. */
function containerLine({ config, modelYaml }: LoadedConfig): string[] {
  if (modelYaml === null) return [];
  const { content_type, csv, manifest_channel, output, extra } = config.model;
  const layout =
    content_type === 'text/csv' ? `, ${csv.header ? 'a' : 'no'} header, target ${csv.target}` : '';
  const manifest = manifest_channel === null ? '' : `, and the manifest as channel ${manifest_channel}`;
  const answers = [{ probability: 'probabilities', label: 'labels', value: 'values' }[output], ...extra];
  return [`${modelYaml}: valid; takes ${content_type}${layout}${manifest}; answers ${answers.join(', ')}`];
}

function holdoutText({ data }: LoadedConfig['config'], checked: Checked): string {
  const { split, row_id } = data;
  const rows = formatCountOf(checked.holdout, 'row');
  const about = `about ${rows} (${formatPercent(split.by === 'hash' ? data.holdout : checked.holdout / checked.rows)})`;
  switch (split.by) {
    case 'hash':
      return `${about} by a hash of ${row_id ?? 'each row'}`;
    case 'group': {
      const { all, holdout } = checked.groups ?? { all: 0, holdout: 0 };
      return `${about}, ${formatCount(holdout)} of ${formatCountOf(all, 'group')}, by a hash of ${split.column}, which is no feature`;
    }
    case 'time': {
      const left = `; ${formatCountOf(checked.embargoed ?? 0, 'row')} within ${formatDuration(split.embargo)} before it left out of training`;
      return `${about}, the newest by ${split.column}, which is no feature: from ${checked.boundary} on${split.embargo === 0 ? '' : left}`;
    }
    case 'file':
      return `${rows} of ${split.source}, none of them in training`;
  }
}
