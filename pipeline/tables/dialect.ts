/** How a CSV file is written: `data.csv` of mlops.yaml. */
export interface Dialect {
  /** A character, or auto: told by the header. */
  readonly delimiter: 'auto' | ',' | ';' | '\t' | '|';
  readonly encoding: Encoding;
  readonly decimal: DecimalMark;
}

export type Encoding = 'utf-8' | 'latin-1' | 'windows-1252' | 'utf-16';
export type DecimalMark = '.' | ',';

/** The delimiters that a header may tell. The first of two that are as frequent wins. */
const DELIMITERS = ['\t', ';', '|', ','];

/** The delimiter that stands most often in a header, outside quotes; a comma if there is none. */
export function delimiterOf(header: string): string {
  const outside = header.replace(/"(?:[^"]|"")*"?/g, '');
  let found = ',';
  let most = 0;
  for (const delimiter of DELIMITERS) {
    const count = outside.split(delimiter).length - 1;
    if (count > most) [found, most] = [delimiter, count];
  }
  return found;
}
