import type { TrainStep } from '../names.ts';
import type { Parameters, Rule, StateMachine, States, TaskState } from './asl.ts';
import { takeLease } from './lease.ts';
import { type PrepareEngine, prepareFields, prepareJob, prepareStart } from './prepare.ts';
import type { Request } from './request.ts';
import { instances, isolation, outputKey, type Security, tags } from './security.ts';
import {
  choice,
  fail,
  functionTask,
  inPartition,
  type JobOptions,
  jobTask,
  pass,
  succeed,
  task,
  withFailures,
} from './states.ts';
import { transformStates } from './transform.ts';

/** Names of the account's (or this machine's) resources. Documents of different accounts differ in nothing else. */
export interface Resources {
  /** In the ARNs of the service integrations: aws, aws-cn or aws-us-gov. */
  partition: string;
  /** Function ARNs by step. */
  functions: Record<TrainStep, string>;
  /** The role of every SageMaker job. */
  jobRole: string;
  /** The mode of the runs that the machine takes. Its jobs write only the artifacts' folder of that name. @default any */
  mode?: Request['mode'];
  /** @default SageMaker Processing */
  engine?: PrepareEngine;
  /** @default none */
  security?: Security;
}

/** The states that the progress and the report show, in order. */
export const trainSteps = [
  'Plan',
  'Prepare',
  'Inspect',
  'Tune',
  'Tune warm',
  'Tune first',
  'Tune guided',
  'Tune random',
  'Train',
  'Train on spot',
  'Prepare for champion',
  'Prepare for anchor',
  'Score candidate',
  'Score champion',
  'Score anchor',
  'Gate',
  'Register',
  'Promote',
];

const execution = 'arn:aws:states:::';
const hour = 3600;
const day = 24 * hour;
/** The machine's timeout, in seconds. */
export const longestRun = 5 * day;

/**
 * The train machine: (Take lease ->) Plan -> Prepare -> Tune or Train -> Score candidate || champion -> Gate ->
 * Register -> Promote -> Record. Plan and Inspect decide for each job whether an earlier run's output is reused.
 * Everything that a run may change (image, settings, names, URIs) comes from the input or from Plan, so that a pull
 * request runs with its own mlops.yaml on the machine that main deployed.
 *
 * State: { request, lease, plan, prepared, scoring, model, scores, gate, package, promotion }.
 */
