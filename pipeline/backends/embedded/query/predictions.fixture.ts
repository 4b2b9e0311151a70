import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import { pointerUri, predictionsFolder } from '../../../steps/release/artifacts.ts';
import { embeddedContext } from '../embedded-context.ts';
import { createPartitions } from '../glue-catalog.ts';

export interface ReleasedRows {
  home: string;
  project: string;
  model: string;
  release: string;
  /** A relation of SQL with the columns of the Parquet files. @default sampleRows */
  rows?: string;
  /** ISO date and time without zone. */
  at?: string;
  /** @default true: readers see the release */
  registered?: boolean;
  /** @default true: the model's pointer names it */
  current?: boolean;
}

/** Three rows as the job Deliver writes them; `shift` moves the scores. */
export const sampleRows = (at: string, shift = 0): string => `
  SELECT row_id, score + ${shift} AS score, CASE WHEN score + ${shift} >= 0.5 THEN 'Yes' ELSE 'No' END AS decision,
    MAP(['No', 'Yes'], [1 - score - ${shift}, score + ${shift}]) AS scores,
    MAP(['OverTime', 'Age'], [score / 2, -0.1]) AS contributions, MAP(['note'], ['n/a']) AS extra,
    'attrition/1' AS package, TIMESTAMP '${at}' AS predicted_at
  FROM (VALUES ('7', 0.2::double), ('8', 0.55), ('9', 0.9)) AS t(row_id, score)`;

/** Writes a release's predictions as Parquet, adds its partition and moves the pointer, as the release machine does. */
export async function release(options: ReleasedRows): Promise<string> {
  const { home, project, model, release: name, at = '2026-01-02 03:04:05' } = options;
  const { storage, table, clock, root } = embeddedContext({ home, project, model });
  const location = predictionsFolder({ root, model }, name);
  const file = join(storage.path(location), 'part-00000.parquet');
  mkdirSync(storage.path(location), { recursive: true });
  const instance = await DuckDBInstance.create(':memory:');
  const connection = await instance.connect();
  const to = file.replaceAll("'", "''");
  await connection.run(`COPY (${options.rows ?? sampleRows(at)}) TO '${to}' (FORMAT parquet)`);
  connection.closeSync();
  instance.closeSync();
  if (options.registered !== false)
    await createPartitions(
      {
        DatabaseName: project,
        TableName: 'predictions',
        PartitionInputList: [{ Values: [model, name], StorageDescriptor: { Location: location } }],
      },
      { table, clock },
    );
  if (options.current !== false)
    await storage.write(
      pointerUri({ root, model }),
      JSON.stringify({ model, release: name, package: `${model}/1`, mode: 'batch', at }),
    );
  return file;
}
