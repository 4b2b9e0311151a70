import { open } from 'node:fs/promises';
import { didYouMean } from '../config/nearest.ts';
import type { Config } from '../config/schema.ts';
import { shown } from '../errors.ts';
import { formatCount } from '../format.ts';
import { BadFile } from './bad-file.ts';
import { EMPTY, INFINITE, isMissing, isNumber, MARKER, NUMBER } from './cell.ts';
import { columnWarnings } from './column-warnings.ts';
import { ColumnWatch } from './column-watch.ts';
import { openCsv } from './csv.ts';
import { type DataFile, findDataFiles, kindOf } from './data-files.ts';
import type { ParquetFile } from './parquet.ts';
import { type Place, placeText } from './place.ts';
import { RowPlaces } from './row-places.ts';
import type { Table } from './table.ts';

/** A breach of the data contract. */
export interface DataProblem extends Place {
  /** The setting of mlops.yaml that the data breach. */
  path: string;
  /** The full message: file, line, column, what was found, what was expected. */
  message: string;
}

export interface DataCheck {
  problems: DataProblem[];
  /** Sentences about columns that are probably not what they look like, and about what is left out. */
  warnings: string[];
  /** Rows with a label, where data.drop_missing_target leaves out the others. */
  rows: number;
  /** Columns of the first file, in its order. */
  columns: string[];
}

/**
 * Checks the labelled data against the config before money is spent, by the same rules as the prepare job: files,
 * header, width of rows, columns named in mlops.yaml, labels, row ids, line breaks. With a prepare script, the job
 * checks what the script may still fix. Streams the files. Reports the first five breaches of a kind and counts the
 * rest.
 *
 * `paths`: local files or folders that hold data.source.
 */
export async function checkData(config: Config, paths: readonly string[]): Promise<DataCheck> {
  for (const path of paths) {
    const kind = await kindOf(path);
    if (['file', 'folder', 'none'].includes(kind)) continue;
    const check = new ContractCheck(config);
    check.add('data.source', { file: config.data.source }, `got ${kind}, expected a file or a folder`);
    return check.finish();
  }
  return await checkDataFiles(config, await findDataFiles(paths, config.data.source));
}

/** Like checkData, for files that have labels already. */
export async function checkDataFiles(config: Config, files: readonly DataFile[]): Promise<DataCheck> {
  return await checkEach(config, files, async ({ path, label }, check) => {
    const file = await open(path);
    try {
      if ((await file.stat()).size === 0) throw emptyFile();
      if (config.data.format === 'csv')
        return await checkCsv(label, await openCsv(file, { dialect: config.data.csv }), check);
      const { openParquet } = await import('./parquet.ts'); // imported on demand: it takes 60 ms and 15 MB
      const parquet = await openParquet(path);
      await checkParquet(label, parquet, (names) => parquet.table(names), config, check);
    } finally {
      await file.close();
    }
  });
}

/** A data file of which only a part is read. */
export interface DistantFile {
  label: string;
  bytes: number;
  /** The bytes from `start` to before `end`. */
  read(start: number, end: number): Promise<Uint8Array>;
}

/** Limits of what is read of each file, and of all files together. */
const mostRows = 10_000;
const mostBytes = 4_000_000;
const mostTogether = 100_000_000;
const leastBytes = 64_000;

/**
 * Like checkData, for the header and the first rows of each file (CSV: the first 4 MB; Parquet: 10,000 rows, if their
 * columns are not larger). Skips checks that need all rows (the classes, ids repeated far apart).
 */
export async function checkBeginnings(config: Config, files: readonly DistantFile[]): Promise<DataCheck> {
  const share = Math.max(leastBytes, Math.min(mostBytes, Math.floor(mostTogether / files.length)));
  return await checkEach(config, files, async ({ label, bytes, read }, check) => {
    if (bytes === 0) throw emptyFile();
    check.unread += 1;
    if (config.data.format === 'csv') {
      const beginning = await read(0, Math.min(bytes, share));
      return await checkCsv(label, await openCsv(beginning, { dialect: config.data.csv, cut: true }), check);
    }
    const slice = async (start: number, end = bytes): Promise<ArrayBuffer> => {
      // A copy with its own buffer, since the original may be shared.
      return Uint8Array.from(await read(start < 0 ? bytes + start : start, end)).buffer;
    };
    const { openParquet } = await import('./parquet.ts');
    const parquet = await openParquet({ byteLength: bytes, slice });
    const most = { rows: mostRows, bytes: share };
    await checkParquet(label, parquet, (names) => parquet.table(names, most), config, check);
  });
}

