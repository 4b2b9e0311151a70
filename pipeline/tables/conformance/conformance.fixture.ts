import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A source of the conformance set, and what every reader must read in it: make.py says more. */
export interface ConformanceSource {
  /** A file or a folder, in this folder. */
  path: string;
  format: 'csv' | 'parquet';
  /** Columns in which pandas keeps its index. */
  index: string[];
  /** Type by name of the columns that have no text. */
  unusable: Record<string, string>;
  /** `texts` has each cell, in the order of the ids; null where it is missing. */
  columns: { name: string; type: 'number' | 'category' | 'boolean'; texts: (string | null)[] }[];
}

export const conformanceFolder = import.meta.dirname;

export const conformanceSources = JSON.parse(
  readFileSync(join(conformanceFolder, 'expected.json'), 'utf8'),
) as ConformanceSource[];
