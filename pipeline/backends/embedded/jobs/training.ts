import { mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type CreateTrainingJob, parse, type TrainingJob } from './api.ts';
import { pack } from './archive.ts';
import type { JobContext, Jobs } from './context.ts';
import { JobFailure, serviceError } from './errors.ts';
import { arn, type Ending, Job, jobFolder, writeJson } from './job.ts';
import { leftFiles, removeLeft } from './left-files.ts';
import { MetricReader } from './metrics.ts';
import { exitCode, findImage, readMessage, runProgram } from './run-program.ts';
import { download, joinUri, upload } from './s3.ts';

/** The values that a tuning job adds to its trials. */
interface Trial {
  tuningJobArn: string;
  environment: Readonly<Record<string, string>>;
}

/**
 * Runs a training job and returns its description, also if it fails. It runs on one host, whatever InstanceCount
 * says. A note tells of a metric that its program never prints. After StoppingCondition.MaxRuntimeInSeconds it ends as
 * Stopped (SecondaryStatus MaxRuntimeExceeded) with the files in model/ so far.
 */
export async function runTrainingJob(
  jobs: Jobs,
  params: CreateTrainingJob,
  context: Pick<JobContext, 'signal'> & Partial<Pick<JobContext, 'progress'>>,
  trial?: Trial,
): Promise<TrainingJob> {
  const request = parse('CreateTrainingJob', params);
  const { TrainingImage, MetricDefinitions = [], TrainingInputMode } = request.AlgorithmSpecification;
  const metrics = new MetricReader(MetricDefinitions);
  const channels = request.InputDataConfig ?? [];
  const job = await Job.create(jobs, 'training-job', request.TrainingJobName, {
    HyperParameters: {},
    ...params,
    FinalMetricDataList: [],
    ...(trial && { TuningJobArn: trial.tuningJobArn }),
  });
  const at = (path: string) => join(job.baseDir, path);
  const output = joinUri(request.OutputDataConfig.S3OutputPath, `${job.name}/output`);
  const checkpoints = request.CheckpointConfig?.S3Uri;
  /** What fits on the instance's volume. */
  const gigabytes = request.ResourceConfig?.VolumeSizeInGB ?? 30;

  const work = async (): Promise<Ending> => {
    const image = await findImage(jobs, TrainingImage);
    for (const folder of ['input/config', 'input/data', 'model', 'output/data']) {
      await mkdir(at(folder), { recursive: true });
    }
    await writeJson(at('input/config/hyperparameters.json'), request.HyperParameters ?? {});
    await writeJson(
      at('input/config/inputdataconfig.json'),
      Object.fromEntries(
        channels.map((channel) => [
          channel.ChannelName,
          {
            ...(channel.ContentType !== undefined && { ContentType: channel.ContentType }),
            TrainingInputMode: channel.InputMode ?? TrainingInputMode,
            S3DistributionType: 'FullyReplicated',
            RecordWrapperType: 'None',
          },
        ]),
      ),
    );
    await writeJson(at('input/config/resourceconfig.json'), {
      current_host: 'algo-1',
      current_instance_type: request.ResourceConfig?.InstanceType ?? 'local',
      hosts: ['algo-1'],
      network_interface_name: 'eth0',
    });
    for (const { ChannelName, DataSource } of channels) {
      const { S3Uri, S3DataType } = DataSource.S3DataSource;
      await download(jobs, S3Uri, S3DataType, at(`input/data/${ChannelName}`));
    }

    if (checkpoints !== undefined) await bringCheckpoints(checkpoints);
    const { exit, tooLong } = await runProgram(
      jobs,
      image,
      'train',
      {
        baseDir: job.baseDir,
        env: {
          ...trial?.environment,
          ...request.Environment,
          TRAINING_JOB_NAME: job.name,
          TRAINING_JOB_ARN: job.arn,
        },
        onLine: (line) => {
          job.log(line);
          metrics.read(line, jobs.now());
        },
      },
      { signal: context.signal, maxSeconds: request.StoppingCondition?.MaxRuntimeInSeconds },
    );
    if (checkpoints !== undefined) await keepCheckpoints(checkpoints);
    const fields = { FinalMetricDataList: metrics.final() };
    if (context.signal.aborted) return { status: 'Stopped', fields };
    if (!tooLong && exit.code !== 0) {
      const failure = await readMessage(job.baseDir, 'output/failure');
      throw new JobFailure(`AlgorithmError: ${failure}, exit code: ${exitCode(exit)}`, fields);
    }
    for (const text of metrics.missing()) context.progress?.({ kind: 'note', job: job.name, text });
    await send('model', 'model.tar.gz', true);
    await send('output/data', 'output.tar.gz', false);
    // The data is still in S3, and so are the model and the rest of the output.
    for (const folder of ['input/data', 'model', 'output/data']) await removeLeft(job.baseDir, folder);
    return {
      status: tooLong ? 'Stopped' : 'Completed',
      fields: {
        ...fields,
        ...(tooLong && { SecondaryStatus: 'MaxRuntimeExceeded' }),
        ModelArtifacts: { S3ModelArtifacts: joinUri(output, 'model.tar.gz') },
      },
    };
  };
  /** SageMaker copies the folder from and to S3 while the job runs; here it is copied before and after. */
  const bringCheckpoints = async (uri: string) => {
    await mkdir(at('checkpoints'), { recursive: true });
    await writeJson(at('input/config/checkpointconfig.json'), { LocalPath: '/opt/ml/checkpoints' });
    await download(jobs, joinUri(uri, ''), 'S3Prefix', at('checkpoints')).catch((error: unknown) => {
      // There are none yet.
      if (!(error instanceof JobFailure)) throw error;
    });
  };
  const keepCheckpoints = async (uri: string) => {
    for (const { path, name } of (await leftFiles(job.baseDir, 'checkpoints', gigabytes))?.files ?? [])
      await upload(jobs, path, joinUri(uri, name));
    await removeLeft(job.baseDir, 'checkpoints');
  };
  /** Packs a folder that the program wrote, an empty one only if it `must` be there. */
  const send = async (folder: string, name: string, must: boolean) => {
    const left = (await leftFiles(job.baseDir, folder, gigabytes)) ?? { files: [], folders: [] };
    if (left.files.length === 0 && !must) return;
    if (left.files.length === 0) await mkdir(at(folder), { recursive: true });
    const archive = join(job.folder, name);
    try {
      await pack(at(folder), left, archive, context.signal);
      await upload(jobs, archive, joinUri(output, name));
    } finally {
      await rm(archive, { force: true });
    }
  };
  return await job.conduct<TrainingJob>(context.signal, work);
}

/**
 * The Describe response of a running or ended training job.
 * @throws `SageMaker.ResourceNotFoundException`
 */
export async function describeTrainingJob(
  jobs: Jobs,
  params: { TrainingJobName: string },
): Promise<TrainingJob> {
  const { TrainingJobName: name } = parse('DescribeTrainingJob', params);
  const file = join(jobFolder(jobs.root, 'training-job', name), 'describe.json');
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code !== 'ENOENT') throw error;
    throw serviceError('ResourceNotFoundException', `There is no ${arn(`training-job/${name}`)}`);
  });
  const { LogTail: _, ...description } = JSON.parse(text) as TrainingJob & { LogTail?: string[] };
  return description;
}
