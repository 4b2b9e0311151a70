import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { temporaryFolder } from './backends/embedded/images/python-context.fixture.ts';
import { canonicalJson, sha256, sha256File, sha256Json } from './hash.ts';

test('sha256 is that of FIPS 180-4, of text as UTF-8 and of files', async () => {
  const abc = 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
  expect(sha256('abc')).toBe(abc);
  expect(sha256('ü')).toBe(sha256(Buffer.from([0xc3, 0xbc])));
  const file = join(temporaryFolder(), 'abc');
  writeFileSync(file, 'abc');
  expect(await sha256File(file)).toBe(abc);
  await expect(sha256File(`${file}.none`)).rejects.toThrow('ENOENT');
});

test('the order of keys, and keys that are undefined, do not matter to a value; all else does', () => {
  const value = { b: [1, { d: 2, c: 3 }], a: null, 10: 'x', 9: 'y' };
  const same = { 9: 'y', a: null, gone: undefined, 10: 'x', b: [1, { c: 3, d: 2 }] };
  expect(sha256Json(same)).toBe(sha256Json(value));
  expect(JSON.parse(canonicalJson(value))).toEqual(value);
  const others = [
    { ...value, a: 0 },
    { ...value, a: 'null' },
    { ...value, b: [{ c: 3, d: 2 }, 1] },
    { ...value, e: null },
    JSON.parse('{"__proto__": 1}'),
    {},
    [],
    '',
  ];
  expect(new Set([value, ...others].map(sha256Json)).size).toBe(others.length + 1);
});
