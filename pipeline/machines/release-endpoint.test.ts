import { describe, expect, test } from '@jest/globals';
import validate from 'asl-validator';
import { embeddedReleaseResources } from '../backends/embedded/embedded-backend.ts';
import { execute } from '../backends/embedded/engine/engine.ts';
import type { Json, State, StateMachine } from './asl.ts';
import { releaseMachine, releaseSteps } from './release.ts';
import type { Security } from './security.ts';

const security: Security = {
  vpc: { subnets: ['subnet-1'], security_groups: ['sg-1'] },
  kms_key: 'arn:aws:kms:us-east-1:111111111111:key/1',
  network_isolation: true,
  tags: { team: 'people' },
};
const alarms = ['shop--prod--{}--errors', 'shop--prod--{}--slow'];
const documents: [name: string, StateMachine][] = [
  ['this machine', releaseMachine(embeddedReleaseResources)],
  ['an account that demands all', releaseMachine({ ...embeddedReleaseResources, security, alarms })],
];

describe.each(documents)('the document for %s', (_name, document) => {
  const states = Object.entries(document.States);

  test('is Amazon States Language', () => {
    const { isValid, errorsText } = validate(structuredClone(document), { checkArn: true, checkPaths: true });
    expect([isValid, isValid ? '' : errorsText()]).toEqual([true, '']);
  });

  test('every task has a time limit, retries for the call and a catch for everything', () => {
    for (const [name, state] of states) {
      if (state.Type !== 'Task') continue;
      const { TimeoutSeconds, TimeoutSecondsPath, Retry = [], Catch = [] } = state;
      expect([name, TimeoutSeconds ?? TimeoutSecondsPath]).toEqual([name, expect.anything()]);
      expect([name, Retry.length > 0]).toEqual([name, true]);
      expect([name, Catch.at(-1)?.ErrorEquals]).toEqual([name, ['States.ALL']]);
    }
  });

  test('every choice has a default, every state can be reached, and what people follow are its states', () => {
    for (const [name, state] of states)
      if (state.Type === 'Choice') expect([name, state.Default]).toEqual([name, expect.any(String)]);
    const reached = new Set([document.StartAt, ...states.flatMap(([, state]) => targetsOf(state))]);
    expect(states.map(([name]) => name).filter((name) => !reached.has(name))).toEqual([]);
    expect(releaseSteps.filter((name) => document.States[name]?.Type !== 'Task')).toEqual([]);
  });
});

const targetsOf = (state: State): string[] => [
  ...('Next' in state ? [state.Next] : []),
  ...('Catch' in state ? (state.Catch ?? []).map(({ Next }) => Next) : []),
  ...(state.Type === 'Choice' ? [...state.Choices.map(({ Next }) => Next), state.Default ?? ''] : []),
];

test('the alarms of a model end an update in steps, and a key encrypts the disks of instances only', () => {
  const { States } = releaseMachine({ ...embeddedReleaseResources, security, alarms });
  const parameters = (name: string) => {
    const state = States[name];
    return state?.Type === 'Task' ? (state.Parameters ?? {}) : {};
  };
  expect(parameters('Update endpoint in steps').DeploymentConfig).toEqual({
    'BlueGreenUpdatePolicy.$': '$.plan.endpoint.policy',
    AutoRollbackConfiguration: {
      Alarms: [
        { 'AlarmName.$': "States.Format('shop--prod--{}--errors', $.request.model)" },
        { 'AlarmName.$': "States.Format('shop--prod--{}--slow', $.request.model)" },
      ],
    },
  });
  expect(parameters('Create endpoint config')).toHaveProperty('KmsKeyId', security.kms_key);
  expect(parameters('Create serverless config')).not.toHaveProperty('KmsKeyId');
});

/** What DescribeEndpoint answers, one after the other; the last one again and again. null: there is no endpoint. */
type Look = { status: string; config?: string; reason?: string } | null;

