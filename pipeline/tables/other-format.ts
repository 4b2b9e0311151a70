import { BadFile } from './bad-file.ts';

/** First bytes of other formats, in Latin-1; what the format is called, and what to do. */
const starts: readonly [start: string, found: string, remedy: string][] = [
  ['\xd0\xcf\x11\xe0', 'an Excel file (.xls)', 'pd.read_excel("FILE.xls").to_csv("FILE.csv", index=False)'],
  ['BZh', 'a file packed by bzip2', 'bunzip2 FILE'],
  ['\xfd7zXZ\0', 'a file packed by xz', 'unxz FILE'],
  ['\x28\xb5\x2f\xfd', 'a file packed by Zstandard', 'unzstd FILE'],
  ['7z\xbc\xaf', 'a 7-Zip archive', '7z x FILE'],
  ['ARROW1', 'an Arrow file', 'pd.read_feather("FILE").to_parquet("FILE.parquet", index=False)'],
  ['ORC', 'an ORC file', 'pd.read_orc("FILE").to_parquet("FILE.parquet", index=False)'],
  ['SQLite format 3\0', 'an SQLite database', 'sqlite3 -header -csv FILE "select * from TABLE" > FILE.csv'],
];

/** A byte that no text in ASCII has. */
const control = /[^\t\n\r\x20-\x7e]/;
const zipStart = 'PK\x03\x04';
const excel = 'pd.read_excel("FILE.xlsx").to_csv("FILE.csv", index=False)';
const lines = 'pd.read_json("FILE.jsonl", lines=True).to_csv("FILE.csv", index=False)';
const json = 'pd.read_json("FILE.json").to_csv("FILE.csv", index=False)';

/**
 * Refuses a file that is no CSV, by its first bytes; the message has the line that makes CSV of it.
 *
 * @throws BadFile
 */
export function refuseOtherFormats(bytes: Uint8Array): void {
  if (isParquet(bytes)) throw new BadFile('a Parquet file', 'CSV', { kind: 'Parquet as CSV' });
  const head = Buffer.from(bytes.subarray(0, 4096)).toString('latin1');
  // A header of CSV may begin with the letters ORC.
  if (control.test(head))
    for (const [start, found, remedy] of starts) if (head.startsWith(start)) throw other(found, remedy);
  if (head.startsWith(zipStart))
    throw /\[Content_Types\]\.xml|xl\/|_rels\//.test(head)
      ? other('an Excel file (.xlsx)', excel)
      : other('a zip archive', 'unzip FILE');
  const text = head.replace(/^\xef\xbb\xbf/, '').trimStart();
  // A record of JSON Lines ends on its line; an object of several lines does not.
  if (/^\{\s*"/.test(text))
    throw /^\{[^\n]*\}\s*(\n|$)/.test(text) ? other('JSON Lines', lines) : other('JSON', json);
  if (/^\[\s*[{[]/.test(text)) throw other('JSON', json);
  if (/^<(!doctype|html|\?xml)/i.test(text)) throw new BadFile('a page of HTML or XML', 'CSV');
}

const other = (found: string, remedy: string) =>
  new BadFile(
    found,
    remedy.startsWith('pd.') ? `CSV; pandas converts it: ${remedy}` : `CSV; convert it: ${remedy}`,
  );

/** Whether the bytes start like a Parquet file. */
export const isParquet = (bytes: Uint8Array): boolean =>
  bytes[0] === 0x50 && bytes[1] === 0x41 && bytes[2] === 0x52 && bytes[3] === 0x31;

/** Whether the bytes start like a file packed by gzip. */
export const isGzip = (bytes: Uint8Array): boolean => bytes[0] === 0x1f && bytes[1] === 0x8b;
