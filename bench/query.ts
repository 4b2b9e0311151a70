/**
 * Measures the saved queries on 10,000,000 predictions, as `mlops query` runs them: after DuckDB is open, each on a connection
 * of its own, the median of three. The predictions are of twelve releases of one model, the last of which is current; with
 * `--releases 1` all are of one release.
 *
 * The bound is on seconds of the processor, of all threads together: where nothing else works on the machine, a query takes no
 * longer than that.
 *
 *     node bench/query.ts [--rows N] [--releases N] [--rounds N]
 */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { openDuckDbQuery } from '../pipeline/backends/embedded/query/duckdb-query.ts';
import { release } from '../pipeline/backends/embedded/query/predictions.fixture.ts';
import { savedQueries } from '../pipeline/queries/saved-queries.ts';
import { type Measure, median, report } from './table.ts';

const { values: options } = parseArgs({
  options: {
    rows: { type: 'string', default: '10000000' },
    releases: { type: 'string', default: '12' },
    rounds: { type: 'string', default: '3' },
  },
});
const releases = Number(options.releases);
const rows = Math.ceil(Number(options.rows) / releases);
const home = mkdtempSync(join(tmpdir(), 'bench-query-'));

/** The predictions of a release: scores that differ from those of others, and the three strongest of 15 factors. */
const predictions = (index: number): string => `
  SELECT 'customer-' || i AS row_id, score, CASE WHEN score >= 0.5 THEN 'Yes' ELSE 'No' END AS decision,
    MAP(['No', 'Yes'], [1 - score, score]) AS scores,
    MAP(['factor ' || i % 7, 'factor ' || 7 + i % 5, 'factor ' || 12 + i % 3], [score - 0.5, 0.3 * score, -0.2]) AS contributions,
    MAP([]::VARCHAR[], []::VARCHAR[]) AS extra, 'bench/${index + 1}' AS package,
    TIMESTAMP '2026-01-01' + INTERVAL ${index} DAY AS predicted_at
  FROM (SELECT i, hash(i * 100 + ${index}) % 1000003 / 1000003 AS score FROM range(${rows}) AS t(i))`;

const open = () =>
  openDuckDbQuery({
    home,
    project: 'bench',
    onNote: console.error,
    leftOut: ({ message }) => console.error(message),
  });

try {
  let bytes = 0;
  for (let index = 0; index < releases; index++) {
    const name = `r-${String(index).padStart(4, '0')}`;
    const made = { home, project: 'bench', model: 'bench', release: name };
    bytes += statSync(await release({ ...made, rows: predictions(index) })).size;
  }
  const opened: number[] = [];
  const took = new Map(savedQueries().map(({ name }) => [name, [] as { passed: number; cpu: number }[]]));
  for (let round = 0; round < Number(options.rounds); round++)
    for (const { name, sql } of savedQueries()) {
      const start = performance.now();
      const query = await open();
      opened.push(performance.now() - start);
      const asked = performance.now();
      const before = process.cpuUsage();
      const answer = await query.ask(sql);
      for await (const batch of answer.batches) batch.rows();
      const { user, system } = process.cpuUsage(before);
      took.get(name)?.push({ passed: performance.now() - asked, cpu: (user + system) / 1000 });
      await query.close();
    }
  const measures: Measure[] = [
    { name: 'predictions', value: rows * releases, unit: '' },
    { name: 'releases', value: releases, unit: '' },
    { name: 'Parquet', value: bytes / 1e6, unit: 'MB' },
    { name: 'open', value: median(opened), unit: 'ms' },
    ...[...took].flatMap(([name, times]) => [
      {
        name: `@${name}`,
        value: median(times.map(({ cpu }) => cpu)),
        unit: 'ms of the processor',
        most: 1000,
      },
      { name: `@${name}, with waiting`, value: median(times.map(({ passed }) => passed)), unit: 'ms' },
    ]),
  ];
  report(measures);
} finally {
  rmSync(home, { recursive: true });
}
