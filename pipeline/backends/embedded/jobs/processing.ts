import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { type CreateProcessingJob, type ProcessingJob, parse } from './api.ts';
import type { JobContext, Jobs } from './context.ts';
import { JobFailure, serviceError } from './errors.ts';
import { type Ending, Job, writeJson } from './job.ts';
import { leftFiles, removeLeft } from './left-files.ts';
import { exitCode, findImage, readMessage, runProgram } from './run-program.ts';
import { download, joinUri, move } from './s3.ts';

/** Runs a processing job and returns its description, also if it fails. */
export async function runProcessingJob(
  jobs: Jobs,
  params: CreateProcessingJob,
  context: JobContext,
): Promise<ProcessingJob> {
  const request = parse('CreateProcessingJob', params);
  const { ContainerEntrypoint = ['prepare'], ContainerArguments = [], ImageUri } = request.AppSpecification;
  const [entrypoint = '', ...firstArguments] = ContainerEntrypoint;
  if (basename(entrypoint) !== 'prepare') {
    throw serviceError(
      'ValidationException',
      `CreateProcessingJob: AppSpecification.ContainerEntrypoint: expected the program prepare, found ${entrypoint}`,
    );
  }
  const inputs = request.ProcessingInputs ?? [];
  const outputs = request.ProcessingOutputConfig?.Outputs ?? [];
  const job = await Job.create(jobs, 'processing-job', request.ProcessingJobName, params);
  const inside = (path: string) => path.slice('/opt/ml/'.length).replace(/\/+$/, '');
  const local = (path: string) => join(job.baseDir, inside(path));
  const gigabytes = request.ProcessingResources?.ClusterConfig?.VolumeSizeInGB ?? 30;

  const work = async (): Promise<Ending> => {
    const image = await findImage(jobs, ImageUri);
    await mkdir(join(job.baseDir, 'config'));
    await mkdir(join(job.baseDir, 'output'));
    await writeJson(join(job.baseDir, 'config/processingjobconfig.json'), {
      ProcessingJobArn: job.arn,
      ...params,
    });
    await writeJson(join(job.baseDir, 'config/resourceconfig.json'), {
      current_host: 'algo-1',
      hosts: ['algo-1'],
    });
    for (const { S3Input } of inputs) {
      await mkdir(local(S3Input.LocalPath), { recursive: true });
      await download(jobs, S3Input.S3Uri, S3Input.S3DataType, local(S3Input.LocalPath));
    }
    for (const { S3Output } of outputs) await mkdir(local(S3Output.LocalPath), { recursive: true });

    const { exit, tooLong } = await runProgram(
      jobs,
      image,
      'prepare',
      {
        baseDir: job.baseDir,
        env: request.Environment ?? {},
        args: [...firstArguments, ...ContainerArguments],
        onLine: job.log,
      },
      { signal: context.signal, maxSeconds: request.StoppingCondition?.MaxRuntimeInSeconds },
    );
    const message = await readMessage(job.baseDir, 'output/message');
    const fields = message === '' ? {} : { ExitMessage: message };
    if (tooLong || context.signal.aborted) return { status: 'Stopped', fields };
    if (exit.code !== 0) {
      throw new JobFailure(`AlgorithmError: ${message}, exit code: ${exitCode(exit)}`, fields);
    }
    for (const { S3Output } of outputs) {
      const left = await leftFiles(job.baseDir, inside(S3Output.LocalPath), gigabytes);
      for (const { path, name } of left?.files ?? []) await move(jobs, path, joinUri(S3Output.S3Uri, name));
    }
    // Inputs and outputs are in S3.
    await removeLeft(job.baseDir, 'processing');
    return { status: 'Completed', fields };
  };
  return await job.conduct<ProcessingJob>(context.signal, work);
}
