import { parse } from 'csv-parse/sync';
import type { Config } from '../../config/schema.ts';
import { carriedColumns, type Manifest } from '../context.ts';
import { classMessage, misfitMessage } from './answer-misfit.ts';

/**
 * Turns the output of a batch transform job (in the layout that inspect.ts filters for) into a score file in CSV: row
 * id, label, score or scores, group if there is one, slices. Scores stay the text that the model wrote; the gate checks them.
 * @throws ModelOutputError if a line is malformed or does not have the columns that mlops.yaml or model.yaml declares
 */
export function scoreFileOf(output: string, manifest: Manifest, model: Config['model']): string {
  const columns = outputColumns(manifest, model.output);
  const rows = manifest.content_type === 'text/csv' ? csvRows(output, manifest) : jsonRows(output, manifest);
  const wanted = columns.length + model.extra.length;
  const lines = rows.map(({ id, label, slices, answer }, index) => {
    if (answer.length !== wanted) {
      const message = misfitMessage({ answer, columns, manifest, model });
      throw new ModelOutputError(`line ${index + 1} of the model's answers: ${message}`);
    }
    const [first = '', ...others] = answer.slice(0, columns.length);
    const named = columns[0] === 'predicted' ? null : classMessage(first, manifest);
    if (named !== null) throw new ModelOutputError(`line ${index + 1} of the model's answers: ${named}`);
    const said = columns[0] === 'predicted' ? predictedText(first, index, manifest) : first;
    return [id, labelText(label, manifest), said, ...others, ...slices];
  });
  const header = ['row_id', 'label', ...columns, ...carriedColumns(manifest)];
  return `${[header, ...lines].map((fields) => fields.map(quoted).join(',')).join('\n')}\n`;
}

/** The model's answer does not have the shape that mlops.yaml declares. */
export class ModelOutputError extends Error {
  override readonly name = 'ModelOutputError';
}

interface Row {
  id: string;
  label: string;
  slices: string[];
  answer: string[];
}

/** The columns of a prediction, as a score file names them: the first that `serve` answers. */
export function outputColumns(
  { problem, labels }: Pick<Manifest, 'problem' | 'labels'>,
  output: Config['model']['output'],
): string[] {
  if (problem === 'regression' || output === 'label') return ['predicted'];
  return problem === 'binary' ? ['score'] : labels.map((label) => `score_${label}`);
}

function csvRows(output: string, manifest: Manifest): Row[] {
  const kept = 2 + carriedColumns(manifest).length;
  let records: string[][];
  try {
    // Without its delimiter named, the first line end decides, and a model's answer may hold another.
    records = parse(output, {
      relaxColumnCount: true,
      skipEmptyLines: true,
      recordDelimiter: ['\n', '\r\n'],
    });
  } catch (error) {
    throw new ModelOutputError(`the model's answers: expected CSV; ${(error as Error).message}`);
  }
  return records.map((fields, index) => {
    const [id = '', label = '', ...rest] = fields;
    // A quote that is open at the end of an answer takes the next row in: that row would not be judged.
    if (rest.slice(kept - 2).some((field) => /[\r\n]/.test(field)))
      throw new ModelOutputError(
        `line ${index + 1} of the model's answers: got a line end within an answer, expected one line for each row`,
      );
    return { id, label, slices: rest.slice(0, kept - 2), answer: bare(rest.slice(kept - 2)) };
  });
}

/** Strips the brackets of a list such as `[0.1, 0.9]`, which comes as several CSV fields or as one quoted field. */
export function bare(fields: string[]): string[] {
  const isOneList = fields.length === 1 && /^\s*\[.*\]\s*$/s.test(fields[0] ?? '');
  const values = isOneList ? (fields[0] ?? '').split(',') : fields;
  return values.map((field) => field.replace(/^\s*\[\s*|\s*\]\s*$/g, '').trim());
}

function jsonRows(output: string, manifest: Manifest): Row[] {
  return output
    .split('\n')
    .filter((line) => line !== '')
    .map((line, index) => {
      const row = joinedRow(line, index);
      return {
        id: String(row.row_id),
        label: String(row.label),
        slices: carriedColumns(manifest).map((name) => String(row.slices[name] ?? '')),
        answer: flat(row.SageMakerOutput).map(String),
      };
    });
}

interface JoinedRow {
  row_id: unknown;
  label: unknown;
  slices: Record<string, unknown>;
  SageMakerOutput: unknown;
}

function joinedRow(line: string, index: number): JoinedRow {
  try {
    return JSON.parse(line) as JoinedRow;
  } catch (error) {
    throw new ModelOutputError(
      `line ${index + 1} of the model's answers: got ${line.slice(0, 80)}, expected JSON; ${(error as Error).message}`,
    );
  }
}

/** Flattens a number, or nested lists and objects of numbers, into a list. */
export function flat(answer: unknown): unknown[] {
  if (Array.isArray(answer)) return answer.flatMap(flat);
  return typeof answer === 'object' && answer !== null ? Object.values(answer).flatMap(flat) : [answer];
}

/** The label of a class: rows hold its index in the manifest's labels. */
function labelText(label: string, { problem, labels }: Manifest): string {
  return problem === 'multiclass' ? (labels[Number(label)] ?? label) : label;
}

/**
 * The class that a model predicts: the label's text, or for a binary problem 0 or 1, as label files have it. Models
 * answer whole numbers as 1, 1.0 or 1e+00. Other text is refused: the gate would see a new class.
 */
function predictedText(answer: string, index: number, manifest: Manifest): string {
  const { problem, labels } = manifest;
  if (problem === 'regression') return answer;
  const code = classCode(answer, labels);
  if (code !== null) return labelText(String(code), manifest);
  const classes = `a class as a whole number from 0 to ${labels.length - 1}`;
  const meant = labels.indexOf(answer);
  const hint = meant === -1 ? '' : `: ${JSON.stringify(answer)} is ${meant}, as in the training files`;
  throw new ModelOutputError(
    `line ${index + 1} of the model's answers: got ${JSON.stringify(answer.slice(0, 80))}, expected ${classes}${hint}`,
  );
}

/** The position in the labels that an answer names, as 1, 1.0 or 1e+00; null if it names none. */
export function classCode(answer: string, labels: readonly string[]): number | null {
  const code = /^\+?\d+(\.\d*)?(e[+-]?\d+)?$/i.test(answer) ? Number(answer) : Number.NaN;
  return Number.isInteger(code) && code < labels.length ? code : null;
}

const quoted = (field: string): string =>
  /[",\r\n]/.test(field) ? `"${field.replaceAll('"', '""')}"` : field;