interface Given {
  looks: Look[];
  before?: string;
  guarded?: boolean;
  retire?: boolean;
  /** Errors of functions and calls by state, each once. */
  errors?: Record<string, { name: string; message: string }>;
}

/** Runs the machine over functions and an endpoint that answer as given. */
async function released({ looks, before = '', guarded = false, retire = false, errors = {} }: Given) {
  const called: string[] = [];
  const left = { ...errors };
  const endpoint = {
    name: 'shop',
    model: 'm2',
    config: 'new',
    image: 'image',
    artifact: 's3://b/m.tar.gz',
    serverless: false,
    variants: [],
    guarded,
    policy: {},
    poll_seconds: 0,
    attempt: { n: 1, wait: 0 },
    before,
    retire: { needed: retire, model: 'm0', config: 'old', with_model: retire },
    delivered: { release: 'r', rows: 0, output: '', objects: [] },
  };
  const plan = { skipped: false, package: 'shop/2', mode: 'endpoint', pointer: {}, champion: {}, notes: [] };
  const answers: Record<string, object> = {
    lease: { fence: 1 },
    'plan-release': { ...plan, images: {}, prepare: {}, batch: {}, endpoint },
    smoke: { rows: 50, largest_difference: 0, notes: ['well'] },
    point: { moved: true, release: 'r', previous: null },
    page: { uri: 'u', private: 'p', report: 'r' },
    'record-release': { status: 'ok' },
  };
  let recorded: Record<string, Json> = {};
  const failing = (state: string) => {
    const error = left[state];
    delete left[state];
    if (error) throw Object.assign(new Error(error.message), { name: error.name });
  };
  const service =
    (action: string) =>
    async (_: unknown, { state }: { state: string }) => {
      called.push(state);
      failing(state);
      if (action !== 'describeEndpoint') return {};
      const look = looks.length > 1 ? looks.shift() : looks[0];
      if (!look)
        throw Object.assign(new Error('Could not find endpoint "arn:shop".'), {
          name: 'SageMaker.SageMakerException',
        });
      const { status, config = 'new', reason } = look;
      return { EndpointStatus: status, EndpointConfigName: config, ...(reason && { FailureReason: reason }) };
    };
  const names = [
    'sagemaker:createModel',
    'sagemaker:createEndpointConfig',
    'sagemaker:createEndpoint',
    'sagemaker:updateEndpoint',
    'aws-sdk:sagemaker:describeEndpoint',
    'aws-sdk:sagemaker:deleteEndpoint',
    'aws-sdk:sagemaker:deleteEndpointConfig',
    'aws-sdk:sagemaker:deleteModel',
  ];
  const others = Object.values(releaseMachine(embeddedReleaseResources).States).flatMap((state) =>
    state.Type === 'Task' ? [state.Resource] : [],
  );
  const result = await execute(
    releaseMachine(embeddedReleaseResources),
    { request: { model: 'shop' } } as never,
    {
      name: 'r',
      signal: new AbortController().signal,
      onEvent: () => {},
      handlers: {
        ...Object.fromEntries(others.map((resource) => [resource, async () => ({})])),
        ...Object.fromEntries(
          names.map((name) => [`arn:aws:states:::${name}`, service(name.split(':').at(-1) ?? '')]),
        ),
        'arn:aws:states:::lambda:invoke': async (parameters: unknown, { state }: { state: string }) => {
          const { FunctionName, Payload } = parameters as {
            FunctionName: string;
            Payload: Record<string, Json>;
          };
          const name = FunctionName.split(':').at(-1) ?? '';
          if (name === 'record-release') recorded = Payload.state as Record<string, Json>;
          else called.push(state);
          failing(state);
          return { Payload: answers[name] as never };
        },
      },
    },
  );
  const followed = called.filter(
    (name) =>
      !['Take lease', 'Plan release', 'Create endpoint model', 'Create endpoint config'].includes(name),
  );
  return { result, recorded, called: followed.filter((name) => !name.startsWith('Find')) };
}

