import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { parseConfig } from '../../config/load.ts';
import { openCsv } from '../csv.ts';
import { checkBeginnings, checkData } from '../data-contract.ts';
import { type DataFile, findDataFiles } from '../data-files.ts';
import { openParquet } from '../parquet.ts';
import { withKeys } from '../partition.ts';
import type { Table } from '../table.ts';
import { type ConformanceSource, conformanceFolder, conformanceSources } from './conformance.fixture.ts';

const filesOf = ({ path }: ConformanceSource) =>
  findDataFiles([join(conformanceFolder, path)], `data/${path}`);

async function rowsOf(table: Table): Promise<Record<string, string>[]> {
  const rows: Record<string, string>[] = [];
  while (await table.load())
    while (table.next())
      rows.push(Object.fromEntries(table.header.map((name, column) => [name, table.value(column)])));
  return rows;
}

async function readFileRows({ path, keys }: DataFile, { format, unusable }: ConformanceSource) {
  if (format === 'parquet') {
    const { columns, table } = await openParquet(path);
    const names = columns.map(({ name }) => name).filter((name) => !(name in unusable));
    return await rowsOf(withKeys(table(names), keys));
  }
  const file = await open(path);
  try {
    return await rowsOf(withKeys(await openCsv(file), keys));
  } finally {
    await file.close();
  }
}

const configOf = (source: ConformanceSource, set: string[] = []) =>
  parseConfig('{ project: demo, problem: regression, data: { source: data/x, target: y, row_id: id } }', {
    set: [`data.source=data/${source.path}`, `data.format=${source.format}`, ...set],
  });

const check = (source: ConformanceSource, set: string[] = []) =>
  checkData(configOf(source, set), [join(conformanceFolder, source.path)]);

describe.each(conformanceSources.map((source) => [source.path, source] as const))('%s', (_path, source) => {
  const names = source.columns.map(({ name }) => name);
  const unusable = Object.entries(source.unusable);
  const without = `data.exclude=[${Object.keys(source.unusable)}]`;

  test('has every cell as it is expected', async () => {
    const rows = (
      await Promise.all((await filesOf(source)).map((file) => readFileRows(file, source)))
    ).flat();
    rows.sort((a, b) => (a.id! < b.id! ? -1 : 1));
    expect(Object.keys(rows[0]!).sort()).toEqual([...names].sort());
    for (const { name, texts } of source.columns)
      expect([name, rows.map((row) => row[name])]).toEqual([name, texts.map((text) => text ?? '')]);
  });

  test('is sound, and each column of no text is refused unless it is excluded', async () => {
    const sound = await check(source, [without]);
    expect({ problems: sound.problems, rows: sound.rows }).toEqual({ problems: [], rows: 4 });
    expect([...sound.columns].sort()).toEqual([...names, ...Object.keys(source.unusable)].sort());
    for (const [name, type] of unusable) {
      const others = Object.keys(source.unusable).filter((other) => other !== name);
      const { problems } = await check(source, [`data.exclude=[${others}]`]);
      const what =
        type === 'bytes'
          ? `: row 1: column ${name}: got bytes that are not UTF-8 text, expected text; or leave it out: data.exclude: [${name}]`
          : `: column ${name}: got the type ${type}, expected a number, text, a date or a boolean; or leave it out: data.exclude: [${name}]`;
      expect(problems.map(({ message }) => message.replace(/^[^:]+/, ''))).toContain(what);
    }
  });

  test('in a bucket is checked by the same rules', async () => {
    const distant = await Promise.all(
      (await filesOf(source)).map(async ({ path, label, keys }) => {
        const file = await open(path);
        const content = await file.readFile().finally(() => file.close());
        const read = async (start: number, end: number) => content.subarray(start, end);
        return { label, keys, bytes: content.length, read };
      }),
    );
    const all = await checkBeginnings(configOf(source, [without]), distant);
    expect(all.problems).toEqual([]);
    const { problems } = await checkBeginnings(configOf(source), distant);
    // Reading stops at the first bytes that are no text.
    const bytes = unusable.filter(([, type]) => type === 'bytes').slice(0, 1);
    const refused = [...unusable.filter(([, type]) => type !== 'bytes'), ...bytes].map(([name]) => name);
    expect([...new Set(problems.map(({ field, path }) => field ?? path))].sort()).toEqual(refused.sort());
  });

  test("says of pandas' stored index that it is no feature", async () => {
    const { warnings } = await check(source, [without]);
    expect(warnings).toEqual(
      source.index.map(
        (name) =>
          `The column "${name}" is pandas' stored index, so it is no feature; data.row_id may name it.`,
      ),
    );
    for (const name of source.index) {
      const named = await check(source, [without, `data.row_id=${name}`]);
      expect(named.warnings).toHaveLength(source.index.length - 1);
    }
  });

  test('has classes that one text names, whatever their type', async () => {
    for (const { name, texts } of source.columns.filter(({ name }) => !['id', 'y'].includes(name))) {
      const classes = [...new Set(texts.filter((text) => text !== null))];
      const set = [
        'problem=binary',
        `data.target=${name}`,
        `data.exclude=[${[...Object.keys(source.unusable), 'y']}]`,
      ];
      for (const text of classes) {
        const { problems } = await check(source, [...set, `data.positive=${JSON.stringify(text)}`]);
        expect([name, text, problems.filter(({ path }) => path === 'data.positive')]).toEqual([
          name,
          text,
          [],
        ]);
      }
      if (classes.length > 0) {
        const { problems } = await check(source, [...set, 'data.positive=nothing']);
        expect([name, problems.filter(({ path }) => path === 'data.positive').length]).toEqual([name, 1]);
      }
    }
  });
});