export function trainMachine(resources: Resources): StateMachine {
  const invoke = functionTask(resources.functions);
  const keep = keepTask(resources);
  const preparing = preparingOf(resources);
  const states: States = {
    'Promotes?': choice({ '$.request.promote': 'Take lease' }, 'Plan'),
    'Take lease': takeLease(invoke, 'Plan'),
    Plan: invoke('plan', {
      payload: {
        'arn.$': '$$.Execution.Id',
        'request.$': '$.request',
        mode: resources.mode ?? null,
        engine: preparing.engine.name,
        ...(preparing.engine.name === 'glue'
          ? { program: preparing.engine.program }
          : { 'program.$': '$.request.images.prepare' }),
      },
      result: ['fingerprint', 'champion', 'anchor', 'cost', 'notes', 'prepare', 'train'],
      resultPath: '$.plan',
      next: 'Is prepared?',
      failed: 'Plan failed',
    }),

    'Is prepared?': choice(
      { '$.plan.prepare.reused': 'Reuse prepared' },
      prepareStart('Prepare', preparing.engine),
    ),
    'Reuse prepared': pass('$.plan.prepare.result', '$.prepared', 'Inspect'),
    ...prepareJob('Prepare', {
      ...preparing,
      at: '$.plan.prepare',
      resultPath: '$.prepared',
      next: 'Keep prepared',
    }),
    'Keep prepared': keep('prepared', {
      at: '$.plan.prepare',
      item: '$.prepared',
      result: prepareFields(preparing.engine),
      resultPath: '$.prepared',
      next: 'Inspect',
      failed: 'Keep prepared failed',
    }),

    Inspect: invoke('inspect', {
      payload: {
        'request.$': '$.request',
        mode: resources.mode ?? null,
        'plan.$': '$.plan',
        'prepared.$': '$.prepared',
      },
      result: ['candidate', 'champion', 'anchor'],
      resultPath: '$.scoring',
      next: 'Is trained?',
      failed: 'Inspect failed',
    }),

    'Is trained?': choice(
      {
        '$.plan.train.reused': 'Reuse model',
        '$.plan.train.search.warm': 'Tune warm',
        '$.plan.train.guided': 'Tune first',
        '$.plan.train.tunes': 'Tune',
        '$.plan.train.resumes': 'Train on spot',
      },
      'Train',
    ),
    'Reuse model': pass('$.plan.train.result', '$.model', 'Score'),
    ...tuneJob('Tune', resources),
    // The States Language cannot leave out a parameter, so a tuning job with parents has its own state.
    ...tuneJob('Tune warm', resources, {
      parameters: { 'WarmStartConfig.$': '$.plan.train.search.warm_start' },
      // If SageMaker refuses a parent, or a parent is gone, the run does not fail: the search starts without parents.
      refused: { next: 'Tune', resultPath: '$.plan.train.search.refused' },
    }),
    ...guidedSearch(resources),
    'Keep search': pass('$.plan.train.search', '$.model.tuning.search', 'Describe best'),
    'Describe best': task({
      resource: `${execution}aws-sdk:sagemaker:describeTrainingJob`,
      parameters: { 'TrainingJobName.$': '$.model.tuning.best' },
      result: trainedModel,
      resultPath: '$.model.trained',
      timeout: 60,
      next: 'Keep model',
      failed: 'Tune failed',
    }),
    'Keep model': keep('model', {
      at: '$.plan.train',
      item: '$.model',
      result: Object.keys(trainedModel).map((field) => field.replace('.$', '')),
      resultPath: '$.model.trained',
      next: 'Score',
      failed: 'Keep model failed',
    }),
    ...trainJob('Train', resources),
    ...trainJob('Train on spot', resources, {
      CheckpointConfig: { 'S3Uri.$': '$.plan.train.checkpoints', LocalPath: '/opt/ml/checkpoints' },
    }),

    Score: {
      Type: 'Parallel',
      Comment:
        'Each model scores the same raw rows in its own image, with the batch transform that batch inference uses.',
      Branches: [
        scoreBranch(resources, 'candidate', '$.model.trained.artifact'),
        scoreBranch(resources, 'champion', '$.scoring.champion.artifact'),
        scoreBranch(resources, 'anchor', '$.scoring.anchor.artifact'),
      ],
      ResultSelector: { 'candidate.$': '$[0]', 'champion.$': '$[1]', 'anchor.$': '$[2]' },
      ResultPath: '$.scores',
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Score failed' }],
      Next: 'Gate',
    },

    Gate: invoke('gate', {
      payload: {
        'request.$': '$.request',
        'plan.$': '$.plan',
        'prepared.$': '$.prepared',
        'scoring.$': '$.scoring',
        'model.$': '$.model',
        'scores.$': '$.scores',
      },
      result: ['outcome', 'reason', 'verdict', 'evidence', 'reference', 'promotable'],
      resultPath: '$.gate',
      next: 'Register',
      failed: 'Gate failed',
    }),
    Register: invoke('register', {
      payload: {
        'request.$': '$.request',
        'plan.$': '$.plan',
        'prepared.$': '$.prepared',
        'model.$': '$.model',
        'gate.$': '$.gate',
      },
      result: ['name', 'notes'],
      resultPath: '$.package',
      next: 'Promote?',
      failed: 'Register failed',
    }),
    'Promote?': {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: '$.request.promote', BooleanEquals: true },
            { Variable: '$.gate.promotable', BooleanEquals: true },
          ],
          Next: 'Promote',
        },
      ],
      Default: 'Record',
    },
    Promote: invoke('promote', {
      payload: {
        'package.$': '$.package.name',
        'compared_with.$': '$.plan.champion.package',
        'expected_version.$': '$.plan.champion.version',
        'fence.$': '$.lease.fence',
        'reason.$': '$.gate.reason',
      },
      result: ['promoted', 'version', 'refused'],
      resultPath: '$.promotion',
      next: 'Record',
      failed: 'Promote failed',
    }),
    Record: invoke('record', {
      payload: {
        'arn.$': '$$.Execution.Id',
        'started.$': '$$.Execution.StartTime',
        status: 'succeeded',
        'state.$': '$',
      },
      result: ['status'],
      resultPath: '$.record',
      next: 'Done',
      failed: 'Record failed',
    }),
    Done: succeed(),

    'Record failure': {
      ...invoke('record', {
        payload: {
          'arn.$': '$$.Execution.Id',
          'started.$': '$$.Execution.StartTime',
          status: 'failed',
          'state.$': '$',
        },
        result: ['status'],
        resultPath: '$.record',
        next: 'Failed',
        failed: 'Failed',
      }),
      // An error of Record failure must not hide the error that failed the run.
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.record_error', Next: 'Failed' }],
    },
    Failed: fail('$.error.Error', '$.error.Cause'),
  };
  const machine: StateMachine = {
    Comment:
      'Trains a candidate, scores it and the champion on the same rows, judges, registers and promotes it.',
    StartAt: 'Promotes?',
    TimeoutSeconds: longestRun,
    States: withFailures(states, 'Record failure'),
  };
  return inPartition(machine, resources.partition);
}

