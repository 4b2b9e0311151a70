import { setTimeout as delay } from 'node:timers/promises';
import {
  AthenaClient,
  GetQueryExecutionCommand,
  GetQueryResultsCommand,
  InvalidRequestException,
  type QueryExecution,
  StartQueryExecutionCommand,
  StopQueryExecutionCommand,
} from '@aws-sdk/client-athena';
import { clientOf } from '../../aws/clients.ts';
import { AwsError } from '../../aws/explained.ts';
import { InputError, SetupError } from '../../errors.ts';
import { type Deployment, resourceNames } from '../../names.ts';
import {
  type Answer,
  type Batch,
  type Cell,
  type Column,
  exactNumber,
  oneSelect,
  type Query,
  tablesHint,
} from '../query.ts';

interface AthenaOptions {
  client?: Pick<AthenaClient, 'send'>;
  sleep?: (milliseconds: number) => Promise<unknown>;
}

/**
 * Opens the predictions of an environment to Athena, in the environment's workgroup, which says where results go and how much
 * a query may scan.
 */
export function openAthenaQuery(
  deployment: Deployment,
  { client = clientOf(AthenaClient, deployment.region), sleep = delay }: AthenaOptions = {},
): Query {
  let running: string | null = null;
  let scanned: number | null = null;

  async function ask(sql: string): Promise<Answer> {
    const { QueryExecutionId: id } = await start(oneSelect(sql), deployment, client);
    if (id === undefined) throw new AwsError('Athena StartQueryExecution: got no id of the query');
    running = id;
    const execution = await ended(id, { client, sleep });
    running = null;
    scanned = (scanned ?? 0) + (execution.Statistics?.DataScannedInBytes ?? 0);
    if (execution.Status?.State !== 'SUCCEEDED') throw failed(execution);
    return await answerOf(id, execution.StatementType === 'DML', client);
  }

  const stop = async () => {
    if (running === null) return;
    const id = running;
    running = null;
    await client.send(new StopQueryExecutionCommand({ QueryExecutionId: id }));
  };
  return {
    notes: [],
    ask,
    cost: () => (scanned === null ? null : costOf(scanned, deployment.region)),
    stop,
    close: stop,
  };
}

async function start(sql: string, deployment: Deployment, client: Pick<AthenaClient, 'send'>) {
  const { database, workgroup } = resourceNames(deployment).catalog;
  try {
    return await client.send(
      new StartQueryExecutionCommand({
        QueryString: sql,
        WorkGroup: workgroup,
        QueryExecutionContext: { Catalog: 'AwsDataCatalog', Database: database },
      }),
    );
  } catch (error) {
    if (!(error instanceof InvalidRequestException)) throw error;
    if (/work ?group/i.test(error.message))
      throw new SetupError(
        `Athena: got ${JSON.stringify(error.message)}, expected the workgroup ${workgroup}, which the environment ` +
          `${deployment.environment} has once it is deployed with releases: \`npm run deploy\``,
        { cause: error },
      );
    throw new InputError(`SQL: ${error.message}`, { cause: error });
  }
}

/** Polls until the query has ended: four times in the first second, then more and more rarely, at least every two seconds. */
async function ended(id: string, { client, sleep }: Required<AthenaOptions>): Promise<QueryExecution> {
  for (let wait = 250; ; wait = Math.min(wait * 1.3, 2000)) {
    const { QueryExecution: execution = {} } = await client.send(
      new GetQueryExecutionCommand({ QueryExecutionId: id }),
    );
    if (['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(execution.Status?.State ?? '')) return execution;
    await sleep(wait);
  }
}

/** The error of a query that did not succeed, by Athena's own reason. */
function failed({ Status = {}, QueryExecutionId = '', WorkGroup = '' }: QueryExecution): Error {
  const reason = Status.StateChangeReason ?? Status.AthenaError?.ErrorMessage ?? 'no reason given';
  // Category 1: Athena itself failed; 2: the statement or what it may read; 3: anything else.
  if (Status.AthenaError?.ErrorCategory === 1)
    return new AwsError(`Athena: query ${QueryExecutionId} failed: ${reason}; try again later`);
  if (/bytes scanned limit/i.test(reason))
    return new InputError(
      `SQL: ${reason}: name fewer columns or one release, or raise the limit of the workgroup ${WorkGroup}`,
    );
  const hint = /_NOT_FOUND|cannot be resolved|does not exist/.test(reason) ? `\n${tablesHint}` : '';
  return new InputError(
    `SQL: ${Status.State === 'CANCELLED' ? 'Athena cancelled the query' : 'Athena'}: ${reason}${hint}`,
  );
}

async function answerOf(id: string, hasHeader: boolean, client: Pick<AthenaClient, 'send'>): Promise<Answer> {
  const page = (token?: string) =>
    client.send(
      new GetQueryResultsCommand({
        QueryExecutionId: id,
        MaxResults: 1000,
        ...(token !== undefined && { NextToken: token }),
      }),
    );
  const first = await page();
  const columns: Column[] = (first.ResultSet?.ResultSetMetadata?.ColumnInfo ?? []).map(
    ({ Label, Name = '', Type = '' }) => ({ name: Label ?? Name, type: Type }),
  );
  async function* batches(): AsyncGenerator<Batch> {
    let rows = (first.ResultSet?.Rows ?? []).slice(hasHeader ? 1 : 0);
    for (let token = first.NextToken; ; ) {
      const these = rows;
      yield {
        size: these.length,
        rows: () =>
          these.map(({ Data = [] }) =>
            columns.map(({ type }, index) => cellOf(Data[index]?.VarCharValue, type)),
          ),
      };
      if (token === undefined) return;
      const next = await page(token);
      rows = next.ResultSet?.Rows ?? [];
      token = next.NextToken;
    }
  }
  return { columns: unique(columns), batches: batches() };
}

/** Columns of the same name get a number, as DuckDB numbers them. */
function unique(columns: readonly Column[]): Column[] {
  const taken = new Set<string>();
  return columns.map(({ name, type }) => {
    let free = name;
    for (let number = 1; taken.has(free); number++) free = `${name}_${number}`;
    taken.add(free);
    return { name: free, type };
  });
}

/** A value as Athena writes it: all are text. Maps stay as it writes them, `{a=0.1, b=0.2}`. */
function cellOf(text: string | undefined, type: string): Cell {
  if (text === undefined) return null;
  if (type === 'boolean') return text === 'true';
  if (/^(tinyint|smallint|integer|int|bigint|decimal)/.test(type)) return exactNumber(text);
  if (/^(double|float|real)$/.test(type)) {
    const value = Number(text);
    return Number.isFinite(value) ? value : text;
  }
  return text;
}

/** Athena bills what a query reads: by the megabyte, at least ten of them. */
function costOf(bytes: number, region: string): string {
  const megabytes = Math.ceil(bytes / 1e6);
  const usd = (Math.max(megabytes, 10) / 1e6) * usdPerTerabyte;
  const scanned = bytes < 1e6 ? `${(bytes / 1e3).toFixed(1)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
  return `Scanned ${scanned}: about $${usd.toFixed(5)} at $${usdPerTerabyte} a terabyte, the price in most regions (here: ${region}).`;
}

const usdPerTerabyte = 5;
