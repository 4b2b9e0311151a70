import {
  type AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  InvalidRequestException,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { describe, expect, test } from '@jest/globals';
import { AwsError } from '../../aws/explained.ts';
import { InputError, SetupError } from '../../errors.ts';
import type { Answer, Cell } from '../query.ts';
import { openAthenaQuery } from './athena-query.ts';

const deployment = {
  project: 'attrition-x',
  environment: 'staging',
  account: '111111111111',
  region: 'us-east-1',
};

type Row = (string | undefined)[];

/** Athena as its service model says: a query that goes through `states` and has pages of rows of text. */
class Athena {
  calls: { name: string; input: object }[] = [];
  states: QueryExecution[];
  pages: Row[][];
  columns: [name: string, type: string][];
  refusal: InvalidRequestException | null = null;

  constructor(
    states: QueryExecution[],
    columns: [string, string][] = [['n', 'bigint']],
    pages: Row[][] = [[['n'], ['1']]],
  ) {
    this.states = states;
    this.columns = columns;
    this.pages = pages;
  }

  send = async (command: { input: object }) => {
    this.calls.push({ name: command.constructor.name, input: command.input });
    if (command instanceof StartQueryExecutionCommand) {
      if (this.refusal !== null) throw this.refusal;
      return { QueryExecutionId: 'q-1' };
    }
    if (command instanceof GetQueryExecutionCommand)
      return { QueryExecution: this.states.length > 1 ? this.states.shift() : this.states[0] };
    if (command instanceof GetQueryResultsCommand) {
      const page = Number(command.input.NextToken ?? 0);
      return {
        ResultSet: {
          Rows: (this.pages[page] ?? []).map((row) => ({
            Data: row.map((text) => (text === undefined ? {} : { VarCharValue: text })),
          })),
          ResultSetMetadata: {
            ColumnInfo: this.columns.map(([Name, Type]) => ({ Name, Label: Name, Type })),
          },
        },
        ...(page + 1 < this.pages.length && { NextToken: String(page + 1) }),
      };
    }
    if (command instanceof StopQueryExecutionCommand) return {};
    throw new Error(`${command.constructor.name}: not expected here`);
  };

  open = (sleep = async (): Promise<void> => {}) =>
    openAthenaQuery(deployment, { client: this as unknown as AthenaClient, sleep });
}

const state = (State: string, more: object = {}): QueryExecution => ({
  QueryExecutionId: 'q-1',
  StatementType: 'DML',
  WorkGroup: 'attrition-x--staging',
  ...more,
  Status: { State: State as 'QUEUED', ...(more as QueryExecution).Status },
});
const done = (bytes = 0) => state('SUCCEEDED', { Statistics: { DataScannedInBytes: bytes } });

async function rowsOf({ batches }: Answer): Promise<Cell[][]> {
  const rows: Cell[][] = [];
  for await (const batch of batches) rows.push(...batch.rows());
  return rows;
}

test('asks in the workgroup and database of the environment, waits, and says what it cost', async () => {
  const athena = new Athena([state('QUEUED'), state('RUNNING'), done(123_400_000)]);
  const waits: number[] = [];
  const query = openAthenaQuery(deployment, {
    client: athena as unknown as AthenaClient,
    sleep: async (milliseconds) => waits.push(milliseconds),
  });
  expect(await rowsOf(await query.ask('SELECT count(*) AS n FROM predictions;'))).toEqual([[1]]);
  expect(athena.calls[0]).toEqual({
    name: 'StartQueryExecutionCommand',
    input: {
      QueryString: 'SELECT count(*) AS n FROM predictions',
      WorkGroup: 'attrition-x--staging',
      QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: 'attrition_x__staging' },
    },
  });
  expect(waits).toEqual([250, 325]);
  expect(query.cost()).toBe(
    'Scanned 123.4 MB: about $0.00062 at $5 a terabyte, the price in most regions (here: us-east-1).',
  );
});

test('a query that scans little is billed ten megabytes', async () => {
  const query = new Athena([done(800)]).open();
  expect(query.cost()).toBeNull();
  await query.ask('SELECT 1');
  expect(query.cost()).toMatch(/^Scanned 0\.8 kB: about \$0\.00005 /);
});

