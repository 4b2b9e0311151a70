import { sha256 } from '../hash.ts';
import type { Answer } from './answer.ts';
import type { Contract } from './contract.ts';
import type { Row } from './records.ts';

/** A prediction as monitoring reads it later. */
export interface CaptureEntry {
  /** ISO 8601, UTC. */
  at: string;
  release: string | null;
  package: string;
  /** The row id where it is a whole number, else `sha256:` and the first 16 digits of its hash; null: none, or hidden. */
  row_id: string | null;
  /** The features by name. A text that training did not know is only marked as `{other: true}`. */
  features: Record<string, string | number | boolean | null | typeof other>;
  score: number | null;
  decision: string | null;
  scores?: Record<string, number>;
}

const other = { other: true } as const;

/**
 * What is kept of records and their answers: numbers, booleans and categories that training knew. Any other text may be
 * about a person, so only a mark says that there was one. Columns of data.sensitive are left out.
 */
export function captureEntries(
  contract: Contract,
  { release, at }: { release: string | null; at: Date },
  rows: readonly Row[],
  answers: readonly Answer[],
): CaptureEntry[] {
  const kept = contract.features
    .map(({ name, type, values, sensitive }, index) => ({ name, type, values, sensitive, index }))
    .filter(({ sensitive }) => !sensitive);
  const hidesId = contract.rowId !== null && contract.sensitive.includes(contract.rowId);
  return rows.map((row, index) => {
    const { score, decision, scores } = answers[index] as Answer;
    return {
      at: at.toISOString(),
      release,
      package: contract.package,
      row_id: row.id === null || hidesId ? null : idText(row.id),
      features: Object.fromEntries(
        kept.map(({ name, type, values, index: place }) => {
          const cell = row.cells[place] ?? '';
          if (cell === '') return [name, null];
          if (type === 'number') return [name, Number(cell)];
          if (type === 'boolean') return [name, cell.toLowerCase() === 'true'];
          return [name, values === null || row.unseen.includes(name) ? other : cell];
        }),
      ),
      score,
      decision,
      ...(scores !== undefined && { scores }),
    };
  });
}

const idText = (id: string): string => (/^\d{1,18}$/.test(id) ? id : `sha256:${sha256(id).slice(0, 16)}`);
