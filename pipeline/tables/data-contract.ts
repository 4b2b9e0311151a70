import { open } from 'node:fs/promises';
import { byCodePoint } from '../code-points.ts';
import { didYouMean } from '../config/nearest.ts';
import type { Config } from '../config/schema.ts';
import { shown } from '../errors.ts';
import { formatCount } from '../format.ts';
import { BadFile } from './bad-file.ts';
import { EMPTY, isMissing, isNumber, MARKER, NUMERIC } from './cell.ts';
import { cellText } from './cell-text.ts';
import { columnWarnings } from './column-warnings.ts';
import { ColumnWatch } from './column-watch.ts';
import { openCsv } from './csv.ts';
import { type DataFile, findDataFiles } from './data-files.ts';
import type { DecimalMark } from './dialect.ts';
import { isGzip } from './other-format.ts';
import type { ParquetColumn, ParquetFile } from './parquet.ts';
import { type Key, withKeys } from './partition.ts';
import { type Place, placeText } from './place.ts';
import { RowPlaces } from './row-places.ts';
import { spacesApart } from './spaces.ts';
import { type SplitCheck, type SplitCount, splitCheck } from './split-check.ts';
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
  /** Sentences about sound data. The prepare job says the same ones, for the report. */
  warnings: string[];
  /** How the rows are divided; null if that is not known before the prepare job, or there are problems. */
  split: SplitCount | null;
  /** Rows with a label, where data.drop_missing_target leaves out the others. */
  rows: number;
  /** Columns of the first file, in its order. */
  columns: string[];
  /** Those of them that the model gets; none where a prepare script may make others. */
  features: string[];
}

/**
 * Checks the labelled data against the config before money is spent, by the same rules as the prepare job: files,
 * header, width of rows, columns named in mlops.yaml, labels, row ids, line breaks. With a prepare script, the job
 * checks what the script may still fix. Streams the files. Reports the first five breaches of a kind and counts the
 * rest.
 *
 * `paths`: local files or folders that hold data.source; `holdout`: those that hold data.split.source, if there is one.
 */
export async function checkData(
  config: Config,
  paths: readonly string[],
  holdout: readonly string[] = [],
): Promise<DataCheck> {
  const { source, split } = config.data;
  const held = split.by === 'file' ? await findDataFiles(holdout, split.source) : [];
  return await checkDataFiles(config, [
    ...(await findDataFiles(paths, source)),
    ...held.map((file) => ({ ...file, isHoldout: true })),
  ]);
}

/** Like checkData, for files that have labels already. */
export async function checkDataFiles(config: Config, files: readonly DataFile[]): Promise<DataCheck> {
  return await checkEach(config, files, async ({ path, label, keys }, check) => {
    const file = await open(path);
    try {
      if ((await file.stat()).size === 0) throw emptyFile();
      if (config.data.format === 'csv')
        return await checkCsv({ label, keys }, await openCsv(file, { dialect: config.data.csv }), check);
      const { openParquet } = await import('./parquet.ts'); // imported on demand: it takes 60 ms and 15 MB
      const parquet = await openParquet(path);
      await checkParquet({ label, keys }, parquet, (names) => parquet.table(names), check);
    } finally {
      await file.close();
    }
  });
}

/** A data file of which only a part is read. */
export interface DistantFile {
  label: string;
  keys: readonly Key[];
  isHoldout?: boolean;
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
  return await checkEach(config, files, async ({ label, keys, bytes, read }, check) => {
    if (bytes === 0) throw emptyFile();
    check.unread += 1;
    if (config.data.format === 'csv') {
      const beginning = await read(0, Math.min(bytes, share));
      const table = await openCsv(beginning, { dialect: config.data.csv, cut: true });
      return await checkCsv({ label, keys }, table, check);
    }
    const slice = async (start: number, end = bytes): Promise<ArrayBuffer> => {
      // A copy with its own buffer, since the original may be shared.
      return Uint8Array.from(await read(start < 0 ? bytes + start : start, end)).buffer;
    };
    // What is packed can only be read whole.
    if (bytes > share && isGzip(await read(0, 2))) return;
    const { openParquet } = await import('./parquet.ts');
    const parquet = await openParquet({ byteLength: bytes, slice });
    const most = { rows: mostRows, bytes: share };
    await checkParquet({ label, keys }, parquet, (names) => parquet.table(names, most), check);
  });
}

