import type { ReleaseStep } from '../names.ts';
import type { StateMachine, States } from './asl.ts';
import { takeLease } from './lease.ts';
import { type PrepareEngine, prepareFields, prepareJob, prepareStart } from './prepare.ts';
import { afterEndpoint, endpointStates, retireStates, toEndpoint } from './release-endpoint.ts';
import { isolation, outputKey, type Security } from './security.ts';
import { choice, fail, functionTask, inPartition, pass, succeed, task, withFailures } from './states.ts';
import { transformStates } from './transform.ts';

/** Names of the account's (or this machine's) resources. Documents of different accounts differ in nothing else. */
export interface ReleaseResources {
  /** In the ARNs of the service integrations: aws, aws-cn or aws-us-gov. */
  partition: string;
  /** Function ARNs by step. */
  functions: Readonly<Record<ReleaseStep, string>>;
  /** The role of every SageMaker job. */
  jobRole: string;
  /** The Glue table of predictions, which gets a partition with each release. */
  table: { database: string; name: string };
  /**
   * Names of the CloudWatch alarms that end an endpoint's update in steps, one to ten; `{}` stands for the model.
   * @default none
   */
  alarms?: readonly string[];
  /** The artifacts' folder that jobs write. @default local */
  mode?: 'promote';
  /** @default SageMaker Processing */
  engine?: PrepareEngine;
  /** @default none */
  security?: Security;
}

/** The states that the progress and the record show, in order. */
export const releaseSteps = [
  'Take lease',
  'Plan release',
  'Lay out rows',
  'Predict',
  'Deliver',
  'Add partition',
  'Create endpoint model',
  'Create endpoint',
  'Update endpoint',
  'Update endpoint in steps',
  'Smoke test',
  'Go back',
  'Create endpoint again',
  'Delete endpoint',
  'Move pointer',
  'Page',
];

const execution = 'arn:aws:states:::';
const day = 24 * 3600;
/** The machine's timeout, in seconds. */
const longestRelease = 2 * day;

/**
 * The release machine, for releases and rollbacks: Take lease -> Plan release -> Lay out rows -> Predict -> Deliver ->
 * Add partition -> Move pointer -> Page -> Record; for an endpoint the states of endpointStates stand in the middle. Readers see
 * nothing of a release before its pointer moves. Image, settings and rows come from the registry and from what main deployed
 * last, never from the input.
 *
 * State: steps/release/state.ts, ReleaseState.
 */