async function checkEach<File extends { label: string }>(
  config: Config,
  files: readonly File[],
  checkFile: (file: File, check: ContractCheck) => Promise<void>,
): Promise<DataCheck> {
  const check = new ContractCheck(config);
  const { source } = config.data;
  if (files.length === 0)
    check.add('data.source', { file: source }, 'got no file, expected a file or a folder with at least one');
  for (const file of files) {
    try {
      await checkFile(file, check);
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      const line = error.line === null ? {} : { line: error.line };
      check.add('data.source', { file: file.label, ...line }, whyUnreadable(error));
      check.unread += 1;
    }
  }
  return check.finish();
}

const emptyFile = () => new BadFile('an empty file', 'a header and rows');

function whyUnreadable({ kind, found, message }: BadFile): string {
  if (kind === 'damaged Parquet') return `cannot be read as Parquet: ${found}`;
  return kind === 'Parquet as CSV' ? `${message}; set data.format: parquet` : message;
}

async function checkCsv(label: string, table: Table, check: ContractCheck): Promise<void> {
  if (table.header.length === 0) throw emptyFile();
  const rows = check.header(label, table.header, 'line');
  // Rows are read even if the header is wrong, since the file may stop being CSV further down.
  while (await table.load()) while (table.next()) rows?.row(table);
}

async function checkParquet(
  label: string,
  { columns, rows }: ParquetFile,
  tableOf: (names: readonly string[]) => Table,
  config: Config,
  check: ContractCheck,
): Promise<void> {
  const { target, row_id } = config.data;
  const names = columns.map(({ name }) => name);
  const needed = columns.filter(({ name, isText }) => name === target || name === row_id || isText);
  const present = needed.map(({ name }) => name);
  const reader = check.header(label, names, 'row', present, (table, column) =>
    text(table.value(column), needed[column]?.isFloat === true),
  );
  if (!reader) return;
  if (needed.length === 0) check.rows += rows;
  const table = tableOf(present);
  while (await table.load()) while (table.next()) reader.row(table);
}

/** A value's text, as the prepare job writes it: a whole float as 1.0, a missing value or NaN as "". */
function text(value: unknown, isFloat: boolean): string {
  if (value === null || value === undefined || Number.isNaN(value)) return '';
  if (isFloat && Number.isInteger(value) && Math.abs(value as number) < 1e16) return `${value}.0`;
  return value instanceof Date ? value.toISOString() : String(value);
}

interface RowCheck {
  /** Checks the table's current row. */
  row(table: Table): void;
}

/** Breaches of one kind that are reported one by one. */
const mostShown = 5;

const mostIds = 2 ** 24 - 1;

/** More than the rows of any file, yet small enough that the places of a thousand files fit into a double. */
const filePlaces = 2 ** 40;

class ContractCheck {
  rows = 0;
  /** Number of files that were not read to their end; if any, checks that need all rows are skipped. */
  unread = 0;
  private columns: string[] | null = null;
  private firstFile = '';
  private readonly kinds = new Map<string, { told: DataProblem[]; more: number }>();
  private readonly labels = new Map<string, number>();
  /** Place of each id's first row: its file's index times filePlaces, plus the line or row. */
  private readonly rowIds = new RowPlaces();
  private readonly watches = new Map<string, ColumnWatch>();
  private hasRowNumbers = false;
  private dropped = 0;
  private readonly files: { label: string; unit: string }[] = [];
  private readonly config: Config;
  private readonly scripted: boolean;

  constructor(config: Config) {
    this.config = config;
    this.scripted = config.prepare.script !== null;
  }

  /** Adds a breach; `kind` is a plural noun for breaches that are counted together. */
  add(path: string, place: Place, what: string, kind = placeText(place) + what): void {
    const key = `${path}\n${kind}`;
    const found = this.kinds.get(key) ?? { told: [], more: 0 };
    this.kinds.set(key, found);
    if (found.told.length < mostShown)
      found.told.push({ path, message: `${placeText(place)}: ${what}`, ...place });
    else found.more += 1;
  }