const preparingOf = ({ engine = { name: 'processing' }, jobRole, security }: Resources) => ({
  engine,
  jobRole,
  security,
});

/** The same value from DescribeTrainingJob and from the result of createTrainingJob.sync. */
const trainedModel: Parameters = {
  'job.$': '$.TrainingJobName',
  'artifact.$': '$.ModelArtifacts.S3ModelArtifacts',
  'hyperparameters.$': '$.HyperParameters',
  'started.$': '$.TrainingStartTime',
  'ended.$': '$.TrainingEndTime',
  'instance.$': '$.ResourceConfig.InstanceType',
  'count.$': '$.ResourceConfig.InstanceCount',
  'billable_seconds.$': '$.BillableTimeInSeconds',
};

/**
 * A guided search: the best known trial again, then trials where past ones were good, then random ones. Each part is a tuning
 * job of its own, because SageMaker takes no points to begin with and keeps to the ranges of a job. A part that fails leaves the
 * others; the best trial of all wins.
 */
function guidedSearch(resources: Resources): States {
  const part = (name: string, key: string, next: string): States => {
    const at = `$.plan.train.searches.${key}`;
    const lost = `${name}: none`;
    return {
      ...tuneJob(name, resources, {
        job: `${at}.job`,
        config: `${at}.tuning`,
        attempt: `${at}.attempt`,
        resultPath: `$.searched.${key}`,
        next,
        failed: lost,
      }),
      [lost]: {
        Type: 'Pass',
        Result: { tuning_job: null, value: null },
        ResultPath: `$.searched.${key}`,
        Next: next,
      },
    };
  };
  const value = (key: string) => `$.searched.${key}.value`;
  const has = (key: string): Rule => ({ Variable: value(key), IsNumeric: true });
  const goal = (name: string): Rule => ({
    Variable: '$.plan.train.searches.guided.tuning.HyperParameterTuningJobObjective.Type',
    StringEquals: name,
  });
  const noWorse = (key: string, than: string): Rule => ({
    Or: [
      { Not: has(than) },
      { And: [goal('Maximize'), { Variable: value(key), NumericGreaterThanEqualsPath: value(than) }] },
      { And: [goal('Minimize'), { Variable: value(key), NumericLessThanEqualsPath: value(than) }] },
    ],
  });
  const best = (key: string, others: string[]) => ({
    And: [has(key), ...others.map((other) => noWorse(key, other))],
    Next: `Best is ${key}`,
  });
  return {
    ...part('Tune first', 'first', 'Tune guided'),
    ...part('Tune guided', 'guided', 'Tune random'),
    ...part('Tune random', 'random', 'Which part is best?'),
    'Which part is best?': {
      Type: 'Choice',
      Choices: [
        best('guided', ['random', 'first']),
        best('random', ['guided', 'first']),
        best('first', ['guided', 'random']),
      ],
      Default: 'Tune failed',
    },
    'Best is guided': pass('$.searched.guided', '$.model.tuning', 'Keep parts'),
    'Best is random': pass('$.searched.random', '$.model.tuning', 'Keep parts'),
    'Best is first': pass('$.searched.first', '$.model.tuning', 'Keep parts'),
    'Keep parts': pass('$.searched', '$.model.tuning.parts', 'Keep search'),
  };
}