describe('an endpoint gets a new model', () => {
  test('there is none: it is created', async () => {
    const { result, called } = await released({
      looks: [null, { status: 'Creating' }, { status: 'InService' }],
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(called).toEqual(['Create endpoint', 'Smoke test', 'Move pointer', 'Page']);
  });

  test('SageMaker is at work on it: it is waited for, then updated', async () => {
    const { result, called, recorded } = await released({
      before: 'old',
      retire: true,
      looks: [
        { status: 'SystemUpdating', config: 'old' },
        { status: 'RollingBack', config: 'old' },
        { status: 'InService', config: 'old' },
        { status: 'Updating', config: 'old' },
        { status: 'InService' },
      ],
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(called).toEqual([
      'Update endpoint',
      'Smoke test',
      'Move pointer',
      'Page',
      'Delete older config',
      'Delete older model',
    ]);
    expect(recorded).toMatchObject({ plan: { notes: ['well'] }, delivered: { release: 'r', rows: 0 } });
  });

  test('with several instances it is updated in steps', async () => {
    const { called } = await released({
      before: 'old',
      guarded: true,
      looks: [{ status: 'InService', config: 'old' }, { status: 'InService' }],
    });
    expect(called[0]).toBe('Update endpoint in steps');
  });

  test('one that has it is not touched', async () => {
    const { called } = await released({ before: 'new', looks: [{ status: 'InService' }] });
    expect(called).toEqual(['Smoke test', 'Move pointer', 'Page']);
  });

  test('one that failed before can only be deleted and created', async () => {
    const { result, called } = await released({
      looks: [{ status: 'Failed', config: 'old' }, { status: 'Deleting' }, null, { status: 'InService' }],
    });
    expect(result.status).toBe('SUCCEEDED');
    expect(called.slice(0, 2)).toEqual(['Delete failed endpoint', 'Create endpoint']);
  });

  test('what is there already is used', async () => {
    const taken = (what: string) => ({
      name: 'SageMaker.AmazonSageMakerException',
      message: `Cannot create already existing ${what} "arn:new". (Service: AmazonSageMaker; Status Code: 400)`,
    });
    const { result } = await released({
      looks: [{ status: 'InService' }],
      errors: {
        'Create endpoint model': taken('model'),
        'Create endpoint config': taken('endpoint configuration'),
      },
    });
    expect(result.status).toBe('SUCCEEDED');
  });
});

describe('a failure leaves what answered before', () => {
  const smokeFails = { 'Smoke test': { name: 'SmokeError', message: 'other scores' } };

  test('an update that SageMaker took back without a word', async () => {
    const { result, called, recorded } = await released({
      before: 'old',
      looks: [
        { status: 'InService', config: 'old' },
        { status: 'Updating', config: 'old' },
        { status: 'InService', config: 'old' },
      ],
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'EndpointError' });
    expect(result).toHaveProperty(
      'cause',
      'endpoint shop: its status is InService with the config old, expected InService with new: SageMaker gives no reason. A health check or an alarm may have ended the update',
    );
    expect(called).toEqual(['Update endpoint']);
    expect(recorded).toMatchObject({ failed_step: 'Wait for endpoint', went_back: { to: 'old' } });
  });

  test('a first endpoint that fails is deleted', async () => {
    const { result, called, recorded } = await released({
      looks: [null, { status: 'Failed', reason: 'no ping' }],
    });
    expect(result).toMatchObject({ status: 'FAILED', cause: expect.stringMatching(/: no ping$/) });
    expect(called).toEqual(['Create endpoint', 'Delete endpoint']);
    expect(recorded).toMatchObject({ went_back: { to: 'deleted' } });
  });

  test('other answers than the gate judged: the config before comes back and is read back', async () => {
    const { result, called, recorded } = await released({
      before: 'old',
      errors: smokeFails,
      looks: [
        { status: 'InService', config: 'old' },
        { status: 'InService' },
        { status: 'InService' },
        { status: 'Updating' },
        { status: 'InService', config: 'old' },
      ],
    });
    expect(result).toMatchObject({ status: 'FAILED', error: 'SmokeError' });
    expect(called).toEqual(['Update endpoint', 'Smoke test', 'Go back']);
    expect(recorded).toMatchObject({ failed_step: 'Smoke test', went_back: { to: 'old' } });
  });

  test('a first endpoint that answers otherwise is deleted; one that a killed release left goes back to its config', async () => {
    const first = await released({ errors: smokeFails, looks: [null, { status: 'InService' }] });
    expect(first.called).toEqual(['Create endpoint', 'Smoke test', 'Delete endpoint']);
    const left = await released({
      errors: smokeFails,
      looks: [
        { status: 'InService', config: 'left' },
        { status: 'InService' },
        { status: 'InService' },
        { status: 'InService', config: 'left' },
      ],
    });
    expect(left.recorded).toMatchObject({ went_back: { to: 'left' } });
  });

  test('what answers already and fails is left, because readers have it', async () => {
    const { called, recorded } = await released({
      before: 'new',
      errors: smokeFails,
      looks: [{ status: 'InService' }],
    });
    expect(called).toEqual(['Smoke test']);
    expect(recorded.went_back).toBeUndefined();
  });

  test('an endpoint that fails while it goes back is deleted and made again with the config before', async () => {
    const { called, recorded } = await released({
      before: 'old',
      looks: [
        { status: 'InService', config: 'old' },
        { status: 'Failed', reason: 'no capacity' },
        { status: 'Failed' },
        { status: 'Deleting' },
        null,
        { status: 'Creating', config: 'old' },
        { status: 'InService', config: 'old' },
      ],
    });
    expect(called).toEqual(['Update endpoint', 'Delete endpoint to go back', 'Create endpoint again']);
    expect(recorded).toMatchObject({ went_back: { to: 'old' } });
  });

  test('a way back that fails says that another model may answer', async () => {
    const { result } = await released({
      before: 'old',
      errors: smokeFails,
      looks: [{ status: 'InService', config: 'old' }, { status: 'InService' }, { status: 'InService' }],
    });
    expect(result).toHaveProperty(
      'cause',
      'endpoint shop: the release failed (SmokeError), and going back to the config "old" failed too: EndpointError: endpoint shop: its status is InService with the config new, expected InService with old: SageMaker gives no reason. A health check or an alarm may have ended the update. It may answer with a model that was not released',
    );
  });

  test('a pointer that does not move takes the endpoint back, but not from another release', async () => {
    const looks = () => [
      { status: 'InService', config: 'old' },
      { status: 'InService' },
      { status: 'InService' },
      { status: 'InService', config: 'old' },
    ];
    const failed = await released({
      before: 'old',
      looks: looks(),
      errors: { 'Move pointer': { name: 'AccessDenied', message: 'no' } },
    });
    expect(failed.recorded).toMatchObject({ failed_step: 'Move pointer', went_back: { to: 'old' } });
    const lost = await released({
      before: 'old',
      looks: looks(),
      errors: { 'Move pointer': { name: 'LeaseLostError', message: 'another has it' } },
    });
    expect(lost.called).toEqual(['Update endpoint', 'Smoke test', 'Move pointer']);
  });

  test('a config that SageMaker refuses changes no endpoint', async () => {
    const { result, called } = await released({
      looks: [null],
      errors: {
        'Create endpoint config': { name: 'SageMaker.AmazonSageMakerException', message: 'invalid type' },
      },
    });
    expect(result).toMatchObject({ status: 'FAILED', cause: 'invalid type' });
    expect(called).toEqual([]);
  });
});
