import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Thread } from '../thread.ts';
import { type CreateTransformJob, parse, type TransformJob } from './api.ts';
import { unpack } from './archive.ts';
import type { JobContext, Jobs } from './context.ts';
import { JobFailure, serviceError } from './errors.ts';
import { type Ending, Job } from './job.ts';
import { removeLeft } from './left-files.ts';
import { type ModelServer, withModelServer } from './model-server.ts';
import { readModel } from './models.ts';
import { RecordError, type RecordFormat, recordFilter } from './records.ts';
import { findImage } from './run-program.ts';
import { joinUri, list, move } from './s3.ts';
import type { FileTransform, TransformSettings } from './transform-file.ts';

const MEGABYTE = 2 ** 20;
const formats: Record<string, RecordFormat> = {
  'text/csv': 'csv',
  'application/jsonlines': 'jsonlines',
};

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
  // A request that cannot be carried out is refused before there is a job.
  settingsOf(request, (what) => serviceError('ValidationException', `CreateTransformJob: ${what}`));
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
      ...(request.MaxConcurrentTransforms && {
        SAGEMAKER_MAX_CONCURRENT_TRANSFORMS: String(request.MaxConcurrentTransforms),
      }),
    };
    // Millions of lines take seconds of computing; and collecting their garbage among all that this process holds, as long again.
    const thread = new Thread(join(import.meta.dirname, 'transform-worker'), `transform job ${job.name}`);
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
        const settings = settingsOf(
          await completed(request, server),
          (what) =>
            new JobFailure(`ClientError: with what serve answers to GET /execution-parameters: ${what}`),
        );
        for (const { path, name } of inputs) {
          const output = join(job.folder, 'output');
          const call: FileTransform = { path, name, output, port: server.port, settings };
          const failure = await thread.call(call, signal).catch((error: Error) => {
            signal.throwIfAborted();
            throw error;
          });
          if (typeof failure === 'string') throw new JobFailure(failure);
          await move(jobs, output, joinUri(request.TransformOutput.S3OutputPath, `${name}.out`));
        }
      },
    ).finally(() => thread.end());
    // The model is still in S3.
    await removeLeft(job.baseDir, 'model');
    return { status: 'Completed' };
  };
  return await job.conduct<TransformJob>(context.signal, work);
}

type Request = ReturnType<typeof parse<'CreateTransformJob'>>;

const executionParameters = z
  .object({
    MaxConcurrentTransforms: z.int().min(1).optional().catch(undefined),
    MaxPayloadInMB: z.int().min(0).max(100).optional().catch(undefined),
    BatchStrategy: z.enum(['MULTI_RECORD', 'SINGLE_RECORD']).optional().catch(undefined),
  })
  .catch({});

/**
 * The request with what serve asks for where the request leaves it open. Source: Amazon SageMaker Developer Guide, Use Your Own
 * Inference Code with Batch Transform; API reference, CreateTransformJob, where 0 transforms at a time are as good as unset.
 */
async function completed(request: Request, server: ModelServer): Promise<Request> {
  if (request.MaxConcurrentTransforms && request.MaxPayloadInMB !== undefined && request.BatchStrategy)
    return request;
  const { BatchStrategy, ...asked } = executionParameters.parse(await server.executionParameters());
  return {
    ...request,
    MaxConcurrentTransforms: request.MaxConcurrentTransforms || asked.MaxConcurrentTransforms,
    MaxPayloadInMB: request.MaxPayloadInMB ?? asked.MaxPayloadInMB,
    BatchStrategy:
      request.BatchStrategy ?? (BatchStrategy === 'SINGLE_RECORD' ? 'SingleRecord' : 'MultiRecord'),
  };
}

function settingsOf(request: Request, refuse: (what: string) => Error): TransformSettings {
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
  for (const [name, path] of Object.entries({ InputFilter, OutputFilter }))
    try {
      recordFilter(path, format ?? 'csv');
    } catch (error) {
      if (error instanceof RecordError) throw refuse(`DataProcessing.${name}: ${error.message}`);
      throw error;
    }
  return {
    contentType,
    accept,
    payload: megabytes === 0 ? Number.POSITIVE_INFINITY : megabytes * MEGABYTE,
    lines: request.BatchStrategy === 'SingleRecord' ? 1 : Number.POSITIVE_INFINITY,
    concurrency,
    timeoutSeconds: request.ModelClientConfig?.InvocationsTimeoutInSeconds ?? 600,
    retries: request.ModelClientConfig?.InvocationsMaxRetries ?? 3,
    format: format ?? 'csv',
    inputFilter: InputFilter,
    joins,
    outputFilter: OutputFilter,
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
