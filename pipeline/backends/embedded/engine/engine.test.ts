// An execution as a whole. What its states do: engine/data.test.ts, engine/flow.test.ts; what is not run: engine/refusals.test.ts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import type { State } from '../../../machines/asl.ts';
import { job, lambda, machine, run, single } from './engine.fixture.ts';
import { type ExecutionEvent, TaskError, type TaskHandler } from './execution.ts';

afterEach(() => {
  jest.useRealTimers();
});

test('events come in order, with parameters, results and times', async () => {
  const document = machine({
    Plan: {
      Type: 'Task',
      Resource: lambda,
      Parameters: { FunctionName: 'plan', 'Payload.$': '$.request' },
      ResultSelector: { 'n.$': '$.Payload.n' },
      ResultPath: '$.plan',
      Next: 'Train',
    },
    Train: {
      Type: 'Task',
      Resource: job,
      Parameters: { 'n.$': '$.plan.n' },
      Retry: [{ ErrorEquals: ['Throttled'], IntervalSeconds: 1 }],
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'Record' }],
      Next: 'Record',
    },
    Record: { Type: 'Pass', End: true },
  });
  const errors = [new TaskError('Throttled', 'later'), new TaskError('Broken', 'cause')];
  const train: TaskHandler = async () => {
    await sleep(30);
    throw errors.shift();
  };
  const plan: TaskHandler = async () => ({ StatusCode: 200, Payload: { n: 3 } });
  const { result, events } = await run(
    document,
    { request: 'r' },
    { handlers: { [lambda]: plan, [job]: train } },
  );

  const planned = { request: 'r', plan: { n: 3 } };
  const output = { ...planned, error: { Error: 'Broken', Cause: 'cause' } };
  const at = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
  const seconds = expect.any(Number);
  const onPlan = { at, state: 'Plan', resource: lambda };
  const onTrain = { at, state: 'Train', resource: job };
  expect(result).toEqual({ status: 'SUCCEEDED', output });
  expect(events).toEqual([
    { at, type: 'ExecutionStarted', parameters: { request: 'r' } },
    { at, type: 'StateEntered', state: 'Plan' },
    { ...onPlan, type: 'TaskStarted', parameters: { FunctionName: 'plan', Payload: 'r' } },
    { ...onPlan, type: 'TaskSucceeded', result: { StatusCode: 200, Payload: { n: 3 } }, seconds },
    { at, type: 'StateExited', state: 'Plan', result: planned, seconds },
    { at, type: 'StateEntered', state: 'Train' },
    { ...onTrain, type: 'TaskStarted', parameters: { n: 3 } },
    { ...onTrain, type: 'TaskFailed', error: 'Throttled', cause: 'later', seconds },
    { at, type: 'TaskRetried', state: 'Train' },
    { ...onTrain, type: 'TaskStarted', parameters: { n: 3 } },
    { ...onTrain, type: 'TaskFailed', error: 'Broken', cause: 'cause', seconds },
    { at, type: 'StateExited', state: 'Train', seconds },
    { at, type: 'StateEntered', state: 'Record' },
    { at, type: 'StateExited', state: 'Record', result: output, seconds },
    { at, type: 'ExecutionSucceeded', result: output, seconds },
  ]);
  // The task's own time, and the state's with both attempts and the second between them.
  expect(events[7]?.seconds).toBeGreaterThan(0.02);
  expect(events[11]?.seconds).toBeGreaterThan(1.05);
  const times = events.map((event) => event.at);
  expect(times).toEqual(times.toSorted((a, b) => a.localeCompare(b)));
});

test('the handler learns state, resource and attempt', async () => {
  const seen: unknown[] = [];
  const handler: TaskHandler = async (parameters, { state, resource, attempt, signal }) => {
    seen.push({ parameters, state, resource, attempt, aborted: signal.aborted });
  };
  await run(single({ Type: 'Task', Resource: job, End: true }), { a: 1 }, { handlers: { [job]: handler } });
  expect(seen).toEqual([{ parameters: { a: 1 }, state: 'Only', resource: job, attempt: 1, aborted: false }]);
});

