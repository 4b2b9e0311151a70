import type { DecimalMark } from './dialect.ts';
import { floatText } from './float-text.ts';

/** What a cell of CSV looks like. Kinds are bits, so that the kinds of a column are one number. */
export const EMPTY = 0;
/** A whole number of 64 bits. */
export const INTEGER = 1;
export const BOOLEAN = 2;
/** A word for a missing value, such as NA. In a column of text it is text. */
export const MARKER = 4;
export const INFINITE = 8;
export const TEXT = 16;
/** Any other number. */
export const FLOAT = 32;
/** A whole number with an unsigned exponent: a number among such with a fraction, else a code, as 1E5 and 10E4 are two. */
export const CODE = 64;
export type CellKind = 0 | 1 | 2 | 4 | 8 | 16 | 32 | 64;
/** The kinds of what may be read as a finite number. */
export const NUMERIC = INTEGER | FLOAT | CODE;

/** Numbers as people write them. A leading zero makes a code, because as a number 07030 would lose its zero. */
const LOOSE = /^[+-]?(?:(?:0|[1-9][0-9]*)(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;
const GROUPED = /^[+-]?[1-9][0-9]{0,2}(?:\.[0-9]{3})+(?:,[0-9]*)?$/;
const EXPONENT = /^(?:0|[1-9][0-9]*)E[0-9]+$/;
const BOOLEAN_WORD = /^(?:true|false)$/i;
const INFINITY = /^[+-]?inf(?:inity)?$/i;
const MARKERS = new Set(['', 'na', 'n/a', '#n/a', '<na>', 'nan', '-nan', 'null', 'none']);
const LONGEST_MARKER = 4;
/** Blanks around a value: the prepare job strips the same. */
const BLANKS = /^[ \t\n\r\f\v\xa0]+|[ \t\n\r\f\v\xa0]+$/g;

/** Digits of a number that is surely whole, or finite, and read without a closer look. */
const FEW_WHOLE = 18;
const FEW = 300;

/** The kind of a part of a text in UTF-8, if it is a usual one; null: `kindOf` tells. */
export function kindAt(text: Uint8Array, start: number, end: number, decimal: DecimalMark): CellKind | null {
  if (start === end) return EMPTY;
  const digits = text[start] === 45 ? start + 1 : start;
  const whole = digitsEnd(text, digits, end);
  // More than one digit after a leading zero: a code.
  const isCode = whole > digits + 1 && text[digits] === 48;
  if (whole > digits && !isCode && end - start < FEW) {
    if (whole === end && end - digits <= FEW_WHOLE) return INTEGER;
    const isMark = text[whole] === (decimal === '.' ? 46 : 44);
    if (isMark && digitsEnd(text, whole + 1, end) === end) return FLOAT;
  }
  return isBoolean(text, start, end) ? BOOLEAN : null;
}

/** Whether the part is true or false, in letters of either case. */
function isBoolean(text: Uint8Array, start: number, end: number): boolean {
  const word = end - start === 4 ? 'true' : end - start === 5 ? 'false' : '';
  if (word === '') return false;
  for (let i = 0; i < word.length; i++) if ((text[start + i]! | 32) !== word.charCodeAt(i)) return false;
  return true;
}

/** The place of the first character that is no digit. */
function digitsEnd(text: Uint8Array, start: number, end: number): number {
  let at = start;
  for (; at < end; at++) {
    const code = text[at]!;
    if (code < 48 || code > 57) break;
  }
  return at;
}

/** The kind of a cell. */
export function kindOf(cell: string, decimal: DecimalMark): CellKind {
  if (cell === '') return EMPTY;
  const text = trimmed(cell);
  const plain = beginsNumber(text.charCodeAt(0)) ? plainNumber(text, decimal) : null;
  if (plain !== null) return kindOfNumber(plain);
  if (BOOLEAN_WORD.test(cell)) return BOOLEAN;
  if (isMarker(text)) return MARKER;
  return INFINITY.test(text) ? INFINITE : TEXT;
}

function kindOfNumber(text: string): CellKind {
  if (!Number.isFinite(Number(text))) return INFINITE;
  if (EXPONENT.test(text)) return CODE;
  if (/[.eE]/.test(text)) return FLOAT;
  const number = BigInt(text.replace('+', ''));
  return BigInt.asIntN(64, number) === number ? INTEGER : FLOAT;
}

/** Whether the cell is a finite number, also one that alone would be a code. */
export const isNumber = (cell: string, decimal: DecimalMark): boolean =>
  (kindOf(cell, decimal) & NUMERIC) !== 0;

const JSON_NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/**
 * The text that the prepare job writes for a cell of a column of numbers: JSON's notation, or nothing for a missing value.
 * null: the cell is no finite number.
 */
export function numberText(cell: string, decimal: DecimalMark): string | null {
  const text = trimmed(cell);
  if (isMarker(text)) return '';
  const plain = plainNumber(text, decimal);
  if (plain === null || !Number.isFinite(Number(plain))) return null;
  const unsigned = plain.startsWith('+') ? plain.slice(1) : plain;
  return JSON_NUMBER.test(unsigned) ? unsigned : floatText(Number(plain), 64);
}

/** Whether the cell stands for a missing value: empty, blank, or a word such as NA. */
export const isMissing = (cell: string): boolean => isMarker(trimmed(cell));

/** The text without blanks around it. */
function trimmed(cell: string): string {
  const [first, last] = [cell.charCodeAt(0), cell.charCodeAt(cell.length - 1)];
  return isBlank(first) || isBlank(last) ? cell.replace(BLANKS, '') : cell;
}

const isBlank = (code: number) => code <= 32 || code === 160;

/** Whether a number may begin with the character: a digit, a sign, a point or a comma. */
const beginsNumber = (code: number) => code >= 43 && code <= 57;

const isMarker = (text: string): boolean => text.length <= LONGEST_MARKER && MARKERS.has(text.toLowerCase());

/** The number with a point, and without the dots that group thousands where the comma is the decimal mark; null if it is none. */
function plainNumber(text: string, decimal: DecimalMark): string | null {
  if (decimal === '.') return LOOSE.test(text) ? text : null;
  if (GROUPED.test(text)) return text.replaceAll('.', '').replace(',', '.');
  if (text.includes('.')) return null;
  const plain = text.replace(',', '.');
  return LOOSE.test(plain) ? plain : null;
}
