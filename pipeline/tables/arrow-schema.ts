/** What Arrow knows of a column beyond Parquet's own schema. */
export interface ArrowField {
  /** Arrow's type is a duration, which Parquet stores as a plain integer. */
  isDuration: boolean;
  /** Name of the extension type, such as arrow.uuid or pandas.period; null if it is none. */
  extension: string | null;
}

/** Number of Arrow's Duration in the union Type of Schema.fbs. */
const DURATION = 18;

/**
 * Reads the fields of the schema that Arrow keeps in a Parquet file's metadata, under the key `ARROW:schema`: an
 * encapsulated message (base64) that holds a flatbuffer of the tables Message, Schema and Field
 * (https://arrow.apache.org/docs/format/Columnar.html, Message.fbs and Schema.fbs).
 *
 * @returns the top-level fields by name; none if the text is no such schema
 */
export function arrowFields(base64: string): Map<string, ArrowField> {
  try {
    const bytes = Buffer.from(base64, 'base64');
    // A message starts with FFFFFFFF and its length; before Arrow 0.15 with the length alone.
    const start = bytes.readUInt32LE(0) === 0xffffffff ? 8 : 4;
    const message = root(bytes.subarray(start));
    const fields = message.table(2)?.tables(1) ?? [];
    return new Map(fields.map((field) => [field.text(0), fieldOf(field)]));
  } catch {
    return new Map(); // an offset leads out of the text
  }
}

function fieldOf(field: Flatbuffer): ArrowField {
  const metadata = new Map(field.tables(6).map((entry) => [entry.text(0), entry.text(1)]));
  return { isDuration: field.byte(2) === DURATION, extension: metadata.get('ARROW:extension:name') ?? null };
}

const root = (bytes: Buffer) => new Flatbuffer(bytes, bytes.readUInt32LE(0));

/** A table of a flatbuffer (https://flatbuffers.dev/internals); members are named by their number in the schema. */
class Flatbuffer {
  readonly #bytes: Buffer;
  readonly #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  byte(member: number): number {
    const at = this.#place(member);
    return at === null ? 0 : this.#bytes.readUInt8(at);
  }

  text(member: number): string {
    const at = this.#follow(member);
    if (at === null) return '';
    const length = this.#bytes.readUInt32LE(at);
    return this.#bytes.toString('utf8', at + 4, at + 4 + length);
  }

  table(member: number): Flatbuffer | null {
    const at = this.#follow(member);
    return at === null ? null : new Flatbuffer(this.#bytes, at);
  }

  tables(member: number): Flatbuffer[] {
    const at = this.#follow(member);
    if (at === null) return [];
    return Array.from({ length: this.#bytes.readUInt32LE(at) }, (_, index) => {
      const place = at + 4 + 4 * index;
      return new Flatbuffer(this.#bytes, place + this.#bytes.readUInt32LE(place));
    });
  }

  #follow(member: number): number | null {
    const at = this.#place(member);
    return at === null ? null : at + this.#bytes.readUInt32LE(at);
  }

  /** Where a member is stored; null if it has its default value. */
  #place(member: number): number | null {
    const vtable = this.#at - this.#bytes.readInt32LE(this.#at);
    const entry = 4 + 2 * member;
    if (entry >= this.#bytes.readUInt16LE(vtable)) return null;
    const offset = this.#bytes.readUInt16LE(vtable + entry);
    return offset === 0 ? null : this.#at + offset;
  }
}