  /**
   * Checks a file's columns. Returns null if its rows cannot be checked.
   *
   * @param present the columns that rows will hold
   * @param fieldOf the text of a field of the current row
   */
  header(
    label: string,
    names: readonly string[],
    unit: 'line' | 'row',
    present = names,
    fieldOf = (table: Table, column: number) => table.value(column) as string,
  ): RowCheck | null {
    const { data } = this.config;
    if (!this.isSoundHeader(label, names, unit)) return null;
    const named = names.filter((name) => !isUnnamed(name));
    if (this.columns === null) {
      this.columns = named;
      this.firstFile = label;
      this.checkColumns(label, named);
    } else if (!this.hasSameColumns(label, named)) return null;
    const file = this.files.push({ label, unit }) - 1;
    const target = present.indexOf(data.target);
    const rowId = data.row_id === null ? -1 : present.indexOf(data.row_id);
    const written = this.lineColumns(present);
    const numbers = present.flatMap((name, at) => (data.columns[name] === 'number' ? [at] : []));
    let watched = this.watchesOf(present);
    const rowNumbers = names.length > named.length ? this.rowNumbers(label) : null;
    let position = 0;
    const where = (field?: string): Place => ({
      file: label,
      [unit]: position,
      ...(field !== undefined && { field }),
    });
    return {
      row: (table) => {
        const { width } = table;
        position = table.position;
        if (width !== present.length) {
          const what = `got ${width} ${width === 1 ? 'field' : 'fields'}, expected ${present.length} as in the header`;
          this.add('data.source', where(), what, 'rows of another width');
          return;
        }
        rowNumbers?.(table);
        const label = target >= 0 ? fieldOf(table, target) : null;
        if (label !== null && data.drop_missing_target && this.lacksLabel(label)) {
          this.dropped += 1;
          return;
        }
        this.rows += 1;
        if (label !== null) this.label(label, where);
        if (rowId >= 0) this.rowId(fieldOf(table, rowId), where, file, position);
        for (const column of numbers) this.number(table, column, where);
        for (const column of written) {
          if (table.spansLines(column))
            this.add(
              'model.content_type',
              where(present[column]),
              'got a line break, expected none: CSV goes to the model line by line; use JSON Lines (model.content_type: application/jsonlines)',
              'fields with a line break',
            );
        }
        let isDone = false;
        for (const watch of watched) {
          watch.see(table, where);
          isDone ||= watch.isDone;
        }
        if (isDone) watched = watched.filter((watch) => !watch.isDone);
      },
    };
  }

  private isFeature(name: string): boolean {
    const { target, row_id, exclude, features_exclude } = this.config.data;
    return name !== target && name !== row_id && !exclude.includes(name) && !features_exclude.includes(name);
  }

  /** The watches of the columns that are features or slices, at their places in a file. */
  private watchesOf(present: readonly string[]): ColumnWatch[] {
    if (this.scripted) return [];
    return present.flatMap((name, at) => {
      if (isUnnamed(name) || !(this.isFeature(name) || this.config.data.slices.includes(name))) return [];
      const watch = this.watches.get(name) ?? new ColumnWatch(name);
      this.watches.set(name, watch);
      watch.at = at;
      return watch.isDone ? [] : [watch];
    });
  }

  /** Checks that the first column, which has no name, counts the rows of its file. */
  private rowNumbers(label: string): (table: Table) => void {
    let next: number | null = null;
    let isWrong = false;
    this.hasRowNumbers = true;
    return (table) => {
      if (isWrong) return;
      const text = String(table.value(0));
      if (next === null && /^(?:0|[1-9][0-9]{0,14})$/.test(text)) next = Number(text);
      if (text !== String(next)) {
        isWrong = true;
        this.add(
          'data.source',
          { file: label, line: 1 },
          `column 1: got no name, expected one: it does not count the rows (line ${table.position} has ${shown(text)}). Name it in the header, or write the file without it (pandas: to_csv(..., index=False))`,
        );
      }
      next = (next ?? 0) + 1;
    };
  }

  finish(): DataCheck {
    const { source } = this.config.data;
    const isRagged = this.kinds.has('data.source\nrows of another width');
    if (this.unread === 0 && this.columns !== null && this.rows === 0 && !isRagged)
      this.add('data.source', { file: source }, 'got no rows, expected at least one under the header');
    if (this.unread === 0 && this.rows > 0 && !this.scripted) this.checkLabels();
    this.checkInfinite();
    const problems = [...this.kinds].flatMap(([key, { told, more }]) => {
      const [path = '', kind = ''] = key.split('\n');
      return more === 0
        ? told
        : [...told, { path, message: `${source}: ${more} more ${kind}`, file: source }];
    });
    return { problems, warnings: this.warnings(), rows: this.rows, columns: this.columns ?? [] };
  }

