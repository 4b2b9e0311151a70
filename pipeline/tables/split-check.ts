import { createHash } from 'node:crypto';
import type { Config } from '../config/schema.ts';
import { formatCountOf } from '../format.ts';
import { isMissing } from './cell.ts';
import { cellText } from './cell-text.ts';
import { detached } from './column-watch.ts';
import { boundaryOf, type Moment, momentOf, unitOf, writtenMoment } from './moment.ts';

/*
 * How data.split divides the rows, by the same rules as the prepare job (pipeline/prepare, split.py).
 */

/** How the split divides the rows, once all are read. */
export interface SplitCount {
  /** Number of rows held out. */
  holdout: number;
  /** by: group: the number of groups, and of those held out. */
  groups?: { all: number; holdout: number };
  /** by: time: where the holdout begins, and the rows before it that the embargo leaves out. */
  boundary?: string;
  embargoed?: number;
}

/** Adds a breach at a row, under a plural noun for those that are counted together. */
type Add = (path: string, what: string, kind: string) => void;

/** A row, apart from its values. */
interface Row {
  /** Whether it is a row of data.split.source. */
  isHoldout: boolean;
  /** Its place as a number. */
  place: number;
  /** The place of an earlier row in words: `line 3`. */
  describe: (place: number) => string;
  /** Reports a breach in a column of this row. */
  add: (path: string, column: string | undefined, what: string, kind: string) => void;
}

export interface SplitCheck {
  /** The columns that it reads, among those of the data. */
  columns(names: readonly string[]): readonly string[];
  /** Takes the values of these columns in a row. */
  row(values: readonly string[], row: Row): void;
  /**
   * Adds the breaches of the split as a whole, and returns how it divides the rows; null if they are not divided.
   *
   * @param rows their number; null if only the beginning was read
   */
  finish(rows: number | null, add: Add): SplitCount | null;
  /** Sentences about sound data. */
  warnings(): string[];
}

const path = 'data.split.column';

export function splitCheck({ data, project }: Config): SplitCheck {
  const { split } = data;
  switch (split.by) {
    case 'hash':
      return new ByHash(data);
    case 'group':
      return new ByGroup(split.column, data, project);
    case 'time':
      return new ByTime(split, data);
    case 'file':
      return new ByFile(data);
  }
}

class ByHash implements SplitCheck {
  readonly #data: Config['data'];

  constructor(data: Config['data']) {
    this.#data = data;
  }

  columns(): string[] {
    return [];
  }

  row(): void {}

