import type { SchemaElement, SchemaTree } from 'hyparquet';
import type { ArrowField } from './arrow-schema.ts';
import { floatText } from './float-text.ts';

/** A value as Parquet stores it: no logical type has been applied to it. */
export type Stored = boolean | number | bigint | Uint8Array;

/** How a column's values are read. */
export interface ColumnType {
  /** The type, for messages. */
  name: string;
  /** The text of a value; null if its bytes are not text. No function: values of the type have no text at all. */
  text: ((value: Stored) => string | null) | null;
  /** Whether the stored bytes, not a number, decide the text: any text is possible, with line breaks too. */
  isText: boolean;
  isNumber: boolean;
}

/**
 * Finds how values of a column become text. The text is what pyarrow's cast to a string gives, computed from the stored
 * number with its scale or unit, so that no digit is lost; the exceptions are decimals (never with an exponent), floats
 * (as Python writes them) and zones (always UTC). mlops_prepare/parquet_text.py holds the same rules.
 *
 * @param arrow the column in Arrow's own schema, if the file has one
 */
export function typeOf({ element, children }: SchemaTree, arrow: ArrowField | undefined): ColumnType {
  const { type, logical_type: logical, converted_type: converted, type_length } = element;
  if (children.length > 0) return none(nestedName(element));
  if (element.repetition_type === 'REPEATED') return none('list');
  if (arrow?.isDuration) return none('duration');
  if (converted === 'INTERVAL') return none('interval');
  const extension = arrow?.extension ?? null;
  if (extension !== null && !readExtensions.includes(extension)) return none(`extension ${extension}`);
  if (logical?.type === 'UUID' || extension === 'arrow.uuid') return bytes('UUID', uuidText);
  if (logical?.type === 'FLOAT16')
    return { ...number('float16'), text: (value) => floatText(float16(value), 16) };
  if (logical?.type === 'DECIMAL' || converted === 'DECIMAL') {
    const scale = (logical?.type === 'DECIMAL' ? logical.scale : undefined) ?? element.scale ?? 0;
    return { ...number('decimal'), text: (value) => decimalText(integer(value), scale) };
  }
  if (logical?.type === 'DATE' || converted === 'DATE')
    return plain('date', (value) => dateText(Number(value)));
  const unit = logical?.type === 'TIME' || logical?.type === 'TIMESTAMP' ? logical.unit : unitIn(converted);
  if (logical?.type === 'TIME' || converted?.startsWith('TIME_'))
    return plain('time', (value) => timeText(BigInt(value as number), digitsOf[unit]));
  if (logical?.type === 'TIMESTAMP' || converted?.startsWith('TIMESTAMP_')) {
    // A file without the logical type is of a time when all timestamps were in UTC.
    const zone = logical?.type !== 'TIMESTAMP' || logical.isAdjustedToUTC ? 'Z' : '';
    return plain('timestamp', (value) => timestampText(value as bigint, digitsOf[unit]) + zone);
  }
  switch (type) {
    case 'BOOLEAN':
      return plain('boolean', String);
    case 'INT32':
    case 'INT64': {
      const isUnsigned =
        logical?.type === 'INTEGER' ? !logical.isSigned : converted?.startsWith('UINT_') === true;
      const bits = type === 'INT32' ? 32 : 64;
      const signed = (value: Stored) => String(value);
      return {
        ...number('integer'),
        text: isUnsigned ? (value) => String(BigInt.asUintN(bits, BigInt(value as number))) : signed,
      };
    }
    case 'INT96':
      return plain('timestamp', (value) => int96Text(value as bigint));
    case 'FLOAT':
      return { ...number('float32'), text: (value) => floatText(value as number, 32) };
    case 'DOUBLE':
      return { ...number('float64'), text: (value) => floatText(value as number, 64) };
    default:
      return bytes(type_length === undefined ? 'binary' : `binary of ${type_length} bytes`, utf8Text);
  }
}

const readExtensions = ['arrow.uuid', 'arrow.json'];

