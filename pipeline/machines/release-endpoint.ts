import type { Json, Parameters, PassState, Path, Rule, States } from './asl.ts';
import { isolation, outputKey, type Security, tags } from './security.ts';
import { callTask, choice, type functionTask, pass } from './states.ts';

interface EndpointOptions {
  invoke: ReturnType<typeof functionTask<'smoke'>>;
  jobRole: string;
  security: Security | undefined;
  /** Names of the alarms that end an update; `{}` stands for the model. SageMaker takes at most ten. */
  alarms: readonly string[];
  /** The state that follows once the endpoint answers as the gate judged. */
  next: string;
  /** The state that follows a failure, with `$.error` and `$.failed_step`. */
  failed: string;
}

const execution = 'arn:aws:states:::';
const plan = '$.plan.endpoint';
const seen = '$.endpoint.found';

/** The state for a failure after the endpoint has the new model. */
export const afterEndpoint = 'What was there before?';

/** The states in which a model is put on an endpoint start here. */
export const toEndpoint = 'Create endpoint model';

/**
 * Puts a model on the model's endpoint: Create endpoint model -> Create endpoint config -> the endpoint is created or updated
 * and looked at until it is in service with that config -> Smoke test. A failure after the first change brings back the config
 * of the release that readers see, and reads it back; an endpoint that no reader ever had is deleted.
 *
 * SageMaker calls an endpoint InService also after it has rolled an update back by itself: only the config's name tells success.
 */