test('an error that nothing takes fails the execution', async () => {
  const handler: TaskHandler = async () => {
    throw new TaskError('ConfigError', 'train.count is 0');
  };
  const { result, events } = await run(
    single({ Type: 'Task', Resource: job, End: true }),
    {},
    { handlers: { [job]: handler } },
  );
  expect(result).toEqual({ status: 'FAILED', error: 'ConfigError', cause: 'train.count is 0' });
  expect(events.at(-1)).toMatchObject({
    type: 'ExecutionFailed',
    error: 'ConfigError',
    cause: 'train.count is 0',
  });
});

const inParallel = (Resource: string, names: string[], fields: Partial<State> = {}): State =>
  ({
    Type: 'Parallel',
    Branches: names.map((name) =>
      machine({ [name]: { Type: 'Task', Resource, Retry: [{ ErrorEquals: ['States.ALL'] }], End: true } }),
    ),
    Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
    Next: 'Caught',
    ...fields,
  }) as State;

test('an abort ends the processes of running tasks before the execution ends, and no Retry or Catch goes on', async () => {
  const controller = new AbortController();
  const children: number[] = [];
  const handler: TaskHandler = async (_, { signal }) => {
    // Ignores SIGTERM for a moment, as a job that cleans up does.
    const child = spawn('sh', [
      '-c',
      'trap "sleep 0.2; exit 1" TERM; echo ready; while :; do sleep 0.05; done',
    ]);
    children.push(child.pid ?? 0);
    const exited = once(child, 'exit');
    await once(child.stdout, 'data');
    if (children.length === 2) controller.abort();
    if (!signal.aborted) await once(signal, 'abort');
    child.kill('SIGTERM');
    await exited;
    throw new Error('killed');
  };
  const document = machine({ Both: inParallel(job, ['A', 'B']), Caught: { Type: 'Pass', End: true } });
  const { result, events } = await run(
    document,
    {},
    { handlers: { [job]: handler }, signal: controller.signal },
  );
  expect(result).toEqual({ status: 'ABORTED' });
  expect(children).toHaveLength(2);
  for (const pid of children) expect(() => process.kill(pid, 0)).toThrow('ESRCH');
  expect(events.slice(-3).map(({ type }) => type)).toEqual([
    'TaskAborted',
    'TaskAborted',
    'ExecutionAborted',
  ]);
  expect(events.filter(({ type }) => type === 'TaskStarted')).toHaveLength(2);
});

test.each<[string, State]>([
  ['a Wait', { Type: 'Wait', Seconds: 600, End: true }],
  [
    'the time before a Retry',
    {
      Type: 'Task',
      Resource: job,
      Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 600 }],
      End: true,
    },
  ],
])('an abort during %s ends the execution at once', async (_, state) => {
  const controller = new AbortController();
  let calls = 0;
  const handler: TaskHandler = async () => {
    calls++;
    throw new Error('again');
  };
  setTimeout(() => controller.abort(), 50);
  const { result, log } = await run(
    single(state),
    {},
    { handlers: { [job]: handler }, signal: controller.signal },
  );
  expect(result).toEqual({ status: 'ABORTED' });
  expect(calls).toBeLessThan(2);
  expect(log).not.toContain('TaskRetried Only');
});

test('aborted before the start: nothing runs', async () => {
  const handler: TaskHandler = async () => {
    throw new Error('ran');
  };
  const document = single({ Type: 'Task', Resource: job, End: true });
  const { result, log } = await run(
    document,
    {},
    { handlers: { [job]: handler }, signal: AbortSignal.abort() },
  );
  expect(result).toEqual({ status: 'ABORTED' });
  expect(log).toEqual(['ExecutionStarted', 'ExecutionAborted']);
});

test('an abort when the last state has ended is an abort still', async () => {
  const controller = new AbortController();
  const onEvent = ({ type }: ExecutionEvent) => {
    if (type === 'StateExited') controller.abort();
  };
  const { result } = await run(single({ Type: 'Succeed' }), {}, { signal: controller.signal, onEvent });
  expect(result).toEqual({ status: 'ABORTED' });
});

