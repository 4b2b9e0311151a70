import { Readable } from 'node:stream';
import { list as listTar } from 'tar';
// zod/mini is small: this file is part of a Lambda function's bundle.
import * as z from 'zod/mini';
import type { ObjectVersion } from '../../ports.ts';
import type { StepContext } from '../context.ts';
import { ModelOutputError } from './score-file.ts';
import { readRecorded } from './unchanged.ts';

/** The report that a model's training may write: `report.json` in /opt/ml/output/data. */
export interface ModelReport {
  /** Operating threshold of a binary model. */
  threshold: number | null;
  explanation: ModelExplanation | null;
  /** What the training warns of, and reasons why parts of the report are left out. */
  notes: string[];
}

/** A model's explanation; `class` is the number of a class in the training files. */
export type ModelExplanation = z.infer<typeof explanationSchema>;

const explanationSchema = z.object({
  kind: z.string(),
  unit: z.string(),
  features: z.array(z.object({ name: z.string(), value: z.number(), class: z.optional(z.int()) })),
});

const nothing: ModelReport = { threshold: null, explanation: null, notes: [] };

/**
 * Reads the report of a model, checked if it was recorded among its objects, from the output.tar.gz that SageMaker writes beside model.tar.gz. A
 * container may write another file of that name, so parts that cannot be read are left out with a note.
 * @throws ModelOutputError if the threshold is not a number: the metrics would be those of another threshold
 */
export async function readModelReport(
  { artifact, objects }: { artifact: string; objects?: ObjectVersion[] },
  context: Pick<StepContext, 'storage'>,
): Promise<ModelReport> {
  const archive = artifact.replace(/model\.tar\.gz$/, 'output.tar.gz');
  const isRecorded = objects?.some(({ uri }) => uri === archive) ?? false;
  // Without a recorded one its threshold would be another.
  if (!isRecorded && !(await context.storage.exists(archive))) return nothing;
  const text = await fileInTar(await readRecorded(archive, objects, context), 'report.json');
  if (text === null) return nothing;
  const value = objectOf(text);
  if (value === null) return leftOut('no JSON object');

  const { threshold = null, explanation = null, warnings = [] } = value;
  // JSON has numbers that are infinite here, such as 1e999.
  if (threshold !== null && !(typeof threshold === 'number' && Number.isFinite(threshold)))
    throw new ModelOutputError(
      `report.json of the model: threshold: got ${typeof threshold === 'number' ? threshold : JSON.stringify(threshold)}, expected a number`,
    );
  const notes = notesOf(warnings);
  if (explanation === null) return { threshold, explanation: null, notes };
  const { success, data } = explanationSchema.safeParse(explanation);
  if (!success)
    return {
      threshold,
      explanation: null,
      notes: [...notes, ...leftOut('an explanation of another shape').notes],
    };
  return { threshold, explanation: data, notes };
}

const mostWarnings = 10;

/** The warnings of a training as notes: what is no text, and more than a report has room for, is left out. */
function notesOf(warnings: unknown): string[] {
  const texts = Array.isArray(warnings) ? warnings.filter((warning) => typeof warning === 'string') : [];
  return texts.slice(0, mostWarnings).map((text: string) => text.replace(/\s+/g, ' ').trim().slice(0, 300));
}

const leftOut = (found: string): ModelReport => ({
  ...nothing,
  notes: [
    `The model's report.json was left out: got ${found}, expected { threshold, warnings: [text], explanation: { kind, unit, features: [{ name, value }] } }.`,
  ],
});

function objectOf(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? { ...value } : null;
  } catch {
    return null;
  }
}

async function fileInTar(archive: Uint8Array, name: string): Promise<string | null> {
  const chunks: Buffer[] = [];
  let found = false;
  const parser = listTar({
    onReadEntry: (entry) => {
      if (entry.path.replace(/^\.\//, '') !== name) return entry.resume();
      found = true;
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
    },
  });
  await new Promise<void>((resolve, reject) => {
    parser.on('end', resolve);
    parser.on('error', reject);
    Readable.from([archive]).pipe(parser as unknown as NodeJS.WritableStream);
  });
  return found ? Buffer.concat(chunks).toString('utf8') : null;
}
