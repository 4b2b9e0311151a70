import { expect, test } from '@jest/globals';
import { parse } from 'csv-parse/sync';
import { joinRecords, RecordError, recordFilter } from './records.ts';

const csv = (path: string, record: string) => recordFilter(path, 'csv').one(record);
const json = (path: string, record: string) => recordFilter(path, 'jsonlines').one(record);

test.each([
  ['$', 'a,b,c,d,e'],
  ['$[1]', 'b'],
  ['$[-1]', 'e'],
  ['$[2:]', 'c,d,e'],
  ['$[:2]', 'a,b'],
  ['$[1:3]', 'b,c'],
  ['$[-2:]', 'd,e'],
  ['$[0,1,2]', 'a,b,c'],
  ['$[0,1,4:]', 'a,b,e'],
  ['$[3,0]', 'd,a'],
])('the CSV filter %s picks %s', (path, expected) => {
  expect(csv(path, 'a,b,c,d,e')).toBe(expected);
});

test('a line is filtered as if it were taken apart, alone and among others', () => {
  const lines = ['', ',', 'a', 'a,', ',b', 'a,b', 'a,,c', 'a,b,c,d,e', ',,,,', 'é,\u2028,c,d,e,f,g'];
  // No filter asks it for a field in vain.
  const long = 'a,"b, ""x""",,é,"",f,g,"h,"';
  const parts = [
    '0',
    '1',
    '2',
    '3',
    '4',
    '0:2',
    '1:3',
    '2:4',
    ':1',
    '1:',
    '3:',
    ':',
    '-1',
    '-2:',
    '3:1',
    '2:2',
  ];
  const field = (fields: string[], part: string): string[] => {
    const [from = '', to] = part.split(':');
    if (to === undefined) return fields.slice(Number(from), from === '-1' ? undefined : Number(from) + 1);
    return fields.slice(from === '' ? 0 : Number(from), to === '' ? undefined : Number(to));
  };
  let picked = 0;
  let refused = 0;
  for (const line of lines)
    for (const chosen of [
      ...parts.map((part) => [part]),
      ...parts.flatMap((one) => parts.map((other) => [one, other])),
      ...parts.flatMap((one) => parts.flatMap((two) => parts.map((three) => [one, two, three]))),
    ]) {
      const fields = line.split(',');
      const expected = chosen.map((part) =>
        part.startsWith('-') && Number.parseInt(part, 10) < -fields.length ? [] : field(fields, part),
      );
      const path = `$[${chosen.join(',')}]`;
      const found = () => csv(path, line);
      if (expected.some((some) => some.length === 0)) {
        refused += 1;
        if (refused % 100 === 0) expect(found).toThrow(RecordError);
      } else {
        picked += 1;
        // Not by expect: a hundred thousand of them take long.
        if (found() !== expected.flat().join(',')) throw new Error(`${path} of ${line}: got ${found()}`);
      }
      const isRefused = expected.some((some) => some.length === 0);
      const among = recordFilter(path, 'csv').plain(Buffer.from(`${long}\n${line}\n${long}\n`));
      if (among === undefined) {
        if (!isRefused && isAscending(chosen, fields.length))
          throw new Error(`${path} of ${line}: not filtered`);
      } else {
        const whole = isRefused ? null : [csv(path, long), found(), csv(path, long), ''].join('\n');
        if (among.toString() !== whole) throw new Error(`${path} of ${line}: got ${among}`);
      }
    }
  expect(picked).toBeGreaterThan(1000);
  expect(refused).toBeGreaterThan(1000);
});

/** Whether the parts of a path count from the first of so many fields, and none begins before the one before it ends. */
function isAscending(parts: readonly string[], fields: number): boolean {
  let least = 0;
  for (const part of parts) {
    const [from, to] = part.includes(':') ? part.split(':') : [part, String(Number(part) + 1)];
    const [begin, end] = [Number(from), to === '' ? fields : Number(to)];
    if (begin < least || end <= begin || end > fields) return false;
    least = end;
  }
  return true;
}