function tuneJob(
  name: string,
  resources: Resources,
  {
    parameters = {},
    job = '$.plan.train.tuning_job',
    config = '$.plan.train.tuning',
    attempt = '$.plan.train.attempt',
    ...options
  }: { parameters?: Parameters; job?: string; config?: string } & Partial<
    Pick<JobOptions, 'refused' | 'attempt' | 'resultPath' | 'next' | 'failed'>
  > = {},
): States {
  return jobTask(name, {
    resource: `${execution}sagemaker:createHyperParameterTuningJob.sync`,
    attempt,
    parameters: {
      'HyperParameterTuningJobName.$': `States.Format('{}-{}', ${job}, ${attempt}.n)`,
      'HyperParameterTuningJobConfig.$': config,
      TrainingJobDefinition: {
        'StaticHyperParameters.$': '$.plan.train.hyperparameters',
        ...trainingParameters(resources),
      },
      ...parameters,
      ...tags(resources.security),
    },
    result: {
      'tuning_job.$': '$.HyperParameterTuningJobName',
      'best.$': '$.BestTrainingJob.TrainingJobName',
      'value.$': '$.BestTrainingJob.FinalHyperParameterTuningJobObjectiveMetric.Value',
      'started.$': '$.CreationTime',
      'ended.$': '$.HyperParameterTuningEndTime',
    },
    resultPath: '$.model.tuning',
    timeoutPath: '$.plan.train.timeout',
    next: 'Keep search',
    failed: 'Tune failed',
    ...options,
  });
}

/** Parameters that CreateTrainingJob and a tuning job's TrainingJobDefinition share. */
/** The States Language cannot leave out a parameter, so a job with checkpoints has its own state. */
function trainJob(name: string, resources: Resources, parameters: Parameters = {}): States {
  return jobTask(name, {
    resource: `${execution}sagemaker:createTrainingJob.sync`,
    attempt: '$.plan.train.attempt',
    parameters: {
      'TrainingJobName.$': "States.Format('{}-{}', $.plan.train.job, $.plan.train.attempt.n)",
      'HyperParameters.$': '$.plan.train.hyperparameters',
      ...trainingParameters(resources),
      ...parameters,
      ...tags(resources.security),
    },
    result: trainedModel,
    resultPath: '$.model.trained',
    timeoutPath: '$.plan.train.timeout',
    next: 'Keep model',
    failed: 'Train failed',
  });
}

function trainingParameters(resources: Resources): Parameters {
  return {
    RoleArn: resources.jobRole,
    AlgorithmSpecification: {
      'TrainingImage.$': '$.request.images.model',
      'TrainingInputMode.$': '$.plan.train.input_mode',
      'MetricDefinitions.$': '$.plan.train.metrics',
    },
    'InputDataConfig.$': '$.plan.train.channels',
    OutputDataConfig: { 'S3OutputPath.$': '$.plan.train.written', ...outputKey(resources.security) },
    ...instances(
      'ResourceConfig',
      '$.plan.train.resources',
      ['InstanceType', 'InstanceCount', 'VolumeSizeInGB'],
      resources.security,
    ),
    'StoppingCondition.$': '$.plan.train.stopping',
    'EnableManagedSpotTraining.$': '$.plan.train.spot',
    'EnableInterContainerTrafficEncryption.$': '$.plan.train.encrypted',
    'Environment.$': '$.plan.train.environment',
    ...isolation(resources.security),
  };
}