test('turns text into values by type, over all pages, without the header', async () => {
  const columns: [string, string][] = [
    ['row_id', 'varchar'],
    ['score', 'double'],
    ['n', 'bigint'],
    ['n', 'integer'],
    ['ok', 'boolean'],
    ['d', 'decimal(38,2)'],
    ['contributions', 'map'],
  ];
  const athena = new Athena([done()], columns, [
    [columns.map(([name]) => name), ['7', '0.5', '9007199254740993', '2', 'true', '1.50', '{a=0.1}']],
    [['007', 'NaN', undefined, '3', 'false', undefined, '{}']],
    [],
  ]);
  const answer = await athena.open().ask('SELECT 1');
  expect(answer.columns.map(({ name }) => name)).toEqual([
    ...['row_id', 'score', 'n', 'n_1', 'ok', 'd', 'contributions'],
  ]);
  expect(await rowsOf(answer)).toEqual([
    ['7', 0.5, '9007199254740993', 2, true, 1.5, '{a=0.1}'],
    ['007', 'NaN', null, 3, false, null, '{}'],
  ]);
});

test('an answer to SHOW or DESCRIBE has no header to leave out', async () => {
  const athena = new Athena(
    [state('SUCCEEDED', { StatementType: 'UTILITY' })],
    [['c', 'string']],
    [[['row_id']]],
  );
  expect(await rowsOf(await athena.open().ask('SHOW COLUMNS FROM predictions'))).toEqual([['row_id']]);
});

describe('a query that fails', () => {
  const failure = async (execution: QueryExecution) =>
    new Athena([execution])
      .open()
      .ask('SELECT 1')
      .catch((error: Error) => error);
  const because = (State: string, StateChangeReason: string, ErrorCategory = 2) =>
    state(State, { Status: { State, StateChangeReason, AthenaError: { ErrorCategory } } });

  test('by its statement is bad input, with Athena’s reason and the columns that there are', async () => {
    const error = await failure(
      because(
        'FAILED',
        "COLUMN_NOT_FOUND: line 1:8: Column 'scor' cannot be resolved or requester is not authorized",
      ),
    );
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toMatch(
      /^SQL: Athena: COLUMN_NOT_FOUND: line 1:8[\s\S]*Columns: row_id varchar/,
    );
  });

  test('by Athena itself is no bad input', async () => {
    expect(await failure(because('FAILED', 'Internal error', 1))).toBeInstanceOf(AwsError);
  });

  test('by the limit of the workgroup says what to do', async () => {
    const error = await failure(because('CANCELLED', 'Bytes scanned limit was exceeded', 3));
    expect(String(error)).toMatch(
      /Bytes scanned limit was exceeded: name fewer columns .* attrition-x--staging/,
    );
  });

  test('because somebody cancelled it says so', async () => {
    expect(String(await failure(state('CANCELLED')))).toMatch(/Athena cancelled the query: no reason given/);
  });

  test('at its start, for its syntax or for a workgroup that is not there', async () => {
    const refused = (message: string) => {
      const athena = new Athena([done()]);
      athena.refusal = new InvalidRequestException({ message, $metadata: {} });
      return athena
        .open()
        .ask('SELECT 1')
        .catch((error: Error) => error);
    };
    expect(await refused("line 1:8: mismatched input 'FROM'")).toMatchObject({
      name: 'InputError',
      message: "SQL: line 1:8: mismatched input 'FROM'",
    });
    const missing = await refused('WorkGroup attrition-x--staging is not found.');
    expect(missing).toBeInstanceOf(SetupError);
    expect(String(missing)).toMatch(/expected the workgroup attrition-x--staging, .* `npm run deploy`/);
  });

  test('is not started if it does more than read', async () => {
    const athena = new Athena([done()]);
    await expect(athena.open().ask('DROP TABLE predictions')).rejects.toThrow(/begins with "DROP"/);
    expect(athena.calls).toEqual([]);
  });
});

test('a query that runs is stopped, one that has ended is not', async () => {
  const athena = new Athena([state('RUNNING'), done()]);
  const query = athena.open(async () => await query.stop());
  await query.ask('SELECT 1');
  await query.close();
  expect(athena.calls.filter(({ name }) => name.startsWith('Stop'))).toEqual([
    { name: 'StopQueryExecutionCommand', input: { QueryExecutionId: 'q-1' } },
  ]);
});
