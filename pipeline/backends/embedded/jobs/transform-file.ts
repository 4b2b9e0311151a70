import { isAscii } from 'node:buffer';
import { type FileHandle, open } from 'node:fs/promises';
import { JobFailure } from './errors.ts';
import { type ModelClient, modelClient } from './model-client.ts';
import { isPlain, joinLines, LINE_FEED } from './plain-lines.ts';
import { joinRecords, RecordError, type RecordFilter, type RecordFormat, recordFilter } from './records.ts';
import { ReusedBuffer } from './reused-buffer.ts';

const MEGABYTE = 2 ** 20;
/** SageMaker's largest payload, also where MaxPayloadInMB is 0. */
const MOST_PAYLOAD = 100 * MEGABYTE;
/** Bytes that are read at a time. */
const BLOCK = MEGABYTE / 4;
const LINE_END = Buffer.from('\n');

/** How lines are sent and answers are kept. */
export interface TransformSettings {
  contentType: string;
  accept: string | undefined;
  /** The most bytes in a request. */
  payload: number;
  /** The most lines in a request. */
  lines: number;
  concurrency: number;
  timeoutSeconds: number;
  retries: number;
  format: RecordFormat;
  inputFilter: string;
  /** Whether answers are joined to their input. */
  joins: boolean;
  outputFilter: string;
}

export interface FileTransform {
  path: string;
  /** The name that failures tell. */
  name: string;
  /** Where the answers are written. */
  output: string;
  /** The server's, on this machine. */
  port: number;
  settings: TransformSettings;
}

/** The rules that turn lines into requests, and answers into lines. */
interface Plan extends TransformSettings {
  toModel: RecordFilter;
  toOutput: Output;
}

/** Makes output lines from input lines and answer lines. */
interface Output {
  one(input: string, answer: string): string;
  /** Of as many plain lines of each, valid until the next call; undefined where each line has to be made by itself. */
  plain(input: Buffer, answers: Buffer): Buffer | undefined;
}

function outputOf({ outputFilter, format, joins }: TransformSettings): Output {
  const filter = recordFilter(outputFilter, format);
  const memory = new ReusedBuffer();
  return {
    one: (input, answer) => filter.one(joins ? joinRecords(input, answer, format) : answer),
    plain: (input, answers) => {
      if (!joins) return filter.plain(answers);
      if (format !== 'csv') return undefined;
      const lines = joinLines(input, answers, memory.room(input.length + answers.length));
      return filter.plain(lines, lines);
    },
  };
}

/** Lines of the file, what the model gets of them, and its answers, each with LF at its end. */
class Batch {
  /** The number of its first line in the file, from 1. */
  first = 1;
  count = 0;
  readonly lines = new ReusedBuffer();
  readonly payload = new ReusedBuffer();
  readonly answers = new ReusedBuffer();

  /** Empties it, for lines from this number on. */
  begin(first: number): this {
    this.first = first;
    this.count = 0;
    this.lines.clear();
    this.payload.clear();
    return this;
  }
}

/**
 * Sends a file's lines in batches, several at a time, and writes the answers in the order of the lines.
 * @throws JobFailure for lines or answers that cannot be used
 */