test.each(['"a" b,c', 'a"b,c', '"a', 'a,"b', 'a,b,"c', 'a,b"c,d', '"a""b,c', 'a,b,""c"'])(
  'a misplaced quote in %s is told, whichever fields are asked for',
  (line) => {
    for (const path of ['$[0]', '$[0:]', '$[0:2]', '$[1:]']) {
      expect(() => csv(path, line)).toThrow(RecordError);
      expect(recordFilter(path, 'csv').plain(Buffer.from(`a,b,c\n${line}\n`))).toBeUndefined();
    }
  },
);

test('CSV fields keep their text, quotes and spaces, and are split as csv-parse splits them', () => {
  const record = '7,"Smith, ""Jo""", 1.50 ,"",é,""",",';
  const fields = (text: string) => (parse(text) as string[][])[0];
  expect(csv('$[1]', record)).toBe('"Smith, ""Jo"""');
  expect(csv('$[0:]', record)).toBe(record);
  const all = fields(record) as string[];
  expect(all).toHaveLength(7);
  for (const [index, field] of all.entries()) {
    expect(fields(`${csv(`$[${index}]`, record)},x`)?.[0]).toBe(field);
  }
});

test('a field beyond the record, and a quote that does not close, are errors', () => {
  expect(() => csv('$[3]', 'a,b')).toThrow('beyond the 2');
  expect(() => csv('$[2:]', 'a,b')).toThrow('beyond the 2');
  expect(() => csv('$[-3]', 'a,b')).toThrow('beyond the 2');
  expect(() => csv('$[0]', '1,"a')).toThrow('misplaced quote in field 2, at character 3');
  expect(() => csv('$[0]', '1,"a" b')).toThrow(RecordError);
  expect(() => csv('$[0]', 'r1,{"score": 0.5}')).toThrow(
    'field 2 is JSON: {"score": 0.5}, expected CSV: let serve answer plain fields, or take and answer JSON Lines: ' +
      'model: { content_type: application/jsonlines }',
  );
  expect(() => csv('$[0]', '1,a"b')).toThrow('JSON Lines');
});

test.each([
  ['$.features', '{"a":1.0,"b":"é"}'],
  ["$['features']", '{"a":1.0,"b":"é"}'],
  ['$.features.a', '1.0'],
  ["$['id','label']", '{"id":12345678901234567890,"label":1}'],
  ["$.features['b','a']", '{"b":"é","a":1.0}'],
])('the JSON filter %s picks %s, its numbers digit by digit', (path, expected) => {
  expect(json(path, '{"id": 12345678901234567890, "label": 1, "features": {"a": 1.0, "b": "é"}}')).toBe(
    expected,
  );
});

test('a missing member and text that is no JSON are errors', () => {
  expect(() => json('$.x', '{"y":1}')).toThrow('expects the member "x", found y');
  expect(() => json('$.y.z', '{"y":1}')).toThrow('expects an object, found 1');
  expect(() => json('$.y', '1,2')).toThrow('expected JSON');
});

test.each([
  ['csv', '$.a'],
  ['csv', '$[]'],
  ['csv', '$[a]'],
  ['csv', '$[0'],
  ['jsonlines', '$[0]'],
  ['jsonlines', 'features'],
  ['jsonlines', "$['a','b'].c"],
  ['jsonlines', '$..a'],
] as const)('%s has no filter %s', (format, path) => {
  expect(() => recordFilter(path, format)).toThrow(RecordError);
});

test('the join appends to CSV and adds a member to JSON', () => {
  expect(joinRecords('1,"a,b"', '0.5,x', 'csv')).toBe('1,"a,b",0.5,x');
  expect(joinRecords('{"id":1.0}', '0.50', 'jsonlines')).toBe('{"id":1.0,"SageMakerOutput":0.50}');
  expect(joinRecords('[1]', '{"p":2}', 'jsonlines')).toBe('{"SageMakerInput":[1],"SageMakerOutput":{"p":2}}');
  expect(joinRecords('1.0', '2', 'jsonlines')).toBe('{"SageMakerInput":1.0,"SageMakerOutput":2}');
  expect(() => joinRecords('{"id":1}', '0.5,x', 'jsonlines')).toThrow(RecordError);
});