export function endpointStates(options: EndpointOptions): States {
  const { invoke, jobRole, security, alarms, next, failed } = options;
  const forward: Way = {
    find: 'Find endpoint',
    look: 'What is the endpoint?',
    isThere: 'Was there an endpoint?',
    wait: 'Wait for endpoint',
    create: 'Create endpoint',
    update: 'Update endpoint',
    remove: 'Delete failed endpoint',
    config: `${plan}.config`,
    toUpdate: 'Is there a config to go back to?',
    reached: 'Smoke test',
    gone: 'Endpoint is gone',
    other: 'Why is it not in service?',
    failed: (name) => `${name} failed`,
  };
  const back: Way = {
    find: 'Find endpoint to go back',
    look: 'What is the endpoint by now?',
    isThere: 'Is there still an endpoint?',
    wait: 'Wait to go back',
    create: 'Create endpoint again',
    update: 'Go back',
    remove: 'Delete endpoint to go back',
    config: `${plan}.before`,
    toUpdate: 'Go back',
    reached: 'Gone back',
    gone: 'Endpoint is gone again',
    other: 'It does not go back',
    failed: () => 'Going back failed',
  };
  const failing = (name: string, to: string): States => ({
    [`${name} failed`]: { Type: 'Pass', Result: name, ResultPath: '$.failed_step', Next: to },
  });
  const config = (KmsKeyId: Parameters): Parameters => ({
    'EndpointConfigName.$': `${plan}.config`,
    'ProductionVariants.$': `${plan}.variants`,
    ...KmsKeyId,
    ...tags(security),
  });
  const taken = '*Cannot create already existing*';

  return {
    ...call(toEndpoint, {
      action: 'sagemaker:createModel',
      parameters: {
        'ModelName.$': `${plan}.model`,
        ExecutionRoleArn: jobRole,
        PrimaryContainer: { 'Image.$': `${plan}.image`, 'ModelDataUrl.$': `${plan}.artifact` },
        ...isolation(security),
        ...tags(security),
      },
      next: 'Is it serverless?',
      answers: { [taken]: 'Is it serverless?' },
    }),
    'Is it serverless?': choice(
      { [`${plan}.serverless`]: 'Create serverless config' },
      'Create endpoint config',
    ),
    ...call('Create endpoint config', {
      action: 'sagemaker:createEndpointConfig',
      parameters: config(outputKey(security)),
      next: 'Start with the endpoint',
      answers: { [taken]: 'Start with the endpoint' },
    }),
    // Has no disk of its own to encrypt with a key.
    ...call('Create serverless config', {
      action: 'sagemaker:createEndpointConfig',
      parameters: config({}),
      next: 'Start with the endpoint',
      answers: { [taken]: 'Start with the endpoint' },
    }),
    'Start with the endpoint': notAsked(forward.find),
    ...reach(forward, security),

    // An endpoint that is no reader's, such as one that a killed release left: it goes back to what it was.
    'Is there a config to go back to?': {
      Type: 'Choice',
      Choices: [
        {
          And: [
            { Variable: `${plan}.before`, StringEquals: '' },
            { Variable: `${seen}.EndpointStatus`, StringEquals: 'InService' },
          ],
          Next: 'Remember its config',
        },
      ],
      Default: 'How is it updated?',
    },
    'Remember its config': pass(`${seen}.EndpointConfigName`, `${plan}.before`, 'How is it updated?'),
    'How is it updated?': choice({ [`${plan}.guarded`]: 'Update endpoint in steps' }, forward.update),
    ...call('Update endpoint in steps', {
      action: 'sagemaker:updateEndpoint',
      parameters: {
        'EndpointName.$': `${plan}.name`,
        'EndpointConfigName.$': `${plan}.config`,
        DeploymentConfig: {
          'BlueGreenUpdatePolicy.$': `${plan}.policy`,
          ...(alarms.length > 0 && {
            AutoRollbackConfiguration: {
              Alarms: alarms.map(
                (name): Json => ({
                  'AlarmName.$': `States.Format('${name}', $.request.model)`,
                }),
              ),
            },
          }),
        },
      },
      ...asked,
      next: forward.wait,
      answers: { [busyNow]: forward.wait },
    }),
    'Smoke test': invoke('smoke', {
      payload: { 'plan.$': '$.plan', 'endpoint.$': '$.endpoint' },
      result: ['rows', 'largest_difference', 'notes'],
      resultPath: '$.smoke',
      next: 'Tell of the smoke test',
      failed: 'Smoke test failed',
    }),
    'Tell of the smoke test': pass('$.smoke.notes', '$.plan.notes', 'Endpoint answers'),
    'Endpoint answers': pass(`${plan}.delivered`, '$.delivered', next),

    ...reasons(forward),
    ...failing('Wait for endpoint', 'Was the endpoint changed?'),
    ...failing('Find endpoint', 'Was the endpoint changed?'),
    ...failing('Create endpoint', 'Was the endpoint changed?'),
    ...failing('Update endpoint', 'Was the endpoint changed?'),
    ...failing('Update endpoint in steps', 'Was the endpoint changed?'),
    ...failing('Delete failed endpoint', 'Was the endpoint changed?'),
    ...failing('Smoke test', afterEndpoint),
    'Was the endpoint changed?': choice({ '$.endpoint.asked': afterEndpoint }, failed),

    [afterEndpoint]: {
      Type: 'Choice',
      Choices: [
        // What answers is what readers had.
        { Variable: `${plan}.before`, StringEqualsPath: `${plan}.config`, Next: failed },
        { Variable: `${plan}.before`, StringEquals: '', Next: 'Keep the reason' },
      ],
      Default: 'Keep the reason to go back',
    },
    'Keep the reason': pass('$.error', '$.failure', 'Delete endpoint'),
    ...call('Delete endpoint', {
      action: 'aws-sdk:sagemaker:deleteEndpoint',
      parameters: { 'EndpointName.$': `${plan}.name` },
      next: 'Deleted',
      failed: 'Going back failed',
      answers: { [notFound]: 'Deleted' },
    }),
    Deleted: { Type: 'Pass', Result: { to: 'deleted' }, ResultPath: '$.went_back', Next: 'Tell the reason' },
    'Keep the reason to go back': pass('$.error', '$.failure', 'Start to go back'),
    'Start to go back': notAsked(back.find),
    ...reach(back, security),
    ...reasons(back),
    'Gone back': {
      Type: 'Pass',
      Parameters: { 'to.$': `${seen}.EndpointConfigName` },
      ResultPath: '$.went_back',
      Next: 'Tell the reason',
    },
    'Tell the reason': pass('$.failure', '$.error', failed),
    'Going back failed': {
      Type: 'Pass',
      Parameters: {
        Error: 'EndpointError',
        'Cause.$': format(
          'endpoint {}: the release failed ({}), and going back to the config "{}" failed too: {}: {}. It may answer with a model that was not released',
          `${plan}.name`,
          '$.failure.Error',
          `${plan}.before`,
          '$.error.Error',
          '$.error.Cause',
        ),
      },
      ResultPath: '$.error',
      Next: failed,
    },
  };
}

/** After the pointer has moved: the pair of model and config before the last release is no longer needed to go back. */
export function retireStates(next: string): States {
  const remove = (name: string, action: string, parameters: Parameters, then: string): States =>
    call(name, {
      action: `aws-sdk:sagemaker:${action}`,
      parameters,
      next: then,
      // What stays costs nothing, so an error here does not fail a release that readers have.
      failed: then,
      answers: { '*Could not find*': then },
    });
  return {
    'Is there an older config?': choice({ [`${plan}.retire.needed`]: 'Delete older config' }, next),
    ...remove(
      'Delete older config',
      'deleteEndpointConfig',
      { 'EndpointConfigName.$': `${plan}.retire.config` },
      'Is its model used?',
    ),
    'Is its model used?': choice({ [`${plan}.retire.with_model`]: 'Delete older model' }, next),
    ...remove('Delete older model', 'deleteModel', { 'ModelName.$': `${plan}.retire.model` }, next),
  };
}

