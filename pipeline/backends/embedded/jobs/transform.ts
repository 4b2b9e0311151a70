import { isAscii } from 'node:buffer';
import { createReadStream } from 'node:fs';
import { mkdir, open, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CreateTransformJob, parse, type TransformJob } from './api.ts';
import { unpack } from './archive.ts';
import type { JobContext, Jobs } from './context.ts';
import { JobFailure, serviceError } from './errors.ts';
import { type Ending, Job } from './job.ts';
import { removeLeft } from './left-files.ts';
import { type ModelServer, withModelServer } from './model-server.ts';
import { readModel } from './models.ts';
import { joinRecords, RecordError, type RecordFilter, type RecordFormat, recordFilter } from './records.ts';
import { findImage } from './run-program.ts';
import { joinUri, list, upload } from './s3.ts';

const MEGABYTE = 2 ** 20;
/** SageMaker's largest payload, also where MaxPayloadInMB is 0. */
const MOST_PAYLOAD = 100 * MEGABYTE;
const formats: Record<string, RecordFormat> = {
  'text/csv': 'csv',
  'application/jsonlines': 'jsonlines',
};

/** The rules that turn lines into requests, and answers into lines. */
interface Plan {
  contentType: string;
  accept: string | undefined;
  /** The most bytes in a request. */
  payload: number;
  /** The most lines in a request. */
  lines: number;
  concurrency: number;
  timeoutSeconds: number;
  retries: number;
  toModel: RecordFilter;
  /** Makes the output line from the input line and the answer line. */
  toOutput: (input: string, answer: string) => string;
}

interface Batch {
  /** The number of its first line in the file, from 1. */
  first: number;
  lines: string[];
  payload: Buffer;
}

/**
 * Runs a batch transform and returns its description, also if it fails. Lines end at LF or CR LF, are sent with LF,
 * and get one answer line each, in order; the file NAME becomes NAME.out. Text that no filter touches is copied byte
 * for byte. A file that fails gets no output.
 */
export async function runTransformJob(
  jobs: Jobs,
  params: CreateTransformJob,
  context: JobContext,
): Promise<TransformJob> {
  const request = parse('CreateTransformJob', params);
  const plan = planOf(request);
  const model = await readModel(jobs, request.ModelName);
  const job = await Job.create(jobs, 'transform-job', request.TransformJobName, params);

  const work = async (): Promise<Ending> => {
    const { Image, ModelDataUrl, Environment } = model.PrimaryContainer;
    const image = await findImage(jobs, Image);
    const folder = join(job.baseDir, 'model');
    await mkdir(folder);
    await unpackModel(jobs, ModelDataUrl, folder, context.signal);
    const inputs = await list(jobs, request.TransformInput.DataSource.S3DataSource.S3Uri, 'S3Prefix');
    const env = {
      ...Environment,
      ...request.Environment,
      SAGEMAKER_BATCH: 'true',
      ...(request.MaxPayloadInMB !== undefined && {
        SAGEMAKER_MAX_PAYLOAD_IN_MB: String(request.MaxPayloadInMB),
      }),
      ...(request.BatchStrategy && {
        SAGEMAKER_BATCH_STRATEGY: request.BatchStrategy === 'MultiRecord' ? 'MULTI_RECORD' : 'SINGLE_RECORD',
      }),
      ...(request.MaxConcurrentTransforms !== undefined && {
        SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: String(request.MaxConcurrentTransforms),
      }),
    };
    await withModelServer(
      jobs,
      image,
      {
        baseDir: job.baseDir,
        env,
        onLine: job.log,
        onNote: (text) => context.progress({ kind: 'note', job: job.name, text }),
        signal: context.signal,
      },
      async (server, signal) => {
        for (const { path, name } of inputs) {
          const output = join(job.folder, 'output');
          await transformFile(path, name, output, server, plan, signal);
          await upload(jobs, output, joinUri(request.TransformOutput.S3OutputPath, `${name}.out`));
          await rm(output);
        }
      },
    );
    // The model is still in S3.
    await removeLeft(job.baseDir, 'model');
    return { status: 'Completed' };
  };
  return await job.conduct<TransformJob>(context.signal, work);
}