  finish(rows: number | null): SplitCount | null {
    return rows === null ? null : { holdout: Math.round(rows * this.#data.holdout) };
  }

  warnings(): string[] {
    return this.#data.row_id === null
      ? [
          "data.row_id is not set: a hash of a row's columns decides whether it is held out, so a column that is added to the data, or changed, moves rows between training and holdout.",
        ]
      : [];
  }
}

class ByGroup implements SplitCheck {
  readonly #column: string;
  readonly #data: Config['data'];
  readonly #share: number;
  readonly #salt: string;
  readonly #rowsOf = new Map<string, number>();

  constructor(column: string, data: Config['data'], salt: string) {
    this.#column = column;
    this.#data = data;
    this.#share = data.holdout;
    this.#salt = salt;
  }

  columns(): string[] {
    return [this.#column];
  }

  row([group = '']: readonly string[], { add }: Row): void {
    const known = this.#rowsOf.get(group);
    if (group === '') {
      const what = 'got nothing, expected a group in every row: fill it in, or leave such rows out';
      add(path, this.#column, what, 'rows without a group');
    } else if (known !== undefined) this.#rowsOf.set(group, known + 1);
    else this.#rowsOf.set(detached(group), 1);
  }

  finish(rows: number | null, add: Add): SplitCount | null {
    if (rows === null) return null;
    const held = [...this.#rowsOf].filter(([group]) => this.#isHeldOut(group));
    const all = this.#rowsOf.size;
    if (all > 0 && (held.length === 0 || held.length === all))
      add(
        path,
        `got ${formatCountOf(all, 'group')}, which all fall to ${held.length === 0 ? 'training' : 'the holdout'}; expected more groups, or another data.holdout (now ${this.#share})`,
        'sides',
      );
    const holdout = held.reduce((sum, [, rows]) => sum + rows, 0);
    return { holdout, groups: { all, holdout: held.length } };
  }

  warnings(): string[] {
    return [...this.#rowsOf]
      .filter(([group]) => group !== '' && isMissing(group))
      .map(
        ([group, rows]) =>
          `${formatCountOf(rows, 'row')} have the group ${cellText(group, this.#column, this.#data)}: they count as one group.`,
      );
  }

  /** Whether the first 8 bytes of sha256(salt:group), divided by 2^64, are below the share. */
  #isHeldOut(group: string): boolean {
    const digest = createHash('sha256').update(`${this.#salt}:${group}`).digest();
    return Number(digest.readBigUInt64BE()) / 2 ** 64 < this.#share;
  }
}

/** Rows of one kind: the first few, to report them, and the number of all. */
interface Found {
  count: number;
  first: { row: Row; text: string }[];
}

const mostShown = 5;

class ByTime implements SplitCheck {
  readonly #column: string;
  readonly #data: Config['data'];
  readonly #embargo: number;
  readonly #share: number;
  #times = new Float64Array(1024);
  #rows = 0;
  readonly #found: Record<Moment['kind'] | 'none', Found> = {
    date: { count: 0, first: [] },
    number: { count: 0, first: [] },
    none: { count: 0, first: [] },
  };

  constructor({ column, embargo }: { column: string; embargo: number }, data: Config['data']) {
    this.#column = column;
    this.#data = data;
    this.#embargo = embargo;
    this.#share = data.holdout;
  }

  columns(): string[] {
    return [this.#column];
  }

  row([text = '']: readonly string[], row: Row): void {
    const moment = momentOf(text);
    const found = this.#found[moment?.kind ?? 'none'];
    found.count += 1;
    if (found.first.length < mostShown) found.first.push({ row, text: detached(text) });
    if (moment === null) return;
    if (this.#rows === this.#times.length) {
      const longer = new Float64Array(2 * this.#rows);
      longer.set(this.#times);
      this.#times = longer;
    }
    this.#times[this.#rows] = moment.time;
    this.#rows += 1;
  }

  finish(rows: number | null, add: Add): SplitCount | null {
    const { date, number } = this.#found;
    const kind = date.count >= number.count ? 'date' : 'number';
    const wanted = kind === 'date' ? 'a date such as 2024-03-01 or 2024-03-01T12:00:00Z' : 'a number';
    const others = [this.#found.none, kind === 'date' ? number : date];
    for (const { first, count } of others)
      for (let at = 0; at < count; at += 1) {
        const { row, text } = first[Math.min(at, first.length - 1)] ?? {};
        const got = text ? cellText(text, this.#column, this.#data) : 'nothing';
        row?.add(path, this.#column, `got ${got}, expected ${wanted}, in every row`, 'rows without a time');
      }
    if (rows === null || this.#rows === 0 || others.some(({ count }) => count > 0)) return null;
    return this.#divided(kind, add);
  }

  #divided(kind: Moment['kind'], add: Add): SplitCount | null {
    const times = this.#times.slice(0, this.#rows);
    const boundary = boundaryOf(times, this.#share);
    const isHidden = this.#data.sensitive.includes(this.#column);
    const [least = 0, most = 0] = [times[0], times.at(-1)];
    const perSecond = kind === 'date' ? 1e6 : unitOf(least, most);
    if (this.#embargo > 0 && perSecond === null) {
      const found = isHidden ? 'numbers' : `numbers from ${least} to ${most}`;
      const expected = 'dates or Unix times with data.split.embargo: leave it out, or write dates';
      add(path, `got ${found}, which are no Unix times; expected ${expected}`, 'sides');
      return null;
    }
    const gap = boundary - this.#embargo * (perSecond ?? 0);
    const holdout = times.filter((time) => time >= boundary).length;
    const embargoed = this.#embargo > 0 ? times.filter((time) => time >= gap && time < boundary).length : 0;
    const written = isHidden ? 'a time that data.sensitive hides' : writtenMoment({ time: boundary, kind });
    if (holdout + embargoed === times.length)
      add(
        path,
        `got no row for training: the holdout begins at ${written}, and ${formatCountOf(embargoed, 'row')} before it are within data.split.embargo; expected a smaller data.holdout (now ${this.#share}) or embargo`,
        'sides',
      );
    return { holdout, boundary: written, embargoed };
  }

  warnings(): string[] {
    return [];
  }
}

/** As many keys as a Map holds; of more rows, the prepare job finds those that stand in both. */
const mostRows = 2 ** 24 - 1;

class ByFile implements SplitCheck {
  readonly #data: Config['data'];
  /** Place of each training row, by its id or a hash of its content. */
  readonly #training = new Map<string, number>();
  #holdout = 0;
  #train = 0;

  constructor(data: Config['data']) {
    this.#data = data;
  }

  columns(names: readonly string[]): readonly string[] {
    const { row_id, target } = this.#data;
    return row_id === null ? names.filter((name) => name !== target).sort() : [row_id];
  }

  row(values: readonly string[], { isHoldout, place, describe, add }: Row): void {
    if (isHoldout) this.#holdout += 1;
    else this.#train += 1;
    const { row_id } = this.#data;
    const key = row_id === null ? contentKey(values) : (values[0] ?? '');
    if (key === '') return;
    if (!isHoldout) {
      const isNew = this.#training.size < mostRows && !this.#training.has(key);
      if (isNew) this.#training.set(detached(key), place);
      return;
    }
    const first = this.#training.get(key);
    if (first === undefined) return;
    const what =
      row_id === null
        ? `got a row of the training data again (${describe(first)}; equal in every column but the target)`
        : `got ${cellText(key, row_id, this.#data)}, which is in the training data too (${describe(first)})`;
    const expected = 'expected rows that training never sees';
    add(
      'data.split.source',
      row_id ?? undefined,
      `${what}; ${expected}`,
      'rows of the holdout that are in training too',
    );
  }

  finish(rows: number | null, add: Add): SplitCount | null {
    if (rows === null) return null;
    for (const [rows, key] of [
      [this.#train, 'data.source'],
      [this.#holdout, 'data.split.source'],
    ] as const)
      if (rows === 0) add(key, 'got no rows, expected at least one under the header', 'sides');
    return { holdout: this.#holdout };
  }

  warnings(): string[] {
    return [];
  }
}

/** The key of a row without an id: a hash of its fields. */
const contentKey = (fields: readonly string[]): string =>
  createHash('sha256').update(JSON.stringify(fields)).digest('base64').slice(0, 22);
