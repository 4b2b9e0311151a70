import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { InputError, SetupError, UnreadableRecordError } from '../../../errors.ts';
import { recordedTables, trialsTable } from '../../../queries/recorded-tables.ts';
import { recordRows } from '../../../steps/record-rows.ts';
import { writeParquet } from '../../../tables/write-parquet.ts';
import type { Answer, Cell, Query } from '../../query.ts';
import { embeddedContext } from '../embedded-context.ts';
import { openDuckDbQuery } from './duckdb-query.ts';
import { loadDuckDB } from './open-duckdb.ts';
import { release } from './predictions.fixture.ts';

const folder = mkdtempSync(join(tmpdir(), "duck db's [a]*?-"));
afterAll(() => rmSync(folder, { recursive: true }));

let home = '';
let folders = 0;
let opened: Query[] = [];
beforeEach(() => {
  home = join(folder, `state-${folders++}`);
});
afterEach(async () => {
  for (const query of opened.splice(0)) await query.close();
});

const left: string[] = [];
async function open(model?: string): Promise<Query> {
  const query = await openDuckDbQuery({
    home,
    project: 'p',
    model,
    onNote: () => {},
    leftOut: ({ message }) => left.push(message),
  });
  opened.push(query);
  return query;
}

async function rowsOf({ batches }: Answer): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  for await (const batch of batches) rows.push(...batch.rows());
  return rows;
}

const ask = async (sql: string, model?: string) => rowsOf(await (await open(model)).ask(sql));
const made = (name: string, more: object = {}) =>
  release({ home, project: 'p', model: 'attrition', release: name, ...more });

describe('what a reader sees', () => {
  test('every registered release, with model and release, and the current one alone', async () => {
    await made('r-1', { at: '2026-01-01 00:00:00' });
    await made('r-2');
    await release({ home, project: 'p', model: 'churn', release: 'r-1' });
    expect(await ask('SELECT model, release, count(*) FROM predictions GROUP BY ALL ORDER BY ALL')).toEqual([
      ['attrition', 'r-1', 3],
      ['attrition', 'r-2', 3],
      ['churn', 'r-1', 3],
    ]);
    expect(await ask('SELECT DISTINCT model, release FROM predictions_current ORDER BY ALL')).toEqual([
      ['attrition', 'r-2'],
      ['churn', 'r-1'],
    ]);
    expect(await ask('SELECT DISTINCT model FROM predictions', 'churn')).toEqual([['churn']]);
  });

  test('every column as JSON has it', async () => {
    await made('r-1');
    const answer = await (await open()).ask("SELECT * FROM predictions WHERE row_id = '9'");
    expect(answer.columns.map(({ name, type }) => `${name} ${type}`)).toEqual([
      'row_id varchar',
      'score double',
      'decision varchar',
      'scores map(varchar, double)',
      'contributions map(varchar, double)',
      'extra map(varchar, varchar)',
      'package varchar',
      'predicted_at timestamp',
      'model varchar',
      'release varchar',
    ]);
    expect(await rowsOf(answer)).toEqual([
      [
        ...['9', 0.9, 'Yes'],
        { No: expect.closeTo(0.1), Yes: 0.9 },
        { OverTime: 0.45, Age: -0.1 },
        { note: 'n/a' },
        'attrition/1',
        '2026-01-02 03:04:05',
        ...['attrition', 'r-1'],
      ],
    ]);
  });

  test('nothing of a release that left files without a partition, or a pointer to what is not registered', async () => {
    await made('r-1');
    await made('r-2', { registered: false });
    expect(await ask('SELECT count(*) FROM predictions')).toEqual([[3]]);
    expect(await ask('SELECT count(*) FROM predictions_current')).toEqual([[0]]);
  });

  test('a partition in another place than its name', async () => {
    const { createPartitions } = await import('../glue-catalog.ts');
    await made('r-1');
    const location = 's3://mlops/p/predictions/model=attrition/release=r-1/';
    const PartitionInputList = [{ Values: ['attrition', "r'2"], StorageDescriptor: { Location: location } }];
    await createPartitions(
      { DatabaseName: 'p', TableName: 'predictions', PartitionInputList },
      embeddedContext({ home, project: 'p', model: 'attrition' }),
    );
    expect(await ask('SELECT DISTINCT release FROM predictions ORDER BY release')).toEqual([
      ["r'2"],
      ['r-1'],
    ]);
  });

  test('the releases of the moment of opening, whatever is released meanwhile', async () => {
    await made('r-1');
    const query = await open();
    await made('r-2');
    expect(await rowsOf(await query.ask('SELECT DISTINCT release FROM predictions_current'))).toEqual([
      ['r-1'],
    ]);
    expect(await ask('SELECT DISTINCT release FROM predictions_current')).toEqual([['r-2']]);
  });

  test('empty tables and what to do before the first release', async () => {
    const query = await open();
    expect(query.notes).toEqual([expect.stringMatching(/^No predictions yet: `mlops release`/)]);
    expect(await rowsOf(await query.ask('SELECT * FROM predictions_current'))).toEqual([]);
  });

  test('no model that has no release', async () => {
    await made('r-1');
    await expect(open('chrun')).rejects.toThrow('--model: got "chrun", expected attrition');
  });

  test('without the files of an old release it says so, without those of the current it fails', async () => {
    const old = await made('r-1');
    const file = await made('r-2');
    rmSync(old);
    expect((await open()).notes).toEqual([
      expect.stringMatching(/^Left out: release r-1 of attrition: .*gone/),
    ]);
    rmSync(file);
    await expect(open()).rejects.toThrow(UnreadableRecordError);
  });

  test('no half pointer and no broken file counts as anything', async () => {
    const file = await made('r-1');
    writeFileSync(file, 'PAR1 no more');
    const failed = await open()
      .then(
        (query) => query.ask('SELECT * FROM predictions').then(rowsOf),
        (error: unknown) => Promise.reject(error),
      )
      .catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(UnreadableRecordError);
    expect(String(failed)).toContain('part-00000.parquet');
    writeFileSync(join(home, 's3/mlops/p/pointers/attrition.json'), '{"model": "attr');
    await expect(open()).rejects.toThrow(/attrition\.json: got no pointer of the model attrition/);
  });
});

