import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, expect, test } from '@jest/globals';
import { ConflictError, UnreadableRecordError } from '../../errors.ts';
import { createPartitions } from './glue-catalog.ts';
import { FileLedger } from './state/file-ledger.ts';
import { addPartition, listPartitions } from './state/partitions.ts';
import { recordProblem } from './state/record-problem.ts';

const root = mkdtempSync(join(tmpdir(), 'glue-catalog-'));
afterAll(() => rmSync(root, { recursive: true }));

let table: FileLedger;
let folders = 0;
const clock = { now: () => new Date('2026-01-02T03:04:05Z') };
beforeEach(() => {
  table = new FileLedger(join(root, String(folders++)), recordProblem);
});

const partition = (model: string, release: string, more: object = {}) => ({
  Values: [model, release],
  StorageDescriptor: { Location: `s3://mlops/p/predictions/model=${model}/release=${release}/` },
  ...more,
});
const call = (...PartitionInputList: unknown[]) =>
  createPartitions({ DatabaseName: 'p', TableName: 'predictions', PartitionInputList }, { table, clock });

test('adds partitions of several models, with the number of rows where it is said', async () => {
  const answer = await call(
    partition('churn', 'r-2'),
    partition('attrition', 'r-1', { Parameters: { numRows: '200' } }),
  );
  expect(answer).toEqual({ Errors: [] });
  expect(await listPartitions(table)).toEqual([
    {
      model: 'attrition',
      release: 'r-1',
      location: 's3://mlops/p/predictions/model=attrition/release=r-1/',
      rows: 200,
      at: '2026-01-02T03:04:05.000Z',
    },
    expect.objectContaining({ model: 'churn', release: 'r-2', rows: null }),
  ]);
});

test('says that a partition exists, as Glue does, and adds the others', async () => {
  await call(partition('churn', 'r-1'));
  const answer = await call(partition('churn', 'r-1'), partition('churn', 'r-2'));
  expect(answer.Errors).toEqual([
    {
      PartitionValues: ['churn', 'r-1'],
      ErrorDetail: { ErrorCode: 'AlreadyExistsException', ErrorMessage: 'Partition already exists.' },
    },
  ]);
  expect((await listPartitions(table)).map(({ release }) => release)).toEqual(['r-1', 'r-2']);
});

test('of two calls at once one adds, and neither changes what is there', async () => {
  const answers = await Promise.all([call(partition('churn', 'r-1')), call(partition('churn', 'r-1'))]);
  expect(answers.map(({ Errors }) => Errors.length).sort()).toEqual([0, 1]);
  expect((await table.get('partition/churn', 'r-1'))?.version).toBe(1);
});

test('refuses a release that has a partition in another place', async () => {
  await call(partition('churn', 'r-1'));
  const elsewhere = { StorageDescriptor: { Location: 's3://mlops/p/predictions/model=churn/release=r-0/' } };
  const { Errors } = await call(partition('churn', 'r-1', elsewhere));
  expect(Errors[0]?.ErrorDetail.ErrorCode).toBe('InvalidInputException');
  expect(Errors[0]?.ErrorDetail.ErrorMessage).toContain('release=r-0/, expected s3://mlops/p/');
  await expect(
    addPartition({ model: 'churn', release: 'r-1', location: 's3://b/c/', rows: null }, { table, clock }),
  ).rejects.toThrow(ConflictError);
  expect(await listPartitions(table)).toHaveLength(1);
});

test.each([
  ['a model that is no name', [partition('churn', 'r-9'), partition('..', 'r-1')]],
  ['one value', [partition('churn', 'r-9'), { ...partition('churn', 'r-1'), Values: ['churn'] }]],
  ['no place', [partition('churn', 'r-9'), { Values: ['churn', 'r-1'], StorageDescriptor: {} }]],
  ['no partition', []],
])('refuses a call with %s as a whole, and adds nothing', async (_what, list) => {
  await expect(call(...list)).rejects.toMatchObject({ name: 'Glue.InvalidInputException' });
  expect(await listPartitions(table)).toEqual([]);
});

test('a partition that cannot be read is an error, or left out and told', async () => {
  await call(partition('churn', 'r-1'), partition('churn', 'r-2'));
  await table.put('partition/churn', 'r-2', { location: 3 });
  await expect(listPartitions(table)).rejects.toThrow(UnreadableRecordError);
  const told: string[] = [];
  const left = await listPartitions(table, ({ message }) => told.push(message));
  expect([left.length, told.length]).toEqual([1, 1]);
});
