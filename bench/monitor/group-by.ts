/**
 * Counts by day and bin of each column and of the score with DuckDB, over the files that make.py wrote, on all processors.
 * Prints the sum of all counts.
 *
 *     node bench/monitor/group-by.ts FOLDER
 */
import { readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { DuckDBInstance } from '@duckdb/node-api';
import type { Reference } from '../../pipeline/monitor/reference.ts';

const [folder = ''] = process.argv.slice(2);
const { columns } = JSON.parse(readFileSync(join(folder, 'monitor/reference.json'), 'utf8')) as Reference;
const instance = await DuckDBInstance.create(':memory:', { threads: String(cpus().length) });
const connection = await instance.connect();
const files = (kind: string) => `read_parquet('${folder}/${kind}/*/*.parquet', hive_partitioning = true)`;

let sum = 0;
async function count(sql: string): Promise<void> {
  const reader = await connection.runAndReadAll(sql);
  for (const row of reader.getRows())
    for (const value of row) if (typeof value === 'bigint') sum += Number(value);
}

// Every row of a release has one time, so that the release's day is that of its rows.
await count(
  `SELECT predicted_at::DATE, floor(score * 1000)::INTEGER, count(*) FROM ${files('predictions')} GROUP BY 1, 2`,
);
// One query that compares with each edge takes less time than a query for each column that groups by a CASE of the bins.
const below = columns.flatMap((column) =>
  column.type === 'number'
    ? [
        `count(${column.name})`,
        ...column.edges.map((edge) => `count_if(${column.name} < ${edge}::DOUBLE)::BIGINT`),
      ]
    : [],
);
await count(`SELECT release, ${below.join(', ')} FROM ${files('inputs')} GROUP BY 1`);
for (const { name, type } of columns)
  if (type === 'category')
    await count(`SELECT release, ${name}, count(*) FROM ${files('inputs')} GROUP BY 1, 2`);
console.log(String(sum));