export async function transformFile({ path, name, output, port, settings }: FileTransform): Promise<void> {
  const plan: Plan = {
    ...settings,
    toModel: recordFilter(settings.inputFilter, settings.format),
    toOutput: outputOf(settings),
  };
  // Nobody stops it but by ending its thread.
  const server = modelClient(port, new AbortController().signal);
  const file = await open(output, 'w');
  const underway: { batch: Batch; body: Promise<Buffer> }[] = [];
  /** Batches that are written. */
  const idle: Batch[] = [];
  /** Waits for the oldest request; `next` is sent before its answers are joined, so that the model need not wait. */
  const writeOldest = async (next?: Batch) => {
    const oldest = underway.shift();
    const body = await oldest?.body;
    if (next !== undefined) await ask(next);
    if (oldest === undefined || body === undefined) return;
    await file.writeFile(joined(oldest.batch, body, placeOf(oldest.batch, name), name, plan));
    idle.push(oldest.batch);
  };
  /** Resolves when the request is on its way: joining answers first would let the model wait for the rest of it. */
  const ask = async (batch: Batch) => {
    const sent = Promise.withResolvers<void>();
    const body = answerOf(batch, placeOf(batch, name), server, { ...plan, onSent: sent.resolve });
    underway.push({ batch, body });
    // A failure is awaited in its turn.
    await Promise.race([sent.promise, body.catch(() => undefined)]);
  };
  try {
    for await (const batch of batches(path, name, plan, () => idle.pop() ?? new Batch())) {
      if (underway.length < plan.concurrency) await ask(batch);
      else await writeOldest(batch);
    }
    while (underway.length) await writeOldest();
  } finally {
    await file.close();
  }
}

function placeOf({ first, count }: Batch, name: string): string {
  const last = first + count - 1;
  return `${name}, ${first === last ? `line ${first}` : `lines ${first} to ${last}`}`;
}

async function answerOf(
  batch: Batch,
  where: string,
  server: ModelClient,
  how: Plan & { onSent: () => void },
): Promise<Buffer> {
  try {
    return await server.invoke(batch.payload.content, how, batch.answers);
  } catch (error) {
    if (error instanceof JobFailure) throw new JobFailure(`${error.message} [${where}]`);
    throw error;
  }
}

/** The output lines of a batch, valid until those of the next one are asked for. */
function joined(batch: Batch, body: Buffer, where: string, name: string, plan: Plan): Buffer {
  const { first, count } = batch;
  const lines = batch.lines.content;
  const answers = body.at(-1) === LINE_FEED ? body : Buffer.concat([body, LINE_END]);
  // Counted before they are split: millions of empty lines would fill the memory.
  const found = body.length === 0 ? 0 : countLines(answers);
  if (found !== count) {
    const begin = body.subarray(0, 800).toString('utf8').replaceAll('\n', '\\n').slice(0, 200);
    throw new JobFailure(
      `AlgorithmError: ${where}: expected one line for each of ${count} records, ` +
        `found ${found}: ${begin || '(empty answer)'}`,
    );
  }
  const plain = isPlain(lines) && isPlain(answers) ? plan.toOutput.plain(lines, answers) : undefined;
  if (plain !== undefined) return plain;
  const answered = textsOf(answers, `the answer to ${where}`);
  const output = textsOf(lines, name).map((line, index) => {
    const answer = answered[index] as string;
    return `${onLine(name, first + index, 'AlgorithmError', () => plan.toOutput.one(line, answer))}\n`;
  });
  return Buffer.from(output.join(''));
}