  private warnings(): string[] {
    const { data } = this.config;
    const sentences: string[] = [];
    if (this.hasRowNumbers)
      sentences.push(
        "The first column has no name and counts the rows, as pandas' to_csv writes its index: it is left out.",
      );
    if (this.dropped > 0) {
      const [count, all] = [this.dropped, this.dropped + this.rows].map(formatCount);
      sentences.push(
        `${count} of ${all} rows ${this.dropped === 1 ? 'has' : 'have'} no value in the target ${shown(data.target)} and ${this.dropped === 1 ? 'is' : 'are'} left out (data.drop_missing_target).`,
      );
    }
    if (this.unread > 0 || this.rows === 0) return sentences;
    const features = (this.columns ?? []).filter((name) => this.isFeature(name));
    const watches = features.flatMap((name) => this.watches.get(name) ?? []);
    const declared = data.format === 'parquet';
    return [
      ...sentences,
      ...columnWarnings(watches, { types: data.columns, declared, decimal: data.csv.decimal }),
    ];
  }

  private isSoundHeader(label: string, names: readonly string[], unit: string): boolean {
    const where: Place = { file: label, ...(unit === 'line' && { line: 1 }) };
    if (unit === 'line' && names.length === 1) {
      this.add(
        'data.csv.delimiter',
        where,
        `got a header of one column, ${shown(names[0] ?? '')}; expected the target and a feature at least. Is there another delimiter between them? auto knows commas, semicolons, tabs and bars`,
      );
      return false;
    }
    let sound = true;
    for (const [index, name] of names.entries()) {
      const first = names.indexOf(name);
      const what = nameProblem(name, index, first, unit);
      if (what === null) continue;
      this.add('data.source', where, what);
      sound = false;
    }
    return sound;
  }

  private hasSameColumns(label: string, names: readonly string[]): boolean {
    const first = this.columns ?? [];
    const lacks = first.filter((name) => !names.includes(name)).map(shown);
    const adds = names.filter((name) => !first.includes(name)).map(shown);
    if (lacks.length === 0 && adds.length === 0) return true;
    const list = (verb: string, found: string[]) =>
      found.length === 0
        ? []
        : [`${verb} ${found.slice(0, mostShown).join(', ')}${found.length > mostShown ? ', ...' : ''}`];
    const difference = [...list('lacks', lacks), ...list('adds', adds)].join(' and ');
    this.add(
      'data.source',
      { file: label },
      `got columns that differ from those of ${this.firstFile}: it ${difference}; expected the same`,
    );
    return false;
  }

  private checkColumns(label: string, names: readonly string[]): void {
    const { data } = this.config;
    const named: [string, string[]][] = [
      ['data.target', [data.target]],
      ['data.row_id', data.row_id === null ? [] : [data.row_id]],
      ['data.exclude', data.exclude],
      // A script may still add these columns.
      ['data.features_exclude', this.scripted ? [] : data.features_exclude],
      ['data.slices', this.scripted ? [] : data.slices],
      ['data.columns', Object.keys(data.columns)],
    ];
    for (const [path, columns] of named)
      for (const column of columns.filter((column) => !names.includes(column)))
        this.add(
          path,
          { file: label },
          `${path}: got ${shown(column)}, expected a column of the header${didYouMean(column, names)}`,
        );
    if (!this.scripted && !names.some((name) => this.isFeature(name)))
      this.add(
        'data.features_exclude',
        { file: label },
        'got no column to train on, expected at least one feature',
      );
  }

  /** Indexes of the columns that are written to CSV, where each row must be one line. */
  private lineColumns(names: readonly string[]): number[] {
    const { data, model } = this.config;
    if (model.content_type !== 'text/csv') return [];
    const isWritten = (name: string) => {
      if (name === data.row_id) return true;
      if (this.scripted || name === data.target || isUnnamed(name)) return false;
      return data.slices.includes(name) || this.isFeature(name);
    };
    return names.flatMap((name, index) => (isWritten(name) ? [index] : []));
  }

  private label(value: string, where: (field: string) => Place): void {
    if (this.scripted) return;
    const { data, problem } = this.config;
    const isRegression = problem === 'regression';
    if (this.lacksLabel(value)) {
      const asClass =
        isRegression || value === '' ? '' : `, or data.columns: { ${data.target}: text } if it is a class`;
      this.add(
        'data.target',
        where(data.target),
        `got ${value === '' ? 'nothing' : shown(value)}, expected a value in every row; data.drop_missing_target: true leaves such rows out and counts them${asClass}`,
        'rows without a target',
      );
    } else if (isRegression && !isNumber(value, data.csv.decimal))
      this.add(
        'data.target',
        where(data.target),
        `got ${shown(value)}, expected a finite number`,
        'targets that are no number',
      );
    // For numbers it only matters whether there are two different ones.
    else if (!isRegression || this.labels.size < 2) this.labels.set(value, (this.labels.get(value) ?? 0) + 1);
  }