export function releaseMachine(resources: ReleaseResources): StateMachine {
  const invoke = functionTask(resources.functions);
  const { jobRole, security, alarms = [], engine = { name: 'processing' } } = resources;
  const preparing = { engine, jobRole, security, image: '$.plan.images.prepare' };
  const keep = (kind: string, at: string, item: string, fields: string[], next: string) =>
    invoke('keep-release', {
      payload: { kind, 'plan.$': '$.plan', 'at.$': at, 'item.$': item },
      result: fields,
      resultPath: item,
      next,
      failed: `Keep ${kind} failed`,
    });
  const kept = prepareFields(engine);
  const states: States = {
    'Take lease': takeLease(invoke, 'Plan release'),
    'Plan release': invoke('plan-release', {
      payload: {
        'arn.$': '$$.Execution.Id',
        'request.$': '$.request',
        mode: resources.mode ?? null,
        engine: engine.name,
        program: engine.name === 'glue' ? engine.program : null,
        demands: { role: jobRole, ...isolation(security), ...outputKey(security) },
      },
      result: [
        'skipped',
        'package',
        'mode',
        'pointer',
        'champion',
        'notes',
        'images',
        'prepare',
        'batch',
        'endpoint',
      ],
      resultPath: '$.plan',
      next: 'Is there anything to release?',
      failed: 'Plan release failed',
    }),
    'Is there anything to release?': choice({ '$.plan.skipped': 'Record' }, 'Who reads predictions?'),
    'Who reads predictions?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.plan.mode', StringEquals: 'batch', Next: 'Are there predictions?' }],
      Default: toEndpoint,
    },
    ...endpointStates({
      invoke,
      jobRole,
      security,
      alarms,
      next: 'Move pointer',
      failed: 'Record failure',
    }),

    'Are there predictions?': choice(
      { '$.plan.batch.reused': 'Reuse predictions' },
      prepareStart('Lay out rows', engine),
    ),
    'Reuse predictions': pass('$.plan.batch.result', '$.delivered', 'Add partition'),
    ...prepareJob('Lay out rows', {
      ...preparing,
      at: '$.plan.batch.lay_out',
      resultPath: '$.laid',
      next: 'Keep rows',
    }),
    'Keep rows': keep('rows', '$.plan.batch.lay_out', '$.laid', kept, 'Create model'),
    ...transformStates({
      states: { create: 'Create model', score: 'Predict', remove: 'Delete model' },
      at: '$.plan.batch.transform',
      artifact: '$.plan.batch.transform.artifact',
      rows: '$.plan.batch.transform.rows',
      jobRole,
      security,
      resultPath: '$.scored',
      next: 'Keep answers',
      failed: 'Predict failed',
    }),
    'Keep answers': keep(
      'answers',
      '$.plan.batch.transform',
      '$.scored',
      ['job', 'output', 'objects', 'started', 'ended', 'instance', 'count'],
      prepareStart('Deliver', engine),
    ),
    ...prepareJob('Deliver', {
      ...preparing,
      at: '$.plan.batch.deliver',
      resultPath: '$.delivered',
      next: 'Keep predictions',
    }),
    'Keep predictions': keep(
      'predictions',
      '$.plan.batch.deliver',
      '$.delivered',
      [...kept, 'release', 'rows'],
      'Add partition',
    ),
    // A release that is there already has the same place: BatchCreatePartition says so in its answer, which is no error.
    'Add partition': task({
      resource: `${execution}aws-sdk:glue:batchCreatePartition`,
      parameters: {
        DatabaseName: resources.table.database,
        TableName: resources.table.name,
        PartitionInputList: [
          {
            'Values.$': 'States.Array($.request.model, $.delivered.release)',
            Parameters: { 'numRows.$': "States.Format('{}', $.delivered.rows)" },
            StorageDescriptor: {
              'Location.$': '$.delivered.output',
              InputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat',
              OutputFormat: 'org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat',
              SerdeInfo: {
                SerializationLibrary: 'org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe',
              },
            },
          },
        ],
      },
      // Whole, since an answer without errors may lack the field.
      result: { 'answer.$': '$' },
      resultPath: '$.partition',
      timeout: 60,
      next: 'Is partition added?',
      failed: 'Add partition failed',
    }),
    // A release writes below a name of its own, so a partition that is there is this one.
    'Is partition added?': {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.partition.answer.Errors[0]', IsPresent: true },
            {
              Not: {
                Variable: '$.partition.answer.Errors[0].ErrorDetail.ErrorCode',
                StringEquals: 'AlreadyExistsException',
              },
            },
          ],
          Next: 'Partition refused',
        },
      ],
      Default: 'Move pointer',
    },
    'Partition refused': {
      Type: 'Pass',
      Parameters: {
        'Error.$': '$.partition.answer.Errors[0].ErrorDetail.ErrorCode',
        'Cause.$': '$.partition.answer.Errors[0].ErrorDetail.ErrorMessage',
      },
      ResultPath: '$.error',
      Next: 'Add partition failed',
    },

    'Move pointer': invoke('point', {
      payload: {
        'request.$': '$.request',
        'plan.$': '$.plan',
        'delivered.$': '$.delivered',
        'fence.$': '$.lease.fence',
      },
      result: ['moved', 'release', 'previous'],
      resultPath: '$.pointed',
      next: 'Page',
      failed: 'Move pointer failed',
    }),
    'Move pointer failed': {
      Type: 'Pass',
      Result: 'Move pointer',
      ResultPath: '$.failed_step',
      Next: 'Is there an endpoint to go back?',
    },
    // Where another release holds the lease or came first, the endpoint is that one's.
    'Is there an endpoint to go back?': {
      Type: 'Choice',
      Choices: [
        {
          Or: [
            { Variable: '$.plan.mode', StringEquals: 'batch' },
            { Variable: '$.error.Error', StringEquals: 'LeaseLostError' },
            { Variable: '$.error.Error', StringEquals: 'ConflictError' },
          ],
          Next: 'Record failure',
        },
      ],
      Default: afterEndpoint,
    },
    Page: {
      ...invoke('page', {
        payload: {
          'request.$': '$.request',
          'plan.$': '$.plan',
          'delivered.$': '$.delivered',
          'pointed.$': '$.pointed',
        },
        result: ['uri', 'private', 'report'],
        resultPath: '$.page',
        next: 'Is there an older config?',
        failed: 'Is there an older config?',
      }),
      // Readers have the new release already, so a page that fails does not fail it; the record says what is missing.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.page_error', Next: 'Is there an older config?' }],
    },
    ...retireStates('Record'),
    Record: recordRelease('succeeded', 'Done', 'Record failed'),
    Done: succeed(),
    'Record failure': {
      ...recordRelease('failed', 'Failed', 'Failed'),
      // An error of Record failure must not hide the error that failed the release.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.record_error', Next: 'Failed' }],
    },
    Failed: fail('$.error.Error', '$.error.Cause'),
  };

  function recordRelease(status: 'succeeded' | 'failed', next: string, failed: string) {
    return invoke('record-release', {
      payload: {
        'arn.$': '$$.Execution.Id',
        'started.$': '$$.Execution.StartTime',
        status,
        'state.$': '$',
      },
      result: ['status'],
      resultPath: '$.record',
      next,
      failed,
    });
  }

  const machine: StateMachine = {
    Comment:
      'Predicts with a registered model, delivers and checks the predictions, and shows them to readers.',
    StartAt: 'Take lease',
    TimeoutSeconds: longestRelease,
    States: withFailures(states, 'Record failure'),
  };
  return inPartition(machine, resources.partition);
}