/**
 * Scores one model on the holdout, unless there is no such model or an earlier run's scores are reused. For a model
 * with a different preparation, a job first writes the holdout's rows as that preparation does.
 */
function scoreBranch(
  resources: Resources,
  who: 'candidate' | 'champion' | 'anchor',
  artifact: string,
): StateMachine {
  const at = `$.scoring.${who}`;
  const keep = keepTask(resources);
  const preparing = preparingOf(resources);
  const named = (state: string) => `${state} ${who}`;
  return {
    StartAt: named('Needs scoring:'),
    States: {
      [named('Needs scoring:')]: choice(
        {
          [`${at}.view.needed`]: prepareStart(named('Prepare for'), preparing.engine),
          [`${at}.score`]: named('Create model:'),
        },
        named('Reuse scores:'),
      ),
      ...prepareJob(named('Prepare for'), {
        ...preparing,
        at: `${at}.view`,
        resultPath: '$.viewed',
        next: named('Keep view:'),
        failed: `${named('Prepare for')} failed`,
      }),
      [named('Keep view:')]: keep('prepared', {
        at: `${at}.view`,
        item: '$.viewed',
        result: prepareFields(preparing.engine),
        resultPath: '$.viewed',
        next: named('Create model:'),
        failed: `${named('Prepare for')} failed`,
      }),
      [named('Reuse scores:')]: {
        Type: 'Pass',
        Comment: 'An earlier run has scored this model on this holdout, or there is no such model.',
        InputPath: `${at}.result`,
        End: true,
      },
      ...transformStates({
        states: { create: named('Create model:'), score: named('Score'), remove: named('Delete model:') },
        at,
        artifact,
        rows: `${at}.holdout`,
        jobRole: resources.jobRole,
        security: resources.security,
        resultPath: '$.scored',
        next: named('Keep scores:'),
        failed: `${named('Score')} failed`,
      }),
      [named('Keep scores:')]: {
        ...keep('scores', {
          at,
          item: '$.scored',
          result: ['job', 'output', 'objects', 'started', 'ended', 'instance', 'count'],
          resultPath: '$.scored',
          next: null,
          failed: `${named('Score')} failed`,
        }),
        OutputPath: '$.scored',
      },
      [`${named('Prepare for')} failed`]: branchFailed(named('Prepare for')),
      [`${named('Score')} failed`]: branchFailed(named('Score')),
    },
  };
}

/** Fails the Parallel state. Only the error leaves a branch, so it names the state that failed. */
const branchFailed = (state: string) => fail(`States.Format('${state}: {}', $.error.Error)`, '$.error.Cause');

interface KeepOptions {
  /** Path of the plan of the job, with the key of the ledger item and the prefix for the copies. */
  at: string;
  /** Path of the item. */
  item: string;
  /** Fields of the answer. */
  result: string[];
  resultPath: string;
  next: string | null;
  failed: string;
}

/**
 * Copies a job's result from the folder that jobs may write, and records it in the ledger, where the next Plan or Inspect
 * finds it (pipeline/steps/train/keep.ts).
 */
function keepTask({ functions }: Resources) {
  return (kind: string, { at, item, result, ...options }: KeepOptions): TaskState =>
    functionTask(functions)('keep', {
      payload: {
        kind,
        'key.$': `${at}.key`,
        'to.$': `${at}.output`,
        'item.$': item,
        ...(kind === 'scores' ? { 'rows.$': `${at}.holdout` } : { rows: null }),
        'request.$': '$.request',
      },
      result: kind === 'model' ? [...result, 'objects'] : result,
      ...options,
    });
}