async function checkEach<File extends { label: string; isHoldout?: boolean }>(
  config: Config,
  files: readonly File[],
  checkFile: (file: File, check: ContractCheck) => Promise<void>,
): Promise<DataCheck> {
  const check = new ContractCheck(config);
  const { source, split } = config.data;
  const held = files.filter(({ isHoldout = false }) => isHoldout);
  const needed = 'got no file, expected a file or a folder with at least one';
  if (files.length === held.length) check.add('data.source', { file: source }, needed);
  if (split.by === 'file' && held.length === 0) {
    check.add('data.split.source', { file: split.source }, needed);
    check.unread += 1;
  }
  for (const { label } of held)
    if (files.some((file) => file.label === label && file.isHoldout !== true))
      check.add(
        'data.split.source',
        { file: label },
        'got a file of data.source, expected one that training never sees',
      );
  for (const file of files) {
    check.isHoldout = file.isHoldout ?? false;
    try {
      await checkFile(file, check);
    } catch (error) {
      if (!(error instanceof BadFile)) throw error;
      const place: Place = { file: file.label, ...placeOf(error, config) };
      if (error.kind === 'not text') check.unusable(place, error.message);
      else check.add('data.source', place, whyUnreadable(error));
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

function placeOf({ line, column }: BadFile, { data }: Config): Omit<Place, 'file'> {
  if (line === null) return {};
  if (data.format === 'csv') return { line };
  return { row: line, ...(column !== null && { field: column }) };
}

/** A file by its label, and the columns that its folders add. */
interface Source {
  label: string;
  keys: readonly Key[];
}

async function checkCsv({ label, keys }: Source, csv: Table, check: ContractCheck): Promise<void> {
  if (csv.header.length === 0) throw emptyFile();
  const table = withKeys(csv, keys, check);
  const rows = check.header(label, table.header, 'line', { added: table.header.length - csv.header.length });
  // Rows are read even if the header is wrong, since the file may stop being CSV further down.
  while (await table.load()) while (table.next()) rows?.row(table);
}

async function checkParquet(
  { label, keys }: Source,
  { columns, rows }: ParquetFile,
  tableOf: (names: readonly string[]) => Table,
  check: ContractCheck,
): Promise<void> {
  const names = columns.map(({ name }) => name);
  const added = keys.map(([name]) => name).filter((name) => !names.includes(name));
  check.index(columns.filter(({ isIndex }) => isIndex).map(({ name }) => name));
  const used = check.used([...names, ...added]);
  const split = new Set(check.split.columns([...names, ...added]));
  const read = columns.filter(
    ({ name }) => used.has(name) || split.has(name) || keys.some(([key]) => key === name),
  );
  const readable = read.filter(({ isReadable }) => isReadable).map(({ name }) => name);
  const reader = check.header(label, [...names, ...added], 'row', {
    present: [...readable, ...added],
    declared: new Map(columns.map(({ name, kind }) => [name, kind])),
  });
  if (!reader) return;
  for (const { name, type, isReadable } of columns)
    if (!isReadable && (used.has(name) || check.dividedBy === name)) {
      const what = `got the type ${type}, expected a number, text, a date or a boolean`;
      check.unusable({ file: label, field: name }, what);
    }
  check.kindsOf(label, columns);
  if (readable.length === 0) check.rows += rows;
  const table = withKeys(tableOf(readable), keys, check);
  while (await table.load()) while (table.next()) reader.row(table);
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
  /** Whether the file that is read is one of data.split.source. */
  isHoldout = false;
  readonly split: SplitCheck;
  private columns: string[] | null = null;
  private firstFile = '';
  private readonly kinds = new Map<string, { told: DataProblem[]; more: number }>();
  private readonly labels = new Map<string, number>();
  /** Place of each id's first row: its file's index times filePlaces, plus the line or row. */
  private readonly rowIds = new RowPlaces();
  private readonly watches = new Map<string, ColumnWatch>();
  private hasRowNumbers = false;
  private dropped = 0;
  private readonly files: { label: string; unit: string; isHoldout: boolean }[] = [];
  /** The kind of each column of Parquet, and the first file that has it. */
  private readonly declared = new Map<string, { kind: ParquetColumn['kind']; label: string }>();
  /** Columns in which pandas keeps its index. */
  private readonly indexes = new Set<string>();
  private readonly config: Config;
  private readonly scripted: boolean;

  constructor(config: Config) {
    this.config = config;
    this.scripted = config.prepare.script !== null;
    this.split = splitCheck(config);
  }

  /** The decimal mark of numbers in the files. */
  get decimal(): DecimalMark {
    return this.config.data.format === 'csv' ? this.config.data.csv.decimal : '.';
  }

  get sensitive(): readonly string[] {
    return this.config.data.sensitive;
  }

  /** The column of data.split, if it names one. */
  get dividedBy(): string | null {
    const { split } = this.config.data;
    return 'column' in split ? split.column : null;
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

  /** Adds columns in which pandas keeps its index. They are no features, but mlops.yaml may name them. */
  index(names: readonly string[]): void {
    for (const name of names) this.indexes.add(name);
  }

  /** Checks that a Parquet file's columns are what the files before it say; a column of nulls alone may be anything. */
  kindsOf(label: string, columns: readonly ParquetColumn[]): void {
    for (const { name, kind, isReadable, isNull } of columns) {
      if (!isReadable || isNull) continue;
      const first = this.declared.get(name) ?? { kind, label };
      this.declared.set(name, first);
      if (first.kind !== kind)
        this.add(
          'data.source',
          { file: label, field: name },
          `got a ${kind}, expected a ${first.kind} as in ${first.label}`,
        );
    }
  }

  /** The columns that the prepare job writes to its files, or checks. */
  used(names: readonly string[]): ReadonlySet<string> {
    const { target, columns } = this.config.data;
    return new Set(
      names.filter((name) => name === target || columns[name] === 'number' || this.isWritten(name)),
    );
  }

  /** Adds a column that has no text, such as a list. */
  unusable(place: Place, what: string): void {
    const { target, row_id } = this.config.data;
    const { field = '' } = place;
    if (field === target) this.add('data.target', place, what);
    else if (field === row_id) this.add('data.row_id', place, what);
    else if (field === this.dividedBy) this.add('data.split.column', place, what);
    else {
      const name = /^[\w-]+$/.test(field) ? field : JSON.stringify(field);
      this.add('data.exclude', place, `${what}; or leave it out: data.exclude: [${name}]`);
    }
  }

  /**
   * Checks a file's columns. Returns null if its rows cannot be checked.
   *
   * @param present the columns that rows will hold
   * @param added the number of columns that no row of the file itself holds
   * @param declared the kinds that the file gives its columns, if it does
   */
  header(
    label: string,
    names: readonly string[],
    unit: 'line' | 'row',
    {
      present = names,
      added = 0,
      declared = new Map(),
    }: {
      present?: readonly string[];
      added?: number;
      declared?: ReadonlyMap<string, ParquetColumn['kind']>;
    } = {},
  ): RowCheck | null {
    const { data } = this.config;
    const named = names.filter((name) => !isUnnamed(name));
    const isFirst = this.columns === null;
    if (!this.isSoundHeader(label, names, unit, added) || !(isFirst || this.hasSameColumns(label, named))) {
      this.unread += 1;
      return null;
    }
    if (isFirst) {
      this.columns = named;
      this.firstFile = label;
      this.checkColumns(label, named);
    }
    const { isHoldout } = this;
    const file = this.files.push({ label, unit, isHoldout }) - 1;
    const divided = this.split
      .columns(named.filter((name) => !this.indexes.has(name)))
      .map((name) => present.indexOf(name));
    const isDivided = divided.length > 0 && !divided.includes(-1);
    const describe = (place: number) => this.describe(place, file);
    const target = present.indexOf(data.target);
    const rowId = data.row_id === null ? -1 : present.indexOf(data.row_id);
    const written = this.lineColumns(present);
    const numbers = present.flatMap((name, at) => (data.columns[name] === 'number' ? [at] : []));
    let watched = this.watchesOf(present, declared);
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
          const fields = width - added;
          const what = `got ${fields} ${fields === 1 ? 'field' : 'fields'}, expected ${present.length - added} as in the header`;
          this.add('data.source', where(), what, 'rows of another width');
          return;
        }
        rowNumbers?.(table);
        const label = target >= 0 ? table.value(target) : null;
        if (label !== null && data.drop_missing_target && this.lacksLabel(label)) {
          this.dropped += 1;
          return;
        }
        this.rows += 1;
        if (label !== null) this.label(label, where);
        for (const column of numbers) this.number(table, column, where);
        if (rowId >= 0) this.rowId(table.value(rowId), where, file, position);
        if (isDivided) {
          const line = position; // kept until the end, when all times are known
          this.split.row(
            divided.map((column) => table.value(column)),
            {
              isHoldout,
              place: file * filePlaces + position,
              describe,
              add: (path, column, what, kind) =>
                this.add(path, { ...where(column), [unit]: line }, what, kind),
            },
          );
        }
        if (table.mayBreak)
          for (const column of written)
            if (table.spansLines(column))
              this.add(
                'model.content_type',
                where(present[column]),
                'got a line break, expected none: CSV goes to the model line by line; use JSON Lines (model.content_type: application/jsonlines)',
                'fields with a line break',
              );
        let hasChanged = false;
        for (const watch of watched) if (watch.see(table, where)) hasChanged = true;
        if (hasChanged) watched = watched.filter((watch) => !watch.isDone);
      },
    };
  }

  private isFeature(name: string): boolean {
    const { target, row_id, exclude, features_exclude } = this.config.data;
    if ([target, row_id, this.dividedBy].includes(name) || this.indexes.has(name)) return false;
    return !exclude.includes(name) && !features_exclude.includes(name);
  }

  /** The watches of the columns that are features or slices, at their places in a file. */
  private watchesOf(
    present: readonly string[],
    declared: ReadonlyMap<string, ParquetColumn['kind']>,
  ): ColumnWatch[] {
    if (this.scripted) return [];
    return present.flatMap((name, at) => {
      if (isUnnamed(name) || !(this.isFeature(name) || this.config.data.slices.includes(name))) return [];
      const watch = this.watches.get(name) ?? new ColumnWatch(name, declared.get(name) ?? null);
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
      const text = table.value(0);
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
    const { source, split: rule } = this.config.data;
    const isRagged = this.kinds.has('data.source\nrows of another width');
    if (this.unread === 0 && this.columns !== null && this.rows === 0 && !isRagged)
      this.add('data.source', { file: source }, 'got no rows, expected at least one under the header');
    if (this.unread === 0 && this.rows > 0 && !this.scripted) this.checkLabels();
    this.checkInfinite();
    const isWhole = this.unread === 0 && this.rows > 0 && !isRagged;
    const split = this.split.finish(isWhole ? this.rows : null, (path, what, kind) =>
      this.add(
        path,
        { file: path === 'data.split.source' && rule.by === 'file' ? rule.source : source },
        what,
        kind,
      ),
    );
    const problems = [...this.kinds].flatMap(([key, { told, more }]) => {
      const [path = '', kind = ''] = key.split('\n');
      return more === 0
        ? told
        : [...told, { path, message: `${source}: ${more} more ${kind}`, file: source }];
    });
    return {
      problems,
      warnings: this.warnings(problems.length === 0),
      split: problems.length === 0 ? split : null,
      rows: this.rows,
      columns: this.columns ?? [],
      features: this.scripted ? [] : (this.columns ?? []).filter((name) => this.isFeature(name)),
    };
  }

  private labelWarnings(): string[] {
    const { problem, data } = this.config;
    const apart = problem === 'multiclass' ? spacesApart([...this.labels.keys()].sort()) : null;
    return apart === null ? [] : [`${data.source}: column ${data.target}: the classes ${apart}`];
  }

  private warnings(isSound: boolean): string[] {
    const { data } = this.config;
    const sentences: string[] = [];
    if (this.hasRowNumbers)
      sentences.push(
        "The first column has no name and counts the rows, as pandas' to_csv writes its index: it is left out.",
      );
    sentences.push(...this.indexWarnings(), ...this.labelWarnings());
    if (this.dropped > 0) {
      const [count, all] = [this.dropped, this.dropped + this.rows].map(formatCount);
      sentences.push(
        `${count} of ${all} rows ${this.dropped === 1 ? 'has' : 'have'} no value in the target ${shown(data.target)} and ${this.dropped === 1 ? 'is' : 'are'} left out (data.drop_missing_target).`,
      );
    }
    if (isSound) sentences.push(...this.split.warnings());
    if (this.unread > 0 || this.rows === 0) return sentences;
    const features = (this.columns ?? []).filter((name) => this.isFeature(name));
    const watches = features.flatMap((name) => this.watches.get(name) ?? []);
    sentences.push(...columnWarnings(watches, data, this.decimal));
    if (isSound) sentences.push(...this.positiveWarning());
    return sentences;
  }

  /** Says which class is positive where mlops.yaml does not: the rarer one; of two as frequent the later one. */
  private positiveWarning(): string[] {
    const { data, problem } = this.config;
    if (problem !== 'binary' || data.positive !== null || this.scripted) return [];
    const classes = [...this.labels].sort(([one, ones], [two, twos]) => ones - twos || byCodePoint(two, one));
    const [name, rows] = classes[0] ?? ['', 0];
    return [
      `data.positive is not set: the rarer class, ${shown(name)} (${formatCount(rows)} of ${formatCount(this.rows)} rows), is the positive one.`,
    ];
  }

  private indexWarnings(): string[] {
    const { target, row_id, exclude, features_exclude, slices } = this.config.data;
    const named = [target, row_id, ...exclude, ...features_exclude, ...slices];
    return [...this.indexes]
      .filter((name) => !named.includes(name))
      .map(
        (name) =>
          `The column ${shown(name)} is pandas' stored index, so it is no feature; data.row_id may name it.`,
      );
  }

  private isSoundHeader(label: string, names: readonly string[], unit: string, added: number): boolean {
    const where: Place = { file: label, ...(unit === 'line' && { line: 1 }) };
    if (unit === 'line' && names.length - added === 1) {
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
    const list = (verb: string, found: string[]) => (found.length === 0 ? [] : [`${verb} ${firstOf(found)}`]);
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
    const named: [string, string | string[]][] = [
      ['data.target', data.target],
      ['data.row_id', data.row_id ?? []],
      ['data.split.column', this.dividedBy ?? []],
      ['data.exclude', data.exclude],
      // A script may still add these columns.
      ['data.features_exclude', this.scripted ? [] : data.features_exclude],
      ['data.slices', this.scripted ? [] : data.slices],
      ['data.sensitive', this.scripted ? [] : data.sensitive],
      ['data.columns', Object.keys(data.columns)],
    ];
    for (const [path, columns] of named)
      for (const column of [columns].flat().filter((column) => !names.includes(column)))
        this.add(
          path,
          { file: label },
          `${path}: got ${shown(column)}, expected a column of the header${didYouMean(column, names) || `: ${firstOf(names.map(shown))}`}`,
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
    if (this.config.model.content_type !== 'text/csv') return [];
    return names.flatMap((name, index) => (this.isWritten(name) ? [index] : []));
  }

  /** Whether the prepare job writes the column as it is. */
  private isWritten(name: string): boolean {
    const { data } = this.config;
    if (name === data.row_id || (data.split.by === 'group' && name === data.split.column)) return true;
    if (this.scripted || name === data.target || isUnnamed(name)) return false;
    return data.slices.includes(name) || this.isFeature(name);
  }

  private label(value: string, where: (field: string) => Place): void {
    if (this.scripted) return;
    const known = this.labels.get(value);
    const { data, problem } = this.config;
    const isRegression = problem === 'regression';
    if (known !== undefined) this.labels.set(value, known + 1);
    else if (this.lacksLabel(value)) {
      const asClass =
        isRegression || value === '' ? '' : `, or data.columns: { ${data.target}: text } if it is a class`;
      this.add(
        'data.target',
        where(data.target),
        `got ${value === '' ? 'nothing' : shown(value)}, expected a value in every row; data.drop_missing_target: true leaves such rows out and counts them${asClass}`,
        'rows without a target',
      );
    } else if (isRegression && !isNumber(value, this.decimal))
      this.add(
        'data.target',
        where(data.target),
        `got ${shown(value)}, expected a finite number`,
        'targets that are no number',
      );
    // For numbers it only matters whether there are two different ones.
    else if (!isRegression || this.labels.size < 2) this.labels.set(value, 1);
  }

  /** Whether a row has no label: a word for a missing value is none, unless mlops.yaml says that it is a class. */
  private lacksLabel(value: string): boolean {
    const { target, positive, columns } = this.config.data;
    const first = value.charCodeAt(0);
    // A digit begins no word.
    if ((first >= 48 && first <= 57) || this.labels.has(value) || !isMissing(value)) return false;
    return value === '' || (value !== positive && columns[target] !== 'text');
  }

  /** Checks a cell of a column that data.columns calls a number. */
  private number(table: Table, column: number, where: (field: string) => Place): void {
    const kind = table.kind(column);
    if (kind === EMPTY || kind === MARKER || kind & NUMERIC) return;
    const name = table.header[column] ?? '';
    this.add(
      `data.columns.${name}`,
      { ...where(name) },
      `got ${cellText(table.value(column), name, this.config.data)}, expected a finite number or nothing, as data.columns says`,
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
    if (first >= 0 && this.files[Math.floor(first / filePlaces)]?.isHoldout === this.files[file]?.isHoldout) {
      const { row_id } = this.config.data;
      const repeats = 'rows with an id that stands above';
      const remedy = this.kinds.has(`data.row_id\n${repeats}`)
        ? ''
        : `; if ${row_id} names a person or thing with several rows, write data.split: { by: group, column: ${row_id} } and leave data.row_id out`;
      const got = cellText(value, row_id ?? '', this.config.data);
      const what = `got ${got} again (first at ${this.describe(first, file)}), expected unique row ids${remedy}`;
      this.add('data.row_id', column(), what, repeats);
    }
  }

  /** A row's place in words, for a message about a row of `file`. */
  private describe(place: number, file: number): string {
    const { label, unit } = this.files[Math.floor(place / filePlaces)] ?? { label: '', unit: '' };
    return `${label === this.files[file]?.label ? '' : `${label} `}${unit} ${place % filePlaces}`;
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
            `got ${cellText(text, name, this.config.data)}, which is infinite, expected a finite number or nothing`,
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
    const list = firstOf(classes.map((name) => `${shown(name)} (${this.labels.get(name)})`));
    const found =
      classes.length === 0
        ? 'no value'
        : `${classes.length} ${classes.length === 1 ? 'class' : 'classes'}: ${list}`;
    if (problem === 'binary' && classes.length !== 2) {
      const apart = spacesApart(classes);
      const hint = apart === null ? '' : `; ${apart}`;
      this.add('data.target', column, `got ${found}; expected two classes for problem binary${hint}`);
    }
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

/** A list in a message: the first few of many. */
const firstOf = (items: readonly string[]): string =>
  `${items.slice(0, mostShown).join(', ')}${items.length > mostShown ? ', ...' : ''}`;

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