/** The number of lines, each with LF at its end. */
function countLines(lines: Buffer): number {
  let count = 0;
  for (let at = lines.indexOf(LINE_FEED); at !== -1; at = lines.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

/** @param create - makes a batch, or finds one that is no longer in use */
async function* batches(path: string, name: string, plan: Plan, create: () => Batch): AsyncGenerator<Batch> {
  const memory = new ReusedBuffer();
  let batch = create().begin(1);
  const where = () => `${name}, line ${batch.first + batch.count}`;
  for await (const block of blocksOf(path, Math.min(plan.payload, MOST_PAYLOAD), where)) {
    let lines = block;
    let records = recordsOf(block, { name, first: batch.first + batch.count, plan, memory });
    while (records.length > 0) {
      const end = endOf(records, plan.payload - batch.payload.length, plan.lines - batch.count);
      if (end === 0 && batch.count === 0) {
        const bytes = records.indexOf(LINE_FEED) + 1;
        throw new JobFailure(
          `ClientError: ${where()}: ${bytes} bytes, more than MaxPayloadInMB allows (${plan.payload})`,
        );
      }
      if (end === 0) {
        const next = batch.first + batch.count;
        yield batch;
        batch = create().begin(next);
        continue;
      }
      const added = countLines(records.subarray(0, end));
      const lineEnd = end === records.length ? lines.length : endOf(lines, lines.length, added);
      batch.count += added;
      batch.lines.append(lines.subarray(0, lineEnd));
      batch.payload.append(records.subarray(0, end));
      [lines, records] = [lines.subarray(lineEnd), records.subarray(end)];
    }
  }
  if (batch.count > 0) yield batch;
}

/** The place behind the last of the first so many lines that ends within so many bytes; 0 if none does. */
function endOf(lines: Buffer, bytes: number, count: number): number {
  if (bytes <= 0 || count === 0) return 0;
  if (count === Number.POSITIVE_INFINITY)
    return bytes >= lines.length ? lines.length : lines.lastIndexOf(LINE_FEED, bytes - 1) + 1;
  let end = 0;
  for (let line = 0; line < count && end < lines.length; line++) {
    const next = lines.indexOf(LINE_FEED, end) + 1;
    if (next > bytes) break;
    end = next;
  }
  return end;
}

interface Reading {
  name: string;
  /** The number of the first line. */
  first: number;
  plan: Plan;
  memory: ReusedBuffer;
}

/** What the model gets of these lines, each with LF at its end, valid until the memory is used again. */
function recordsOf(lines: Buffer, { name, first, plan, memory }: Reading): Buffer {
  const plain = isPlain(lines) ? plan.toModel.plain(lines, memory.room(lines.length)) : undefined;
  if (plain !== undefined) return plain;
  const records = textsOf(lines, name, 'ClientError').map(
    (line, index) => `${onLine(name, first + index, 'ClientError', () => plan.toModel.one(line))}\n`,
  );
  return Buffer.from(records.join(''));
}

/**
 * The lines of a file, as many at a time as are read, each with LF at its end, valid until the next ones are asked for.
 * node:readline would also split at U+2028.
 * @param longest - the most bytes of a line; a longer one is refused before it is read whole
 * @param where - describes the place of the line after those that were taken
 */
async function* blocksOf(path: string, longest: number, where: () => string): AsyncGenerator<Buffer> {
  const file = await open(path);
  try {
    yield* linesOf(file, longest, where);
  } finally {
    await file.close();
  }
}

async function* linesOf(file: FileHandle, longest: number, where: () => string): AsyncGenerator<Buffer> {
  const memory = new ReusedBuffer();
  for (;;) {
    const searched = memory.length;
    if ((await memory.read(file, BLOCK)) === 0) break;
    // Only what is new: a long line would be searched again for each block.
    const found = memory.content.subarray(searched).lastIndexOf(LINE_FEED);
    const end = found === -1 ? 0 : searched + found + 1;
    if (end > 0) yield memory.content.subarray(0, end);
    memory.drop(end);
    if (memory.length > longest + MEGABYTE)
      throw new JobFailure(
        `ClientError: ${where()}: it does not end within ${memory.length} bytes, and MaxPayloadInMB allows ${longest}`,
      );
  }
  if (memory.length > 0) {
    memory.append(LINE_END);
    yield memory.content;
  }
}

/** The texts of lines that each have LF at their end, or CR LF. */
function textsOf(lines: Buffer, what: string, kind?: string): string[] {
  return decode(lines.subarray(0, -1), what, kind)
    .split('\n')
    .map((line) => (line.endsWith('\r') ? line.slice(0, -1) : line));
}

function decode(bytes: Buffer, what: string, kind = 'AlgorithmError'): string {
  // One byte each, and the most frequent case by far.
  if (isAscii(bytes)) return bytes.toString('latin1');
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new JobFailure(`${kind}: ${what}: expected UTF-8`);
  }
}

function onLine<T>(name: string, line: number, kind: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof RecordError)
      throw new JobFailure(`${kind}: ${name}, line ${line}: ${error.message}`);
    throw error;
  }
}
