import type { MonitorStep } from '../names.ts';
import type { StateMachine, States } from './asl.ts';
import { type PrepareEngine, prepareJob, prepareStart } from './prepare.ts';
import type { Security } from './security.ts';
import { choice, fail, functionTask, inPartition, succeed, withFailures } from './states.ts';

/** Names of the account's (or this machine's) resources. Documents of different accounts differ in nothing else. */
export interface MonitorResources {
  /** In the ARNs of the service integrations: aws, aws-cn or aws-us-gov. */
  partition: string;
  /** Function ARNs by step. */
  functions: Readonly<Record<MonitorStep, string>>;
  /** The role of every SageMaker job. */
  jobRole: string;
  /** The artifacts' folder that jobs write. @default local */
  mode?: 'promote';
  /** @default SageMaker Processing */
  engine?: PrepareEngine;
  /** @default none */
  security?: Security;
}

/** The states that the progress and the record show, in order. */
export const monitorSteps = ['Plan look', 'Summarise', 'Judge', 'Page', 'Record'];

/** The machine's timeout, in seconds. */
const longestLook = 24 * 3600;

/**
 * The monitor machine, one look at production: Plan look -> (Summarise ->) Judge -> Page -> Record. Summarise is a job of the prepare
 * program, and the only state that reads rows; where nothing has come since the look before, Judge goes on alone. Record moves
 * the history by one conditional write, so that of two looks at once the later one changes nothing.
 *
 * State: steps/monitor/state.ts, MonitorState.
 */
export function monitorMachine(resources: MonitorResources): StateMachine {
  const invoke = functionTask(resources.functions);
  const { jobRole, security, engine = { name: 'processing' } } = resources;
  const states: States = {
    'Plan look': invoke('plan-look', {
      payload: {
        'arn.$': '$$.Execution.Id',
        'request.$': '$.request',
        mode: resources.mode ?? null,
        engine: engine.name,
      },
      result: [
        'at',
        'package',
        'gone',
        'reads',
        'notes',
        'history',
        'labels',
        'look',
        'images',
        'prepare',
        'summarise',
      ],
      resultPath: '$.plan',
      next: 'Is there anything new?',
      failed: 'Plan look failed',
    }),
    'Is there anything new?': choice({ '$.plan.reads': prepareStart('Summarise', engine) }, 'Nothing new'),
    'Nothing new': { Type: 'Pass', Result: { output: '' }, ResultPath: '$.summarised', Next: 'Judge' },
    ...prepareJob('Summarise', {
      engine,
      jobRole,
      security,
      image: '$.plan.images.prepare',
      at: '$.plan.summarise',
      resultPath: '$.summarised',
      next: 'Judge',
    }),
    Judge: invoke('judge', {
      payload: { 'request.$': '$.request', 'plan.$': '$.plan', 'summarised.$': '$.summarised' },
      result: ['finding', 'reason', 'uri', 'history', 'labels', 'captures', 'alarms'],
      resultPath: '$.judged',
      next: 'Page',
      failed: 'Judge failed',
    }),
    Page: {
      ...invoke('page-look', {
        payload: { 'request.$': '$.request', 'plan.$': '$.plan', 'judged.$': '$.judged' },
        result: ['uri', 'report'],
        resultPath: '$.page',
        next: 'Record',
        failed: 'Record',
      }),
      // The look has judged already, so a page that fails does not fail it; the record says what is missing.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.page_error', Next: 'Record' }],
    },
    Record: recordLook('succeeded', 'Done', 'Record failed'),
    Done: succeed(),
    'Record failure': {
      ...recordLook('failed', 'Failed', 'Failed'),
      // An error of Record failure must not hide the error that failed the look.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.record_error', Next: 'Failed' }],
    },
    Failed: fail('$.error.Error', '$.error.Cause'),
  };

  function recordLook(status: 'succeeded' | 'failed', next: string, failed: string) {
    return invoke('record-look', {
      payload: {
        'arn.$': '$$.Execution.Id',
        'started.$': '$$.Execution.StartTime',
        status,
        'state.$': '$',
      },
      result: ['status', 'superseded', 'retrain'],
      resultPath: '$.record',
      next,
      failed,
    });
  }

  const machine: StateMachine = {
    Comment: 'Looks at the predictions of production and says whether the model is still good.',
    StartAt: 'Plan look',
    TimeoutSeconds: longestLook,
    States: withFailures(states, 'Record failure'),
  };
  return inPartition(machine, resources.partition);
}