const none = (name: string): ColumnType => ({ name, text: null, isText: false, isNumber: false });
const number = (name: string) => ({ name, isText: false, isNumber: true });
const plain = (name: string, text: (value: Stored) => string): ColumnType => ({
  name,
  text,
  isText: false,
  isNumber: false,
});
const bytes = (name: string, text: (value: Uint8Array) => string | null): ColumnType => ({
  name,
  text: text as (value: Stored) => string | null,
  isText: true,
  isNumber: false,
});

function nestedName({ logical_type, converted_type }: SchemaElement): string {
  const name = logical_type?.type ?? converted_type;
  if (name === undefined) return 'struct';
  return name === 'MAP_KEY_VALUE' ? 'map' : name.toLowerCase();
}

const digitsOf = { MILLIS: 3, MICROS: 6, NANOS: 9 };

const unitIn = (converted: string | undefined) => (converted?.endsWith('_MICROS') ? 'MICROS' : 'MILLIS');

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function utf8Text(value: Uint8Array): string | null {
  try {
    const text = utf8.decode(value);
    return text.includes('\0') ? null : text;
  } catch {
    return null;
  }
}

function uuidText(value: Uint8Array): string {
  const hex = Buffer.from(value).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** IEEE 754 binary16, little-endian. */
function float16(value: Stored): number {
  const [low = 0, high = 0] = value as Uint8Array;
  const sign = high & 0x80 ? -1 : 1;
  const exponent = (high >> 2) & 0x1f;
  const fraction = ((high & 3) << 8) | low;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1024 + fraction) * 2 ** (exponent - 25);
}

/** A whole number: as it is, or as the bytes of a two's complement, the highest first. */
function integer(value: Stored): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as number);
  if (value.length === 0) return 0n;
  return BigInt.asIntN(8 * value.length, BigInt(`0x${Buffer.from(value).toString('hex')}`));
}

function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  if (scale === 0) return sign + digits;
  return `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

const DAY_SECONDS = 86_400n;

/** The years that pyarrow writes as a date; others it writes as the stored number. */
const lastYear = 32_767;

const outOfRange = (value: number | bigint) => `<value out of range: ${value}>`;

/** @param days since 1970-01-01 */
function dateText(days: number): string {
  return civilDay(days) ?? outOfRange(days);
}

function civilDay(days: number): string | null {
  const date = new Date(days * 86_400_000);
  const year = date.getUTCFullYear();
  if (!(Math.abs(year) <= lastYear)) return null;
  const two = (part: number) => String(part).padStart(2, '0');
  const sign = year < 0 ? '-' : '';
  return `${sign}${String(Math.abs(year)).padStart(4, '0')}-${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`;
}

/** @param digits of the unit's fraction of a second: 3, 6 or 9 */
function timeText(value: bigint, digits: number): string {
  const perSecond = 10n ** BigInt(digits);
  const seconds = value / perSecond;
  if (value < 0n || seconds >= DAY_SECONDS) return outOfRange(value);
  const two = (part: bigint) => String(part).padStart(2, '0');
  const fraction = String(value % perSecond).padStart(digits, '0');
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction}`;
}

/**
 * @param value since 1970-01-01 00:00
 * @param digits of the unit's fraction of a second: 3, 6 or 9
 */
function timestampText(value: bigint, digits: number): string {
  const perDay = DAY_SECONDS * 10n ** BigInt(digits);
  const inDay = ((value % perDay) + perDay) % perDay;
  const day = civilDay(Number((value - inDay) / perDay));
  return day === null ? outOfRange(value) : `${day} ${timeText(inDay, digits)}`;
}

/** @param nanoseconds since 1970-01-01 00:00, of any size: INT96 has 32 bits for the day alone */
function int96Text(nanoseconds: bigint): string {
  const rest = ((nanoseconds % 1000n) + 1000n) % 1000n;
  return timestampText((nanoseconds - rest) / 1000n, 6) + String(rest).padStart(3, '0');
}