describe('what runs recorded', () => {
  const trial = (more: object) => ({
    ...{
      model: 'attrition',
      execution: 'run-1',
      started_at: new Date('2026-01-02T03:04:05Z'),
      data_version: 'd',
    },
    ...{ alike: 'k', strategy: 'random', trial: 't-001', status: 'completed' },
    ...{ objective: 'auc', goal: 'maximize', value: 0.8, seconds: 2 },
    ...{ hyperparameters: { C: '0.3' }, guided: false, best: true },
    ...more,
  });
  const record = (model: string, file: string, ...rows: object[]) =>
    recordRows(trialsTable, file, rows as never, embeddedContext({ home, project: 'p', model }));

  test('the trials of all models, or of one that has no release', async () => {
    await made('r-1');
    await record('attrition', '1', trial({}), trial({ trial: 't-002', value: null, status: 'failed' }));
    await record('churn', '1', trial({ model: 'churn', started_at: null }));
    const sql = "SELECT model, started_at, value, element_at(hyperparameters, 'C') FROM trials ORDER BY ALL";
    expect(await ask(sql)).toEqual([
      ['attrition', '2026-01-02 03:04:05', 0.8, '0.3'],
      ['attrition', '2026-01-02 03:04:05', null, '0.3'],
      ['churn', null, 0.8, '0.3'],
    ]);
    expect(await ask('SELECT model FROM trials', 'churn')).toEqual([['churn']]);
    await expect(open('chrun')).rejects.toThrow('--model: got "chrun", expected attrition, churn');
  });

  test('are empty tables before the first run, and no column needs quotes', async () => {
    for (const { name, columns } of recordedTables) {
      const named = columns.map((column) => column.name).join(', ');
      expect(await ask(`SELECT ${named} FROM ${name} GROUP BY ${named}`)).toEqual([]);
    }
  });

  test('a column that a file is older than is NULL there', async () => {
    const columns = trialsTable.columns.filter(({ name }) => name !== 'guided');
    const { guided: _guided, ...old } = trial({});
    const { storage, root } = embeddedContext({ home, project: 'p', model: 'attrition' });
    await storage.write(`${root}/trials/attrition/0.parquet`, writeParquet(columns, [old] as never));
    expect(await ask('SELECT model, guided FROM trials')).toEqual([['attrition', null]]);
    await record('attrition', '1', trial({}));
    expect(await ask('SELECT guided FROM trials ORDER BY ALL')).toEqual([[false], [null]]);
  });

  test('a broken file leaves out its table, says so, and hides no other', async () => {
    await made('r-1');
    await record('attrition', '1', trial({}));
    const { storage, root } = embeddedContext({ home, project: 'p', model: 'attrition' });
    await storage.write(`${root}/trials/attrition/2.parquet`, 'PAR1 no more');
    const query = await open();
    expect(query.notes).toEqual([expect.stringMatching(/^Left out: table trials: .*2\.parquet/)]);
    expect(await rowsOf(await query.ask('SELECT count(*) FROM predictions'))).toEqual([[3]]);
    await expect(query.ask('SELECT * FROM trials')).rejects.toThrow(InputError);
  });

  test('no statement reads a file of another folder', async () => {
    await record('attrition', '1', trial({}));
    const { storage, root } = embeddedContext({ home, project: 'p', model: 'attrition' });
    await storage.write(`${root}/scores/attrition/1.parquet`, writeParquet([], []));
    const path = storage.path(`${root}/scores/attrition/1.parquet`).replaceAll("'", "''");
    await expect(ask(`SELECT * FROM read_parquet('${path.replace(/[*?[]/g, '[$&]')}')`)).rejects.toThrow(
      'A query reads these tables only',
    );
  });
});

