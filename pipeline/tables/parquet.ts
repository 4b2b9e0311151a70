import {
  type AsyncBuffer,
  asyncBufferFromFile,
  type FileMetaData,
  parquetMetadataAsync,
  parquetRead,
  parquetSchema,
} from 'hyparquet';
import { compressors } from 'hyparquet-compressors';
import { shown } from '../errors.ts';
import { arrowFields } from './arrow-schema.ts';
import { BadFile } from './bad-file.ts';
import { type CellKind, EMPTY, FLOAT, kindOf } from './cell.ts';
import { gunzip } from './gunzip.ts';
import { isGzip, isParquet } from './other-format.ts';
import { type ColumnType, type Stored, typeOf } from './parquet-type.ts';
import type { Table } from './table.ts';

export interface ParquetColumn {
  name: string;
  /** The type, for messages. */
  type: string;
  /** Whether values of the type have a text. A list, for one, has none. */
  isReadable: boolean;
  /** Whether values may hold any text, with line breaks too. */
  isText: boolean;
  /** What the column is to the model. */
  kind: 'number' | 'boolean' | 'category';
  /** Whether the file says that the column holds nothing but nulls. */
  isNull: boolean;
  /** Whether pandas keeps its index in the column: `read_parquet` gives it as the frame's index, not as a column. */
  isIndex: boolean;
}

export interface ParquetFile {
  columns: ParquetColumn[];
  rows: number;
  /** Reads columns, a row group at a time. `most`: only the first rows, and none if the columns are larger. */
  table(columns: readonly string[], most?: { rows: number; bytes: number }): Table;
}

/**
 * Opens a Parquet file by its footer.
 *
 * @param source a file's path, or a buffer whose ranges are read on demand
 * @throws BadFile
 */
export async function openParquet(source: string | AsyncBuffer): Promise<ParquetFile> {
  const file = await unpacked(typeof source === 'string' ? await asyncBufferFromFile(source) : source);
  const metadata = await readMetadata(file);
  const keyValues = new Map(metadata.key_value_metadata?.map(({ key, value }) => [key, value]));
  const arrow = arrowFields(keyValues.get('ARROW:schema') ?? '');
  const index = indexColumns(keyValues.get('pandas'));
  const columns = parquetSchema(metadata).children.map((tree) => {
    const { name } = tree.element;
    return {
      name,
      type: typeOf(tree, arrow.get(name)),
      isNull: tree.element.logical_type?.type === 'NULL',
      isIndex: index.has(name) || reservedIndex.test(name),
    };
  });
  const typeNamed = new Map(columns.map(({ name, type }) => [name, type]));
  const stored = withoutTypes(metadata);
  const read: ReadColumn = (name, rowStart, rows) =>
    guarded(async () => {
      const values = new Array<unknown>(rows);
      const text = typeNamed.get(name)?.text;
      await parquetRead({
        file,
        metadata: stored,
        compressors,
        columns: [name],
        parsers: {
          // Called once for each value of a dictionary.
          stringFromBytes: (bytes) => bytes && (text?.(bytes) ?? notText),
          timestampFromNanoseconds: (nanoseconds) => nanoseconds,
        },
        rowStart,
        rowEnd: rowStart + rows,
        onChunk({ columnData, rowStart: chunkStart }) {
          const first = chunkStart - rowStart;
          // A chunk may hold more rows than requested.
          const [from, to] = [Math.max(0, -first), Math.min(columnData.length, rows - first)];
          for (let i = from; i < to; i++) values[first + i] = columnData[i];
        },
      });
      return values;
    });
  return {
    columns: columns.map(({ name, type, isNull, isIndex }) => ({
      name,
      type: type.name,
      isReadable: type.text !== null,
      isText: type.isText,
      kind: type.isNumber ? 'number' : type.name === 'boolean' ? 'boolean' : 'category',
      isNull,
      isIndex,
    })),
    rows: Number(metadata.num_rows),
    table(names, most) {
      let groups = metadata.row_groups.map(({ num_rows }) => Number(num_rows));
      if (most !== undefined) {
        const [first] = metadata.row_groups;
        // A row group's column is always read in full, even for a few of its rows.
        const bytes = (first?.columns ?? [])
          .filter(({ meta_data }) => names.includes(meta_data?.path_in_schema[0] ?? ''))
          .reduce((sum, { meta_data }) => sum + Number(meta_data?.total_uncompressed_size ?? 0), 0);
        groups = bytes > most.bytes ? [] : groups.slice(0, 1).map((rows) => Math.min(rows, most.rows));
      }
      const types = names.map((name) => typeNamed.get(name)!);
      return new ParquetTable(names, types, names.length === 0 ? [] : groups, read);
    },
  };
}

