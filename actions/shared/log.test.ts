import { expect, jest, test } from '@jest/globals';
import { annotateError } from './annotate.ts';
import { group, withoutCommands } from './log.ts';

/** The text that the runner is given while `work` runs. */
async function printed(work: () => void | Promise<void>): Promise<string> {
  const write = jest.spyOn(process.stdout, 'write').mockReturnValue(true);
  try {
    await work();
    return write.mock.calls.map(([chunk]) => String(chunk)).join('');
  } finally {
    write.mockRestore();
  }
}

const nasty = 'a\u001b[2J\u202e\n::add-mask::b\n##[add-mask]c';

test('untrusted text is printed without commands, sequences and text directions', async () => {
  const [start, ...lines] = (await printed(() => withoutCommands(nasty))).split('\n');
  const end = start?.replace('::stop-commands::', '');
  expect(lines).toEqual(['a', ': :add-mask::b', '## [add-mask]c', `::${end}::`, '']);
});

test('so is what streams into a group, wherever its chunks are cut; colours stay', async () => {
  const bytes = Buffer.from(`ö\u001b[31mred\u001b[0m\u202e${nasty}`);
  const text = await printed(() =>
    group('Build \n::error::x', async (write) => {
      for (const byte of bytes.subarray(0, 2)) write(Buffer.from([byte]));
      write(bytes.subarray(2));
    }),
  );
  const lines = text.split('\n');
  expect(lines[0]).toBe('::group::Build ::error::x');
  expect(lines.slice(2, -3)).toEqual(['ö\u001b[31mred\u001b[0ma', ': :add-mask::b', '## [add-mask]c']);
  expect(lines.slice(-2)).toEqual(['::endgroup::', '']);
});

test('an annotation is one line of clean text', async () => {
  expect(await printed(() => annotateError(nasty, { file: 'a:b,\u202ec\n' }))).toBe(
    '::error file=a%3Ab%2Cc::a%0A: :add-mask::b%0A## [add-mask]c\n',
  );
});
