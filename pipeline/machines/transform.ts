import type { States } from './asl.ts';
import { instances, isolation, outputKey, type Security, tags } from './security.ts';
import { callTask, jobTask, task } from './states.ts';

interface TransformOptions {
  /** Names of the three states. */
  states: { create: string; score: string; remove: string };
  /** Path of the plan of the job (ModelScoring). */
  at: string;
  /** Path of the model's artifact. */
  artifact: string;
  /** Path of the file of rows. */
  rows: string;
  jobRole: string;
  security: Security | undefined;
  resultPath: string;
  next: string;
  failed: string;
}

const execution = 'arn:aws:states:::';

/** Predicts rows with a model in its own image: creates the model, runs a batch transform that joins, deletes the model. */
export function transformStates(options: TransformOptions): States {
  const { states, at, artifact, rows, jobRole, security, resultPath, next, failed } = options;
  const name = `States.Format('{}-{}', ${at}.job, ${at}.attempt.n)`;
  return {
    ...callTask(states.create, {
      resource: `${execution}sagemaker:createModel`,
      attempt: `${at}.attempt`,
      parameters: {
        'ModelName.$': name,
        ExecutionRoleArn: jobRole,
        PrimaryContainer: { 'Image.$': `${at}.image`, 'ModelDataUrl.$': artifact },
        ...isolation(security),
        ...tags(security),
      },
      resultPath: null,
      timeout: 60,
      next: states.score,
      failed,
    }),
    ...jobTask(states.score, {
      resource: `${execution}sagemaker:createTransformJob.sync`,
      attempt: `${at}.attempt`,
      parameters: {
        'TransformJobName.$': name,
        'ModelName.$': name,
        'MaxPayloadInMB.$': `${at}.max_payload_mb`,
        'BatchStrategy.$': `${at}.batch_strategy`,
        'MaxConcurrentTransforms.$': `${at}.concurrency`,
        TransformInput: {
          DataSource: { S3DataSource: { S3DataType: 'S3Prefix', 'S3Uri.$': rows } },
          'ContentType.$': `${at}.content_type`,
          SplitType: 'Line',
          CompressionType: 'None',
        },
        TransformOutput: {
          'S3OutputPath.$': `States.Format('{}-{}/', ${at}.written, ${at}.attempt.n)`,
          'Accept.$': `${at}.content_type`,
          AssembleWith: 'Line',
          ...outputKey(security),
        },
        ...instances('TransformResources', `${at}.resources`, ['InstanceType', 'InstanceCount'], security),
        DataProcessing: {
          'InputFilter.$': `${at}.input_filter`,
          'OutputFilter.$': `${at}.output_filter`,
          JoinSource: 'Input',
        },
        ...tags(security),
      },
      result: {
        'job.$': '$.TransformJobName',
        'output.$': '$.TransformOutput.S3OutputPath',
        'started.$': '$.TransformStartTime',
        'ended.$': '$.TransformEndTime',
        'instance.$': '$.TransformResources.InstanceType',
        'count.$': '$.TransformResources.InstanceCount',
      },
      resultPath,
      timeoutPath: `${at}.timeout`,
      next: states.remove,
      again: states.create,
      failed,
    }),
    [states.remove]: {
      ...task({
        resource: `${execution}aws-sdk:sagemaker:deleteModel`,
        parameters: { 'ModelName.$': `${resultPath}.job` },
        resultPath: null,
        timeout: 60,
        next,
        failed: next,
      }),
      // A model that stays costs nothing, so an error here does not fail a run that has its scores.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: null, Next: next }],
    },
  };
}