/** The file's content, in memory if the file is packed by gzip. */
async function unpacked(file: AsyncBuffer): Promise<AsyncBuffer> {
  if (!isGzip(new Uint8Array(await file.slice(0, Math.min(2, file.byteLength))))) return file;
  const chunks: Uint8Array[] = [];
  for await (const chunk of gunzip([new Uint8Array(await file.slice(0, file.byteLength))]))
    chunks.push(chunk);
  const content = Buffer.concat(chunks);
  return {
    byteLength: content.length,
    slice: (start, end) => Uint8Array.from(content.subarray(start, end)).buffer,
  };
}

async function readMetadata(file: AsyncBuffer): Promise<FileMetaData> {
  try {
    return await guarded(() => parquetMetadataAsync(file, { geoparquet: false }));
  } catch (error) {
    const start = Buffer.from(await file.slice(0, Math.min(20, file.byteLength)));
    if (isParquet(start)) throw error;
    const found = `a file that starts with ${shown(start.toString().split(/[\r\n]/)[0]!)}`;
    throw new BadFile(found, 'Parquet, which starts with "PAR1"');
  }
}

/** The name that pandas gives to a column of an index without a name. */
const reservedIndex = /^__index_level_\d+__$/;

/** The columns in which pandas keeps its index, by its metadata; a RangeIndex has none. */
function indexColumns(metadata: string | undefined): ReadonlySet<unknown> {
  try {
    const { index_columns } = JSON.parse(metadata ?? '{}') as { index_columns?: unknown };
    return new Set(Array.isArray(index_columns) ? index_columns : []);
  } catch {
    return new Set(); // pandas' key with other content
  }
}

/** The metadata without logical types, so that values come as they are stored. */
const withoutTypes = (metadata: FileMetaData): FileMetaData => ({
  ...metadata,
  schema: metadata.schema.map((element) => {
    const { converted_type, logical_type, ...stored } = element;
    return stored;
  }),
});

/** Stands for bytes that are not the text that they should be. */
const notText = Symbol('not text');

/** Reads the values of a column in a range of rows. */
type ReadColumn = (name: string, rowStart: number, rows: number) => Promise<unknown[]>;

class ParquetTable implements Table {
  readonly header: readonly string[];
  readonly width: number;
  readonly mayBreak: boolean;
  readonly #types: readonly ColumnType[];
  readonly #groups: readonly number[];
  readonly #read: ReadColumn;
  #loaded = 0;
  #columns: unknown[][] = [];
  /** Number of rows before the loaded group, in it, and the current row in it. */
  #before = 0;
  #rows = 0;
  #row = -1;

  /** @param groups the rows of each row group */
  constructor(
    header: readonly string[],
    types: readonly ColumnType[],
    groups: readonly number[],
    read: ReadColumn,
  ) {
    this.header = header;
    this.width = header.length;
    this.#types = types;
    this.mayBreak = types.some(({ isText }) => isText);
    this.#groups = groups;
    this.#read = read;
  }

  get position(): number {
    return this.#before + this.#row + 1;
  }

  async load(): Promise<boolean> {
    const rows = this.#groups[this.#loaded];
    if (rows === undefined) return false;
    this.#loaded += 1;
    this.#before += this.#rows;
    this.#rows = rows;
    this.#row = -1;
    this.#columns = []; // before the next are read
    for (const name of this.header) this.#columns.push(await this.#read(name, this.#before, rows));
    return true;
  }

  next(): boolean {
    return ++this.#row < this.#rows;
  }

  value(column: number): string {
    const value = this.#columns[column]![this.#row];
    if (typeof value === 'string') return value;
    if (value === null || value === undefined) return '';
    const text = value === notText ? null : this.#types[column]!.text?.(value as Stored);
    if (typeof text === 'string') return text;
    const place = { line: this.position, column: this.header[column]! };
    throw new BadFile('bytes that are not UTF-8 text', 'text', { ...place, kind: 'not text' });
  }

  number(column: number): number {
    if (!this.#types[column]!.isNumber) return Number.NaN;
    const value = this.#columns[column]![this.#row];
    if (typeof value === 'number') return value;
    const text = this.value(column);
    return text === '' ? Number.NaN : Number(text);
  }

  kind(column: number): CellKind {
    const value = this.#columns[column]![this.#row];
    if (value === null || value === undefined) return EMPTY;
    if (this.#types[column]!.isNumber && Number.isFinite(value)) return FLOAT;
    return kindOf(this.value(column), '.');
  }

  positionOf(): number {
    return this.position;
  }

  spansLines(column: number): boolean {
    return this.#types[column]!.isText && /[\r\n]/.test(this.value(column));
  }
}

async function guarded<T>(read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    throw new BadFile(found, 'a whole Parquet file', { kind: 'damaged Parquet' });
  }
}