test("a loop that waits for nothing ends with the execution's TimeoutSeconds", async () => {
  const document = machine({
    A: { Type: 'Pass', Next: 'B' },
    B: { Type: 'Choice', Choices: [{ Variable: '$.end', IsPresent: true, Next: 'C' }], Default: 'A' },
    C: { Type: 'Succeed' },
  });
  const onEvent = () => undefined;
  expect((await run({ ...document, TimeoutSeconds: 1 }, {}, { onEvent })).result).toEqual({
    status: 'TIMED_OUT',
  });
});

test("the execution's TimeoutSeconds stops what runs, and no Catch goes on", async () => {
  let stopped = false;
  const handler: TaskHandler = async (_, { signal }) => {
    await sleep(30_000, undefined, { signal }).catch(() => {
      stopped = true;
    });
  };
  const document = machine({ Both: inParallel(job, ['A', 'B']), Caught: { Type: 'Pass', End: true } });
  const { result, log } = await run({ ...document, TimeoutSeconds: 1 }, {}, { handlers: { [job]: handler } });
  expect(result).toEqual({ status: 'TIMED_OUT' });
  expect(stopped).toBe(true);
  expect(log.at(-1)).toBe('ExecutionTimedOut');
  expect(log).not.toContain('StateEntered Caught');
});

test('a task without TimeoutSeconds has days, and one with years does not time out at once', async () => {
  jest.useFakeTimers();
  const finish: (() => void)[] = [];
  const handler: TaskHandler = () => new Promise((resolve) => finish.push(() => resolve(1)));
  const states = [{}, { TimeoutSeconds: 99_999_999 }].map((fields, index) =>
    machine({ [`T${index}`]: { Type: 'Task', Resource: job, End: true, ...fields } as State }),
  );
  const done = run(
    single({ Type: 'Parallel', Branches: states, End: true }),
    {},
    { handlers: { [job]: handler } },
  );
  await jest.advanceTimersByTimeAsync(7 * 24 * 3600 * 1000);
  for (const end of finish) end();
  expect((await done).result).toEqual({ status: 'SUCCEEDED', output: [1, 1] });
});

test('a finished execution leaves no timer that would keep the process alive', async () => {
  jest.useFakeTimers();
  const document = single({ Type: 'Task', Resource: job, TimeoutSeconds: 600, End: true });
  await run({ ...document, TimeoutSeconds: 600 }, {}, { handlers: { [job]: async () => 1 } });
  expect(jest.getTimerCount()).toBe(0);
});

test('an event that cannot be kept stops the execution and is thrown', async () => {
  const ran: string[] = [];
  const handler: TaskHandler = async (_, { state }) => {
    ran.push(state);
  };
  const document = machine({
    A: { Type: 'Task', Resource: job, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }], Next: 'B' },
    B: { Type: 'Task', Resource: job, End: true },
  });
  const onEvent = ({ type, state }: ExecutionEvent) => {
    if (type === 'StateExited' && state === 'A') throw new Error('ENOSPC: no space left');
  };
  await expect(run(document, {}, { handlers: { [job]: handler }, onEvent })).rejects.toThrow('ENOSPC');
  expect(ran).toEqual(['A']);
});

test('an event that cannot be kept stops a Wait that it begins', async () => {
  const onEvent = ({ type }: ExecutionEvent) => {
    if (type === 'StateEntered') throw new Error('ENOSPC: no space left');
  };
  const document = single({ Type: 'Wait', Seconds: 600, End: true });
  await expect(run(document, {}, { onEvent })).rejects.toThrow('ENOSPC');
});

test('executions side by side do not meet', async () => {
  const handler: TaskHandler = async (parameters) => {
    await sleep(10);
    return parameters;
  };
  const document = single({
    Type: 'Task',
    Resource: job,
    Parameters: { 'name.$': '$$.Execution.Name' },
    End: true,
  });
  const names = ['a', 'b', 'c'];
  const results = await Promise.all(
    names.map((name) => run(document, {}, { name, handlers: { [job]: handler } })),
  );
  expect(results.map(({ result }) => result)).toEqual(
    names.map((name) => ({ status: 'SUCCEEDED', output: { name } })),
  );
});
