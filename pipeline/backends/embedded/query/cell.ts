import { type Cell, exactNumber } from '../../query.ts';
import type { DuckDB } from './open-duckdb.ts';

/** Makes the function that turns a value of DuckDB into one of JSON. */
export function cellsOf(duckdb: DuckDB): (value: unknown) => Cell {
  const { DuckDBArrayValue, DuckDBDecimalValue, DuckDBListValue, DuckDBMapValue, DuckDBStructValue } = duckdb;
  const cell = (value: unknown): Cell => {
    if (value === null || value === undefined) return null;
    if (typeof value === 'string' || typeof value === 'boolean') return value;
    // JSON has no NaN and no infinity.
    if (typeof value === 'number') return Number.isFinite(value) ? value : String(value);
    if (typeof value === 'bigint') return exactNumber(String(value));
    if (value instanceof DuckDBDecimalValue) return exactNumber(value.toString());
    if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(cell);
    if (value instanceof DuckDBMapValue)
      return Object.fromEntries(value.entries.map((entry) => [nameOf(cell(entry.key)), cell(entry.value)]));
    if (value instanceof DuckDBStructValue)
      return Object.fromEntries(Object.entries(value.entries).map(([name, inner]) => [name, cell(inner)]));
    return String(value);
  };
  return cell;
}

const nameOf = (key: Cell): string => (typeof key === 'string' ? key : JSON.stringify(key));