describe('a statement', () => {
  // One connection for all: no refusal changes it.
  let query: Query;
  const made = join(folder, 'statements');
  beforeAll(async () => {
    await release({ home: made, project: 'p', model: 'attrition', release: 'r-1' });
    home = made;
    query = await open();
    opened = [];
  });
  afterAll(() => query.close());
  beforeEach(() => {
    home = made;
  });
  const ask = async (sql: string) => rowsOf(await query.ask(sql));
  const refused = async (sql: string): Promise<string> => {
    const error = await ask(sql).then(
      () => null,
      (found: unknown) => found,
    );
    expect(error).toBeInstanceOf(InputError);
    return (error as Error).message;
  };

  test.each([
    ["COPY predictions TO 'FOLDER/out.csv'", /begins with "COPY", expected one SELECT/],
    ["ATTACH 'FOLDER/x.db'", /begins with "ATTACH"/],
    ['INSTALL httpfs', /begins with "INSTALL"/],
    ['LOAD httpfs', /begins with "LOAD"/],
    ['PRAGMA database_list', /begins with "PRAGMA"/],
    ['SET threads = 1', /begins with "SET"/],
    ['CREATE TABLE t AS SELECT 1', /begins with "CREATE"/],
    ['DROP VIEW predictions', /begins with "DROP"/],
    ["EXPORT DATABASE 'FOLDER/x'", /begins with "EXPORT"/],
    ['CALL enable_logging()', /begins with "CALL"/],
    ["/* SELECT */ COPY predictions TO 'FOLDER/out.csv'", /begins with "COPY"/],
    ['-- SELECT\nPRAGMA database_list', /begins with "PRAGMA"/],
    ['', /got no statement/],
    ['42', /begins with "42"/],
    ["SELECT 1; COPY predictions TO 'FOLDER/out.csv'", /got 2 statements, expected one SELECT/],
    ['FROM predictions; SELECT 1', /got 2 statements/],
    ['WITH x AS (SELECT 1) INSERT INTO predictions SELECT * FROM x', /./],
    ["SELECT * FROM read_csv('/etc/passwd')", /"\/etc\/passwd".*\nA query reads these tables only/],
    ["SELECT * FROM '/etc/passwd'", /./],
    ["SELECT content FROM read_text('/etc/passwd')", /A query reads these tables only/],
    ["SELECT * FROM glob('/etc/*')", /A query reads these tables only/],
    ["SELECT * FROM read_csv('https://example.org/x.csv')", /A query reads these tables only/],
    ["SELECT * FROM sniff_csv('/etc/passwd')", /A query reads these tables only/],
    ["SELECT * FROM parquet_metadata('/etc/x.parquet')", /A query reads these tables only/],
    ["SELECT * FROM enable_logging(storage_path = 'FOLDER/log')", /got enable_logging, expected/],
    ["SELECT * FROM query('COPY predictions TO ''FOLDER/out.csv''')", /./],
  ])('is refused that does more than read predictions: %s', async (sql, message) => {
    const before = readdirSync(folder);
    expect(await refused(sql.replaceAll('FOLDER', folder.replaceAll("'", "''")))).toMatch(message);
    expect(readdirSync(folder)).toEqual(before);
    expect(await ask('SELECT count(*) FROM predictions')).toEqual([[3]]);
  });

  test('cannot read files of a release that is not registered', async () => {
    const file = await release({
      ...{ home, project: 'p', model: 'attrition', release: 'r-2' },
      ...{ registered: false, current: false },
    });
    const path = file.replaceAll("'", "''").replace(/[*?[]/g, '[$&]');
    expect(await refused(`SELECT * FROM read_parquet('${path}')`)).toContain(
      'A query reads these tables only',
    );
  });

  test('that names no such table or column is told which there are', async () => {
    expect(await refused('SELECT * FROM prediction')).toMatch(
      /^SQL: Catalog Error: .*\n[\s\S]*Tables: predictions/,
    );
    expect(await refused('SELECT scor FROM predictions')).toMatch(
      /"score"[\s\S]*Columns: row_id varchar, score/,
    );
    expect(await refused('SELEC 1')).toMatch(/begins with "SELEC"/);
    expect(await refused('SELECT FROM WHERE')).toMatch(/^SQL: Parser Error/);
    expect(await refused('SELECT CAST(decision AS integer) FROM predictions')).toMatch(
      /^SQL: Conversion Error/,
    );
  });

  test.each([
    ['(SELECT 1)', [[1]]],
    ['SELECT 1 -- why', [[1]]],
    ['VALUES (1), (2)', [[1], [2]]],
    ['SHOW TABLES', [['monitoring'], ['predictions'], ['predictions_current'], ['trials']]],
    ['SELECT n FROM range(300000) AS t(n) ORDER BY n DESC LIMIT 1 OFFSET 299999', [[0]]],
    ['  -- why\n select 1 ; ', [[1]]],
    ['WITH x AS (SELECT 1) SELECT * FROM x', [[1]]],
    ["SELECT element_at(contributions, 'Age') FROM predictions LIMIT 1", [[-0.1]]],
    ["SELECT element_at(contributions, 'none') FROM predictions LIMIT 1", [[null]]],
    ['SELECT approx_percentile(score, 0.5) FROM predictions', [[0.55]]],
    [
      "SELECT 9007199254740993, 0.1::decimal(20, 10), 'NaN'::double, NULL, DATE '2026-01-02', true, [1, NULL], {'a': 1.5::double}",
      [['9007199254740993', 0.1, 'NaN', null, '2026-01-02', true, [1, null], { a: 1.5 }]],
    ],
  ])('is answered: %s', async (sql, rows) => {
    expect(await ask(sql)).toEqual(rows);
  });

  test('keeps the order of a long answer', async () => {
    const rows = await ask('SELECT n FROM range(300000) AS t(n) ORDER BY n DESC');
    expect(rows.every(([n], index) => n === 299_999 - index)).toBe(true);
  });

  test('that fails half way has no answer', async () => {
    expect(
      await refused(
        "SELECT CAST(CASE WHEN n = 999999 THEN 'x' ELSE '1' END AS integer) FROM range(1000000) AS t(n)",
      ),
    ).toMatch(/^SQL: Conversion Error/);
  });

  test('names columns of the same name apart', async () => {
    const answer = await query.ask('SELECT 1 AS a, 2 AS a');
    expect(answer.columns.map(({ name }) => name)).toEqual(['a', 'a_1']);
  });

  test('answers more rows than one batch, which are counted without being converted', async () => {
    const answer = await query.ask('SELECT * FROM range(100000) AS t(n)');
    let size = 0;
    for await (const batch of answer.batches) size += batch.size;
    expect(size).toBe(100_000);
  });
});

test('nothing stays behind: no temporary folder, and the state folder is free', async () => {
  await made('r-1');
  const temporary = () => readdirSync(tmpdir()).filter((name) => name.startsWith('mlops-query-'));
  const before = temporary();
  const query = await open();
  expect(temporary().length).toBe(before.length + 1);
  expect(readdirSync(join(home, 'in-use'))).toHaveLength(1);
  await query.close();
  opened = [];
  expect([temporary(), readdirSync(join(home, 'in-use'))]).toEqual([before, []]);
});

test('without DuckDB it says how to install it', async () => {
  const missing = () => Promise.reject(new Error("Cannot find package '@duckdb/node-api'\nRequire stack"));
  await expect(loadDuckDB(missing)).rejects.toThrow(SetupError);
  await expect(loadDuckDB(missing)).rejects.toThrow(
    /Cannot find package '@duckdb\/node-api'\); expected .*run `npm install --include=optional`, or ask Athena/,
  );
});
