import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
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
 * Reads the report of a model from the output.tar.gz that SageMaker writes beside model.tar.gz. If the archive was recorded
 * among the model's objects, its content must be the recorded one. A container may write another file of that name, so parts
 * that cannot be read are left out with a note.
 * @throws ModelOutputError if the threshold is not a number: the metrics would be those of another threshold
 */
export async function readModelReport(
  { artifact, objects }: { artifact: string; objects?: ObjectVersion[] },
  context: Pick<StepContext, 'storage'>,
): Promise<ModelReport> {
  const archive = artifact.replace(/model\.tar\.gz$/, 'output.tar.gz');
  // A recorded archive that is gone fails below: without it the threshold would be another.
  const found = objects?.find(({ uri }) => uri === archive) ?? (await context.storage.describe(archive));
  if (found === null) return nothing;
  const { bytes = 0 } = found;
  if (bytes > MOST_ARCHIVE_BYTES) throw tooMuch(`an output.tar.gz of ${bytes} bytes`, MOST_ARCHIVE_BYTES);
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

/** The most that a function of AWS can hold in its memory and read in its time. */
const MOST_ARCHIVE_BYTES = 256 * 2 ** 20;
const MOST_UNPACKED_BYTES = 4 * 2 ** 30;
const MOST_REPORT_BYTES = 4 * 2 ** 20;

/** Without its threshold the metrics would be those of another, so a report that cannot be read fails the run. */
const tooMuch = (found: string, most: number): ModelOutputError =>
  new ModelOutputError(
    `report.json of the model: got ${found}, expected at most ${most / 2 ** 20} MB: let train write less into /opt/ml/output/data`,
  );

/**
 * The text of a file in a tar.gz; null if it has none of that name.
 * @throws ModelOutputError if it, or what comes before it, is too large to read
 */
async function fileInTar(archive: Uint8Array, name: string): Promise<string | null> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const done = new AbortController();
  let problem: ModelOutputError | null = null;
  let found = false;
  const stop = (why: ModelOutputError | null) => {
    problem ??= why;
    done.abort();
  };
  const parser = listTar({
    onReadEntry: (entry) => {
      bytes += entry.size;
      const isIt = entry.path.replace(/^\.\//, '') === name;
      if (isIt && entry.size > MOST_REPORT_BYTES)
        stop(tooMuch(`a file of ${entry.size} bytes`, MOST_REPORT_BYTES));
      else if (bytes > MOST_UNPACKED_BYTES)
        stop(tooMuch(`an output.tar.gz that unpacks to ${bytes} bytes`, MOST_UNPACKED_BYTES));
      if (!isIt || problem !== null) return entry.resume();
      found = true;
      entry.on('data', (chunk: Buffer) => chunks.push(chunk));
      entry.on('end', () => stop(null));
    },
  });
  const { signal } = done;
  await pipeline(Readable.from(piecesOf(archive)), parser as unknown as NodeJS.WritableStream, {
    signal,
  }).catch((error: unknown) => {
    if (!signal.aborted) throw error;
  });
  if (problem !== null) throw problem;
  return found ? Buffer.concat(chunks).toString('utf8') : null;
}

/** Yields the bytes in pieces, so that reading can stop in the middle. */
function* piecesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE) yield bytes.subarray(at, at + PIECE);
}
const PIECE = 65_536;