  /** Whether a row has no label: a word for a missing value is none, unless mlops.yaml says that it is a class. */
  private lacksLabel(value: string): boolean {
    const { target, positive, columns } = this.config.data;
    if (/^[+-]?[0-9]/.test(value) || this.labels.has(value) || !isMissing(value)) return false;
    return value === '' || (value !== positive && columns[target] !== 'text');
  }

  /** Checks a cell of a column that data.columns calls a number. */
  private number(table: Table, column: number, where: (field: string) => Place): void {
    const kind = table.kind(column);
    if (kind === EMPTY || kind === MARKER || kind === NUMBER) return;
    const name = table.header[column] ?? '';
    this.add(
      `data.columns.${name}`,
      { ...where(name) },
      `got ${shown(String(table.value(column)))}, expected a finite number or nothing, as data.columns says`,
      `cells of ${shown(name)} that are no number`,
    );
  }

  private rowId(value: string, where: (field: string) => Place, file: number, position: number): void {
    const column = () => where(this.config.data.row_id ?? '');
    if (value === '') {
      this.add('data.row_id', column(), 'got nothing, expected an id in every row', 'rows without an id');
      return;
    }
    // If there are more ids than memory should hold, the prepare job finds the repeated ones.
    if (this.rowIds.size >= mostIds) return;
    const first = this.rowIds.add(value, file * filePlaces + position);
    if (first >= 0) {
      const { label, unit } = this.files[Math.floor(first / filePlaces)] ?? { label: '', unit: '' };
      const at = `${label === this.files[file]?.label ? '' : `${label} `}${unit} ${first % filePlaces}`;
      const what = `got ${shown(value)} again (first at ${at}), expected unique row ids`;
      this.add('data.row_id', column(), what, 'rows with an id that stands above');
    }
  }

  /** An infinite number is an error where the column's other cells make it a number. */
  private checkInfinite(): void {
    const { columns } = this.config.data;
    for (const { name, type, infinite } of this.watches.values())
      if (type === 'number' && columns[name] === undefined)
        for (const { place, text } of infinite)
          this.add(
            'data.source',
            { ...place, field: name },
            `got ${shown(text)}, which is infinite, expected a finite number or nothing`,
            `infinite cells of ${shown(name)}`,
          );
  }

  private checkLabels(): void {
    const { data, problem } = this.config;
    if (!this.columns?.includes(data.target)) return;
    const column: Place = { file: data.source, field: data.target };
    const classes = [...this.labels.keys()].sort((a, b) => (a < b ? -1 : 1));
    if (problem === 'regression') {
      if (this.labels.size === 1 && this.rows > 1)
        this.add(
          'data.target',
          column,
          `got ${shown(classes[0] ?? '')} in every row, expected values that differ`,
        );
      return;
    }
    const counted = classes.slice(0, mostShown).map((name) => `${shown(name)} (${this.labels.get(name)})`);
    const list = `${counted.join(', ')}${classes.length > mostShown ? ', ...' : ''}`;
    const found =
      classes.length === 0
        ? 'no value'
        : `${classes.length} ${classes.length === 1 ? 'class' : 'classes'}: ${list}`;
    if (problem === 'binary' && classes.length !== 2)
      this.add('data.target', column, `got ${found}; expected two classes for problem binary`);
    if (problem === 'multiclass' && classes.length < 2)
      this.add('data.target', column, `got ${found}; expected two classes or more for problem multiclass`);
    if (data.positive !== null && !this.labels.has(data.positive))
      this.add(
        'data.positive',
        column,
        `data.positive: got ${shown(data.positive)}, expected one of the classes ${list}${didYouMean(data.positive, classes)}`,
      );
  }
}

/** Whether a header's field is no name. */
const isUnnamed = (name: string) => name.trim() === '';

/** What is wrong with a name of the header; null if nothing is. The first column of CSV may lack one if it counts the rows. */
function nameProblem(name: string, index: number, first: number, unit: string): string | null {
  if (isUnnamed(name))
    return index === 0 && unit === 'line'
      ? null
      : `column ${index + 1}: got no name, expected one: name it in the header, or remove the column and its delimiter from every line`;
  if (first < index)
    return `got the column ${shown(name)} twice (columns ${first + 1} and ${index + 1}), expected each name once`;
  return /[\r\n]/.test(name)
    ? `column ${index + 1}: got a line break in the name ${shown(name)}, expected a name on one line`
    : null;
}
