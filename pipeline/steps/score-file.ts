import { parse } from 'csv-parse/sync';
import type { Config } from '../config/schema.ts';
import type { Manifest } from './context.ts';

/**
 * The output of a transform job (the layout that inspect.ts filters for) as a score file of CONTRACT.md, in CSV:
 * row id, label, score or scores, slices. Scores pass as the text that the model wrote: judging them is the gate's
 * business.
 * @throws ModelOutputError where a line has not the columns that the model was to answer.
 */
export function scoreFileOf(output: string, manifest: Manifest, model: Config['model']): string {
  const columns = outputColumns(manifest, model.output);
  const rows = manifest.content_type === 'text/csv' ? csvRows(output, manifest) : jsonRows(output, manifest);
  const wanted = columns.length + model.extra.length;
  const lines = rows.map(({ id, label, slices, answer }, index) => {
    if (answer.length !== wanted) {
      throw new ModelOutputError(
        `line ${index + 1} of the model's answers: got ${answer.length} columns (${answer.join(',').slice(0, 80)}), ` +
          `expected ${wanted}: ${[...columns, ...model.extra].join(', ')}`,
      );
    }
    return [id, labelText(label, manifest), ...answer.slice(0, columns.length), ...slices];
  });
  const header = ['row_id', 'label', ...columns, ...manifest.slices];
  return `${[header, ...lines].map((fields) => fields.map(quoted).join(',')).join('\n')}\n`;
}

/** The model answered in another shape than mlops.yaml says. */
export class ModelOutputError extends Error {
  override readonly name = 'ModelOutputError';
}

interface Row {
  id: string;
  label: string;
  slices: string[];
  answer: string[];
}

function outputColumns({ problem, labels }: Manifest, output: Config['model']['output']): string[] {
  if (problem === 'regression' || output === 'label') return ['predicted'];
  return problem === 'binary' ? ['score'] : labels.map((label) => `score_${label}`);
}

function csvRows(output: string, manifest: Manifest): Row[] {
  const kept = 2 + manifest.slices.length;
  const records: string[][] = parse(output, { relaxColumnCount: true, skipEmptyLines: true });
  return records.map((fields) => {
    const [id = '', label = '', ...rest] = fields;
    return { id, label, slices: rest.slice(0, kept - 2), answer: rest.slice(kept - 2).map(bare) };
  });
}

/** A list's text in brackets, `[0.1, 0.9]`, comes as fields of which the first and last carry one. */
const bare = (field: string): string => field.replace(/^\s*\[\s*|\s*\]\s*$/g, '').trim();

function jsonRows(output: string, manifest: Manifest): Row[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => {
      const row = JSON.parse(line) as {
        row_id: unknown;
        label: unknown;
        slices: Record<string, unknown>;
        SageMakerOutput: unknown;
      };
      return {
        id: String(row.row_id),
        label: String(row.label),
        slices: manifest.slices.map((name) => String(row.slices[name] ?? '')),
        answer: flat(row.SageMakerOutput).map(String),
      };
    });
}

/** A number, a list or an object of them, as a list. */
function flat(answer: unknown): unknown[] {
  if (Array.isArray(answer)) return answer.flatMap(flat);
  return typeof answer === 'object' && answer !== null ? Object.values(answer).flatMap(flat) : [answer];
}

/** Classes are written as their index in the manifest's labels; a score file names them. */
function labelText(label: string, { problem, labels }: Manifest): string {
  return problem === 'multiclass' ? (labels[Number(label)] ?? label) : label;
}

const quoted = (field: string): string =>
  /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