function planOf(request: ReturnType<typeof parse<'CreateTransformJob'>>): Plan {
  const refuse = (what: string) => serviceError('ValidationException', `CreateTransformJob: ${what}`);
  const { ContentType: contentType } = request.TransformInput;
  const { Accept: accept } = request.TransformOutput;
  const { InputFilter = '$', OutputFilter = '$', JoinSource = 'None' } = request.DataProcessing ?? {};
  const joins = JoinSource === 'Input';
  const concurrency = request.MaxConcurrentTransforms || 1;
  const megabytes = request.MaxPayloadInMB ?? 6;
  if (concurrency * megabytes > 100) {
    throw refuse(
      `MaxConcurrentTransforms x MaxPayloadInMB: expected at most 100, found ${concurrency} x ${megabytes}`,
    );
  }
  const format = formats[contentType];
  if (joins || InputFilter !== '$' || OutputFilter !== '$') {
    if (!format) {
      throw refuse(
        `TransformInput.ContentType: DataProcessing expects ${Object.keys(formats).join(' or ')}, found ${contentType}`,
      );
    }
    if (accept !== contentType) {
      throw refuse(
        `TransformOutput.Accept: DataProcessing expects the ContentType ${contentType}, found ${accept ?? 'none'}`,
      );
    }
  }
  const filter = (name: string, path: string) => {
    try {
      return recordFilter(path, format ?? 'csv');
    } catch (error) {
      if (error instanceof RecordError) throw refuse(`DataProcessing.${name}: ${error.message}`);
      throw error;
    }
  };
  const outputFilter = filter('OutputFilter', OutputFilter);
  return {
    contentType,
    accept,
    payload: megabytes === 0 ? Number.POSITIVE_INFINITY : megabytes * MEGABYTE,
    lines: request.BatchStrategy === 'SingleRecord' ? 1 : Number.POSITIVE_INFINITY,
    concurrency,
    timeoutSeconds: request.ModelClientConfig?.InvocationsTimeoutInSeconds ?? 600,
    retries: request.ModelClientConfig?.InvocationsMaxRetries ?? 3,
    toModel: filter('InputFilter', InputFilter),
    toOutput: (input, answer) => outputFilter(joins ? joinRecords(input, answer, format ?? 'csv') : answer),
  };
}

/** Unpacks a model's artifact into a folder. Throws JobFailure if it is no tar.gz. */
export async function unpackModel(
  jobs: Jobs,
  uri: string,
  folder: string,
  signal: AbortSignal,
): Promise<void> {
  for (const { path } of await list(jobs, uri, 'S3Object')) {
    await unpack(path, folder, signal).catch((error: Error) => {
      signal.throwIfAborted();
      throw new JobFailure(`ClientError: model data ${uri}: expected a tar.gz: ${error.message}`);
    });
  }
}

/** Sends a file's lines in batches, several at a time, and writes the answers in the order of the lines. */
async function transformFile(
  path: string,
  name: string,
  output: string,
  server: ModelServer,
  plan: Plan,
  signal: AbortSignal,
): Promise<void> {
  const file = await open(output, 'w');
  const underway: { batch: Batch; body: Promise<Buffer> }[] = [];
  /** Waits for the oldest request; `next` is sent before its answers are joined, so that the model need not wait. */
  const writeOldest = async (next?: Batch) => {
    const oldest = underway.shift();
    const body = await oldest?.body;
    if (next !== undefined) await ask(next);
    if (oldest !== undefined && body !== undefined)
      await file.write(joined(oldest.batch, body, placeOf(oldest.batch, name), name, plan));
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
    for await (const batch of batches(path, name, plan)) {
      signal.throwIfAborted();
      if (underway.length < plan.concurrency) await ask(batch);
      else await writeOldest(batch);
    }
    while (underway.length) await writeOldest();
  } finally {
    await file.close();
  }
}

