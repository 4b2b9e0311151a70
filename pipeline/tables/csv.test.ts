import type { FileHandle } from 'node:fs/promises';
import { expect, test } from '@jest/globals';
import { BadFile } from './bad-file.ts';
import { type CsvOptions, openCsv } from './csv.ts';

/** A file of which every read gives a few bytes. */
function slowFile(content: Buffer, step: number): FileHandle {
  const read = async (buffer: Buffer, offset: number, length: number, at: number) => ({
    bytesRead: content.copy(buffer, offset, at, Math.min(at + step, at + length)),
  });
  return { read } as unknown as FileHandle;
}

async function rowsOf(source: FileHandle | Uint8Array, options?: CsvOptions) {
  const table = await openCsv(source, options);
  const rows: unknown[] = [];
  while (await table.load()) {
    while (table.next()) {
      const columns = Array.from({ length: table.width }, (_, column) => column);
      rows.push([
        table.position,
        ...columns.map((column) => [
          table.value(column),
          table.positionOf(column),
          table.spansLines(column),
          table.number(column),
        ]),
      ]);
    }
  }
  return { header: table.header, rows };
}

const content = Buffer.from(
  '\ufeffid,"na""me",note\r\n1,é🙂,"a ""quoted"",\r\nfield"\n"2","",-0.5e1\r\n"3","x\n\ny","""z"""\n4,,5',
);

test.each([true, false])(
  'a file reads the same however few bytes come at a time; strict: %s',
  async (strict) => {
    const whole = await rowsOf(content, { strict });
    expect(whole).toEqual({
      header: ['id', 'na"me', 'note'],
      rows: [
        [2, ['1', 2, false, 1], ['é🙂', 2, false, Number.NaN], ['a "quoted",\r\nfield', 2, true, Number.NaN]],
        [4, ['2', 4, false, 2], ['', 4, false, Number.NaN], ['-0.5e1', 4, false, -5]],
        [5, ['3', 5, false, 3], ['x\n\ny', 5, true, Number.NaN], ['"z"', 7, false, Number.NaN]],
        [8, ['4', 8, false, 4], ['', 8, false, Number.NaN], ['5', 8, false, 5]],
      ],
    });
    for (let step = 1; step <= content.length; step++)
      expect(await rowsOf(slowFile(content, step), { strict })).toEqual(whole);
  },
);

test('of a beginning, a record that is cut off is left out, wherever it is cut', async () => {
  const { header, rows } = await rowsOf(content);
  for (let length = 0; length <= content.length; length++) {
    const beginning = await rowsOf(content.subarray(0, length), { cut: true });
    expect(beginning.rows).toEqual(rows.slice(0, beginning.rows.length));
    if (beginning.rows.length > 0) expect(beginning.header).toEqual(header);
  }
});

test.each<[what: string, bytes: Buffer, line: number, found: string]>([
  [
    'a byte that is no text',
    Buffer.from('a,b\n"é\n",1\nx\xff,2\n', 'latin1'),
    2,
    'byte 0xe9 at offset 5, which is not UTF-8',
  ],
  ['a NUL byte', Buffer.from('a,b\n"é\n",1\nx\0,2\n'), 4, 'a NUL character (offset 13)'],
  [
    'a character cut off',
    Buffer.concat([Buffer.from('a,b\n1,é\n2,'), Buffer.of(0xf0, 0x9f)]),
    3,
    'byte 0xf0 at offset 11, which is not UTF-8',
  ],
  ['an open quote', Buffer.from('a,b\n1,2\n"3\n4\n5'), 3, 'a quoted field that never ends'],
  ['text after a quote', Buffer.from('a,b\n"1\n"x,2\n3,4\n'), 3, 'text after a closing quote'],
])('%s is told with its line, however few bytes come at a time', async (_, bytes, line, found) => {
  for (let step = 1; step <= bytes.length; step++) {
    const error = await rowsOf(slowFile(bytes, step)).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(BadFile);
    expect(error).toMatchObject({ line, found });
  }
});

test('a line without an end is not read to the end of memory', async () => {
  const read = async (buffer: Buffer, offset: number, length: number) => {
    buffer.fill('x', offset, offset + length);
    return { bytesRead: length };
  };
  const error = await openCsv({ read } as unknown as FileHandle).catch((reason: unknown) => reason);
  expect(error).toMatchObject({ line: 1, found: 'a line of more than 16,000,000 characters' });
});