/** The states of a loop that brings the endpoint to a config, and what they are called. */
interface Way {
  find: string;
  look: string;
  isThere: string;
  wait: string;
  create: string;
  update: string;
  remove: string;
  /** Path of the config that it is to have. */
  config: Path;
  /** The state that leads to the update. */
  toUpdate: string;
  /** The states that follow: in service with the config; after it was asked for, deleted or in another state. */
  reached: string;
  gone: string;
  other: string;
  /** The state that follows an error of a call. */
  failed: (name: string) => string;
}

const busy = ['Creating', 'Updating', 'SystemUpdating', 'RollingBack', 'Deleting'];
const notFound = '*Could not find endpoint*';
const busyNow = '*Cannot update in-progress endpoint*';
const is = (status: string): Rule => ({ Variable: `${seen}.EndpointStatus`, StringEquals: status });

/** `asked` tells an update that is to come from one that came back. */
const notAsked = (next: string): PassState => ({
  Type: 'Pass',
  Result: { asked: false },
  ResultPath: '$.endpoint',
  Next: next,
});
const asked = {
  result: { asked: true, 'at.$': '$$.State.EnteredTime' },
  resultPath: '$.endpoint',
};

/** Brings the endpoint to a config, once, from whatever status it has: a failed one can only be deleted and made again. */
function reach(way: Way, security: Security | undefined): States {
  const { find, look, isThere, wait, create, update, remove, config, failed } = way;
  return {
    ...call(find, {
      action: 'aws-sdk:sagemaker:describeEndpoint',
      parameters: { 'EndpointName.$': `${plan}.name` },
      resultPath: seen,
      next: look,
      failed: failed(find),
      answers: { [notFound]: isThere },
    }),
    [isThere]: choice({ '$.endpoint.asked': way.gone }, create),
    [look]: {
      Type: 'Choice',
      Choices: [
        { Or: busy.map(is), Next: wait },
        {
          And: [is('InService'), { Variable: `${seen}.EndpointConfigName`, StringEqualsPath: config }],
          Next: way.reached,
        },
        { Variable: '$.endpoint.asked', BooleanEquals: true, Next: way.other },
        { ...is('Failed'), Next: remove },
      ],
      Default: way.toUpdate,
    },
    [wait]: { Type: 'Wait', SecondsPath: `${plan}.poll_seconds`, Next: find },
    ...call(create, {
      action: 'sagemaker:createEndpoint',
      parameters: {
        'EndpointName.$': `${plan}.name`,
        'EndpointConfigName.$': config,
        ...tags(security),
      },
      ...asked,
      next: wait,
      failed: failed(create),
      answers: { '*Cannot create already existing endpoint*': wait },
    }),
    ...call(update, {
      action: 'sagemaker:updateEndpoint',
      parameters: { 'EndpointName.$': `${plan}.name`, 'EndpointConfigName.$': config },
      ...asked,
      next: wait,
      failed: failed(update),
      answers: { [busyNow]: wait },
    }),
    ...call(remove, {
      action: 'aws-sdk:sagemaker:deleteEndpoint',
      parameters: { 'EndpointName.$': `${plan}.name` },
      next: wait,
      failed: failed(remove),
      answers: { [notFound]: wait },
    }),
  };
}

/** The errors of an endpoint that was asked for a config and does not have it. */
function reasons({ gone, other, config, wait, failed }: Way): States {
  const isTold = `${other} With a reason?`;
  const error = (text: string, ...values: Path[]): PassState => ({
    Type: 'Pass',
    Parameters: { Error: 'EndpointError', 'Cause.$': format(text, `${plan}.name`, ...values) },
    ResultPath: '$.error',
    Next: failed(wait),
  });
  const now = [`${seen}.EndpointStatus`, `${seen}.EndpointConfigName`, config];
  const text = 'endpoint {}: its status is {} with the config {}, expected InService with {}: ';
  return {
    [gone]: error('endpoint {}: it was deleted while this release changed it, expected it in service'),
    [other]: {
      Type: 'Choice',
      Choices: [{ Variable: `${seen}.FailureReason`, IsPresent: true, Next: isTold }],
      Default: `${other} Without a reason`,
    },
    [isTold]: error(`${text}{}`, ...now, `${seen}.FailureReason`),
    [`${other} Without a reason`]: error(
      `${text}SageMaker gives no reason. A health check or an alarm may have ended the update`,
      ...now,
    ),
  };
}

const format = (text: string, ...values: Path[]): string => `States.Format('${text}', ${values.join(', ')})`;

interface Call {
  action: string;
  parameters: Parameters;
  result?: Parameters;
  /** @default null */
  resultPath?: string;
  next: string;
  failed?: string;
  answers: Readonly<Record<string, string>>;
}

function call(name: string, { action, resultPath, failed, ...rest }: Call): States {
  return callTask(name, {
    ...rest,
    resource: `${execution}${action}`,
    attempt: `${plan}.attempt`,
    resultPath: resultPath ?? null,
    timeout: 60,
    failed: failed ?? `${name} failed`,
  });
}