function placeOf({ first, lines }: Batch, name: string): string {
  const last = first + lines.length - 1;
  return `${name}, ${first === last ? `line ${first}` : `lines ${first} to ${last}`}`;
}

async function answerOf(
  batch: Batch,
  where: string,
  server: ModelServer,
  how: Plan & { onSent: () => void },
): Promise<Buffer> {
  try {
    return await server.invoke(batch.payload, how);
  } catch (error) {
    if (error instanceof JobFailure) throw new JobFailure(`${error.message} [${where}]`);
    throw error;
  }
}

/** The output lines of a batch. */
function joined({ first, lines }: Batch, body: Buffer, where: string, name: string, plan: Plan): string {
  // Counted before they are split: millions of empty lines would fill the memory.
  const count = countLines(body);
  if (count !== lines.length) {
    const begin = body.subarray(0, 800).toString('utf8').replaceAll('\n', '\\n').slice(0, 200);
    throw new JobFailure(
      `AlgorithmError: ${where}: expected one line for each of ${lines.length} records, ` +
        `found ${count}: ${begin || '(empty answer)'}`,
    );
  }
  const answers = decode(body, `the answer to ${where}`).split('\n');
  return lines
    .map((line, index) => {
      const answer = withoutReturn(answers[index] as string);
      return `${onLine(name, first + index, 'AlgorithmError', () => plan.toOutput(line, answer))}\n`;
    })
    .join('');
}

const LINE_FEED = 10;

/** The number of lines; a last one without a line end counts. */
function countLines(text: Buffer): number {
  let count = 0;
  for (let at = text.indexOf(LINE_FEED); at !== -1; at = text.indexOf(LINE_FEED, at + 1)) count += 1;
  return text.length === 0 || text.at(-1) === LINE_FEED ? count : count + 1;
}

async function* batches(path: string, name: string, plan: Plan): AsyncGenerator<Batch> {
  let lines: string[] = [];
  let sent: string[] = [];
  let bytes = 0;
  let number = 0;
  const batch = (): Batch => ({
    first: number - lines.length + 1,
    lines,
    payload: Buffer.from(sent.join('')),
  });
  const longest = Math.min(plan.payload, MOST_PAYLOAD);
  for await (const some of linesOf(path, name, longest))
    for (const line of some) {
      const record = `${onLine(name, number + 1, 'ClientError', () => plan.toModel(line))}\n`;
      const size = Buffer.byteLength(record);
      if (size > plan.payload) {
        throw new JobFailure(
          `ClientError: ${name}, line ${number + 1}: ${size} bytes, more than MaxPayloadInMB allows (${plan.payload})`,
        );
      }
      if (lines.length && (lines.length >= plan.lines || bytes + size > plan.payload)) {
        yield batch();
        [lines, sent, bytes] = [[], [], 0];
      }
      number += 1;
      lines.push(line);
      sent.push(record);
      bytes += size;
    }
  if (lines.length) yield batch();
}

/**
 * The lines of a UTF-8 file, as many at a time as are read. node:readline would also split at U+2028.
 * @param longest - the most bytes of a line; a longer one is refused before it is read whole
 */
async function* linesOf(path: string, name: string, longest: number): AsyncGenerator<string[]> {
  const text = (bytes: Buffer) => decode(bytes, name, 'ClientError').split('\n').map(withoutReturn);
  let parts: Buffer[] = [];
  let size = 0;
  let number = 1;
  for await (const chunk of createReadStream(path) as AsyncIterable<Buffer>) {
    const end = chunk.lastIndexOf(LINE_FEED);
    if (end !== -1) {
      const lines = text(Buffer.concat([...parts, chunk.subarray(0, end)]));
      yield lines;
      [parts, size] = [[], 0];
      number += lines.length;
    }
    parts.push(chunk.subarray(end + 1));
    size += chunk.length - end - 1;
    if (size > longest + MEGABYTE)
      throw new JobFailure(
        `ClientError: ${name}, line ${number}: it does not end within ${size} bytes, and MaxPayloadInMB allows ${longest}`,
      );
  }
  if (size > 0) yield text(Buffer.concat(parts));
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
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
