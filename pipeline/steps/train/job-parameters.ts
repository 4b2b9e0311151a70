import type { Config } from '../../config/schema.ts';
import { folder } from '../context.ts';

/*
 * Settings of mlops.yaml as parameters of SageMaker's API.
 */

/**
 * The static hyperparameters, equal for every training job. Those that tuning searches are left out: their own value
 * has no effect, so it must not change the fingerprint.
 */
export const staticHyperparameters = ({ training, tuning }: Config): Record<string, string> =>
  Object.fromEntries(
    Object.entries(training.hyperparameters).filter(([name]) => !Object.hasOwn(tuning?.ranges ?? {}, name)),
  );

export const metricDefinitions = ({ metrics }: Config['training']): { Name: string; Regex: string }[] =>
  Object.entries(metrics).map(([Name, Regex]) => ({ Name, Regex }));

/** The channels of a training job; `prepared` is the prefix that the prepare job writes. */
export const channels = ({ model, training }: Config, prepared: string): object[] => [
  channel(model.channel, `${prepared}train/`, model.content_type, training.input_mode),
  ...(model.manifest_channel
    ? [channel(model.manifest_channel, `${prepared}manifest/`, 'application/json', 'File')]
    : []),
];

const channel = (name: string, uri: string, contentType: string, inputMode: string) => ({
  ChannelName: name,
  ContentType: contentType,
  InputMode: inputMode,
  DataSource: {
    S3DataSource: { S3DataType: 'S3Prefix', S3Uri: folder(uri), S3DataDistributionType: 'FullyReplicated' },
  },
});

export const processingInput = (
  name: string,
  uri: string,
  type: 'S3Prefix' | 'ManifestFile' = 'S3Prefix',
) => ({
  InputName: name,
  S3Input: {
    S3Uri: uri,
    LocalPath: `/opt/ml/processing/input/${name}`,
    S3DataType: type,
    S3InputMode: 'File',
    S3DataDistributionType: 'FullyReplicated',
  },
});

/**
 * The text of a manifest: an input of type ManifestFile is exactly these objects, each in the job's folder under its name.
 * `names` follow the prefix in the objects' keys; at least one, since SageMaker refuses an input without objects.
 */
export const manifestOf = (prefix: string, names: readonly string[]): string =>
  JSON.stringify([{ prefix }, ...names]);

export const instances = ({
  type,
  count,
  volume_gb,
}: {
  type: string;
  count: number;
  volume_gb: number;
}) => ({
  InstanceType: type,
  InstanceCount: count,
  VolumeSizeInGB: volume_gb,
});

export const stoppingCondition = ({ max_runtime, spot }: Config['training']): object => ({
  MaxRuntimeInSeconds: max_runtime,
  // Waiting for spot capacity may take as long as the training itself.
  ...(spot && { MaxWaitTimeInSeconds: 2 * max_runtime }),
});

/** Most seconds that training may take. A tuning job runs its training jobs in batches, one after the other. */
export const longestTraining = ({ training, tuning }: Config): number =>
  training.max_runtime *
  (training.spot ? 2 : 1) *
  (tuning ? Math.ceil(tuning.max_jobs / tuning.parallel_jobs) : 1);

/** A state's timeout: the job's longest time, and half an hour for instances and image to start. */
export const withStart = (seconds: number): number => seconds + 1800;

/** HyperParameterTuningJobConfig. */
export function tuningConfig(tuning: NonNullable<Config['tuning']>, seed: number): object {
  const ranges = Object.entries(tuning.ranges);
  const numeric = (type: 'integer' | 'continuous') =>
    ranges.flatMap(([Name, range]) =>
      Array.isArray(range) || range.type !== type
        ? []
        : [
            {
              Name,
              MinValue: range.min,
              MaxValue: range.max,
              ScalingType: {
                linear: 'Linear',
                logarithmic: 'Logarithmic',
                reverse_logarithmic: 'ReverseLogarithmic',
              }[range.scale],
            },
          ],
    );
  return {
    Strategy: { bayesian: 'Bayesian', random: 'Random', grid: 'Grid', hyperband: 'Hyperband' }[
      tuning.strategy
    ],
    HyperParameterTuningJobObjective: {
      Type: tuning.objective.goal === 'maximize' ? 'Maximize' : 'Minimize',
      MetricName: tuning.objective.metric,
    },
    ResourceLimits: {
      MaxNumberOfTrainingJobs: tuning.max_jobs,
      MaxParallelTrainingJobs: tuning.parallel_jobs,
    },
    ParameterRanges: {
      IntegerParameterRanges: numeric('integer'),
      ContinuousParameterRanges: numeric('continuous'),
      CategoricalParameterRanges: ranges.flatMap(([Name, range]) =>
        Array.isArray(range) ? [{ Name, Values: range }] : [],
      ),
    },
    RandomSeed: seed,
  };
}
