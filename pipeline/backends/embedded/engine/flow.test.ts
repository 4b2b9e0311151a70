// Which state follows which, per https://states-language.net/spec.html and the AWS Step Functions developer guide.
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, expect, jest, test } from '@jest/globals';
import type { Rule, State, States } from '../../../machines/asl.ts';
import { job, lambda, machine, outputOf, run, single } from './engine.fixture.ts';
import { execute } from './engine.ts';
import { type TaskContext, TaskError, type TaskHandler } from './execution.ts';

afterEach(() => {
  jest.useRealTimers();
});

const data = {
  text: 'a.b',
  n: 5,
  yes: true,
  nothing: null,
  limit: 6,
  other: 'a.b',
  lines: 'first\nCapacityError: none\n',
};

const rules: [Rule, boolean][] = [
  [{ Variable: '$.text', StringEquals: 'a.b' }, true],
  [{ Variable: '$.text', StringEquals: 'axb' }, false],
  [{ Variable: '$.text', StringEqualsPath: '$.other' }, true],
  [{ Variable: '$.text', StringLessThan: 'b' }, true],
  [{ Variable: '$.text', StringGreaterThanEquals: 'a.b' }, true],
  [{ Variable: '$.n', StringLessThan: '9' }, false],
  [{ Variable: '$.text', StringMatches: 'a*' }, true],
  [{ Variable: '$.text', StringMatches: '*.b' }, true],
  [{ Variable: '$.text', StringMatches: 'a?b' }, false],
  [{ Variable: '$.text', StringMatches: 'a' }, false],
  [{ Variable: '$.text', StringMatches: '[a].b' }, false],
  [{ Variable: '$.lines', StringMatches: '*CapacityError*' }, true],
  [{ Variable: '$.n', StringMatches: '*' }, false],
  [{ Variable: '$.n', NumericEquals: 5 }, true],
  [{ Variable: '$.n', NumericLessThan: 5 }, false],
  [{ Variable: '$.n', NumericLessThanEquals: 5 }, true],
  [{ Variable: '$.n', NumericGreaterThan: 4.5 }, true],
  [{ Variable: '$.n', NumericGreaterThanEquals: 6 }, false],
  [{ Variable: '$.n', NumericLessThanPath: '$.limit' }, true],
  [{ Variable: '$.yes', NumericGreaterThan: 0 }, false],
  [{ Variable: '$.nothing', NumericLessThan: 1 }, false],
  [{ Variable: '$.yes', BooleanEquals: true }, true],
  [{ Variable: '$.text', BooleanEquals: true }, false],
  [{ Variable: '$.n', IsPresent: true }, true],
  [{ Variable: '$.nothing', IsPresent: true }, true],
  [{ Variable: '$.gone.deep', IsPresent: true }, false],
  [{ Variable: '$.gone', IsPresent: false }, true],
  [{ Variable: '$.n', IsPresent: false }, false],
  [{ Variable: '$.nothing', IsNull: true }, true],
  [{ Variable: '$.n', IsNull: false }, true],
  [{ Variable: '$.n', IsNumeric: true }, true],
  [{ Variable: '$.text', IsNumeric: false }, true],
  [{ Variable: '$.text', IsString: true }, true],
  [{ Variable: '$.yes', IsBoolean: true }, true],
  [{ Variable: '$$.Execution.Name', StringEquals: 'run-1' }, true],
  [{ Not: { Variable: '$.n', NumericEquals: 5 } }, false],
  [
    {
      And: [
        { Variable: '$.n', NumericEquals: 5 },
        { Variable: '$.yes', BooleanEquals: false },
      ],
    },
    false,
  ],
  [
    {
      And: [
        { Variable: '$.n', NumericEquals: 5 },
        { Variable: '$.yes', BooleanEquals: true },
      ],
    },
    true,
  ],
  [
    {
      Or: [
        { Variable: '$.n', NumericEquals: 4 },
        { Variable: '$.yes', BooleanEquals: true },
      ],
    },
    true,
  ],
  [
    {
      And: [
        { Variable: '$.gone', IsPresent: true },
        { Variable: '$.gone', NumericEquals: 1 },
      ],
    },
    false,
  ],
  [{ Or: [{ Not: { Variable: '$.gone', IsPresent: true } }, { Variable: '$.gone', IsNull: true }] }, true],
];

// All in one document, a branch for each: asl-validator takes 80 ms for a document.
let decided: Promise<unknown> | undefined;

test.each(
  rules.map(([rule, holds], index): [string, boolean, number] => [JSON.stringify(rule), holds, index]),
)('the choice %s: %s', async (_, holds, index) => {
  const branch = ([rule]: [Rule, boolean], number: number) =>
    machine({
      [`Choice ${number}`]: {
        Type: 'Choice',
        Choices: [{ ...rule, Next: `Yes ${number}` }],
        Default: `No ${number}`,
      },
      [`Yes ${number}`]: { Type: 'Pass', Result: true, End: true },
      [`No ${number}`]: { Type: 'Pass', Result: false, End: true },
    });
  decided ??= outputOf(single({ Type: 'Parallel', Branches: rules.map(branch), End: true }), data);
  expect(await decided).toHaveProperty([String(index)], holds);
});

test('the first choice that holds decides, and hands on the input', async () => {
  const document = machine({
    Which: {
      Type: 'Choice',
      Choices: [
        { Variable: '$.n', NumericEquals: 4, Next: 'No' },
        { Variable: '$.n', NumericEquals: 5, Next: 'Same' },
        { Variable: '$.n', NumericGreaterThan: 1, Next: 'No' },
      ],
    },
    Same: { Type: 'Succeed' },
    No: { Type: 'Fail' },
  });
  expect(await outputOf(document, data)).toEqual(data);
});

test('no choice and no Default is States.NoChoiceMatched; a Variable that is not there is States.Runtime', async () => {
  const choice = (path: string): States => ({
    Which: { Type: 'Choice', Choices: [{ Variable: path, NumericEquals: 4, Next: 'Yes' }] },
    Yes: { Type: 'Succeed' },
  });
  expect((await run(machine(choice('$.n')), data)).result).toMatchObject({ error: 'States.NoChoiceMatched' });
  expect((await run(machine(choice('$.gone')), data)).result).toMatchObject({ error: 'States.Runtime' });
});

test('a Choice can lead back: a loop', async () => {
  const document = machine({
    Add: { Type: 'Pass', Parameters: { 'n.$': 'States.MathAdd($.n, 1)' }, Next: 'Enough?' },
    'Enough?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.n', NumericLessThan: 5, Next: 'Add' }],
      Default: 'Done',
    },
    Done: { Type: 'Succeed' },
  });
  expect(await outputOf(document, { n: 0 })).toEqual({ n: 5 });
});

test.each<[string, State, { error: string; cause: string }]>([
  ['Error and Cause', { Type: 'Fail', Error: 'Mine', Cause: 'why' }, { error: 'Mine', cause: 'why' }],
  [
    'ErrorPath and CausePath',
    { Type: 'Fail', ErrorPath: '$.e.Error', CausePath: '$.e.Cause' },
    { error: 'E', cause: 'c' },
  ],
  [
    'intrinsic functions',
    { Type: 'Fail', ErrorPath: "States.Format('{}1', $.e.Error)", CausePath: 'States.JsonToString($.e)' },
    { error: 'E1', cause: '{"Error":"E","Cause":"c"}' },
  ],
  ['neither', { Type: 'Fail' }, { error: '', cause: '' }],
])('Fail with %s', async (_, state, expected) => {
  const { result } = await run(single(state), { e: { Error: 'E', Cause: 'c' } });
  expect(result).toEqual({ status: 'FAILED', ...expected });
});

const failing = (
  ...errors: (Error | null)[]
): { handlers: Record<string, TaskHandler>; calls: TaskContext[] } => {
  const calls: TaskContext[] = [];
  const handler: TaskHandler = async (_, context) => {
    calls.push(context);
    const error = errors[calls.length - 1];
    if (error) throw error;
    return 'done';
  };
  return { handlers: { [job]: handler, [lambda]: handler }, calls };
};

test.each<[string, Error, { Error: string; Cause: unknown }]>([
  [
    job,
    new TaskError('SageMaker.Throttled', 'slow down'),
    { Error: 'SageMaker.Throttled', Cause: 'slow down' },
  ],
  [job, new RangeError('broke'), { Error: 'States.TaskFailed', Cause: 'broke' }],
  [
    lambda,
    Object.assign(new Error('no target'), { name: 'DataContractError' }),
    {
      Error: 'DataContractError',
      Cause: expect.stringMatching(/^{"errorType":"DataContractError","errorMessage":"no target","trace":\[/),
    },
  ],
])(
  'an error of %s reaches Catch as Error and Cause, put where ResultPath says: %s',
  async (Resource, error, expected) => {
    const document = machine({
      A: {
        Type: 'Task',
        Resource,
        Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'B' }],
        End: true,
      },
      B: { Type: 'Succeed' },
    });
    expect(await outputOf(document, { kept: 1 }, failing(error))).toEqual({ kept: 1, error: expected });
  },
);

test.each<[string | null | undefined, unknown]>([
  [undefined, { Error: 'E', Cause: 'c' }],
  ['$', { Error: 'E', Cause: 'c' }],
  [null, { kept: 1 }],
  ['$.kept', { kept: { Error: 'E', Cause: 'c' } }],
  ['$.new.deep', { kept: 1, new: { deep: { Error: 'E', Cause: 'c' } } }],
])('Catch with ResultPath %s', async (ResultPath, expected) => {
  const path = ResultPath === undefined ? {} : { ResultPath };
  const document = machine({
    A: { Type: 'Task', Resource: job, Catch: [{ ErrorEquals: ['E'], Next: 'B', ...path }], End: true },
    B: { Type: 'Succeed' },
  });
  expect(await outputOf(document, { kept: 1 }, failing(new TaskError('E', 'c')))).toEqual(expected);
});

test("a catcher's ResultPath that leads into a number is States.ResultPathMatchFailure, which the same state does not catch", async () => {
  const inner = machine({
    A: {
      Type: 'Task',
      Resource: job,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.kept.error', Next: 'Caught' }],
      End: true,
    },
    Caught: { Type: 'Succeed' },
  });
  const document = machine({
    Around: {
      Type: 'Parallel',
      Branches: [inner],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Outer' }],
      End: true,
    },
    Outer: { Type: 'Succeed', OutputPath: '$.Error' },
  });
  const output = await outputOf(document, { kept: 1 }, failing(new TaskError('E', '')));
  expect(output).toBe('States.ResultPathMatchFailure');
});

const catchers: States = {
  A: {
    Type: 'Task',
    Resource: job,
    TimeoutSeconds: 1,
    Catch: [
      { ErrorEquals: ['X', 'Y'], Next: 'Named' },
      { ErrorEquals: ['States.TaskFailed'], Next: 'Failed' },
      { ErrorEquals: ['States.ALL'], Next: 'Any' },
    ],
    End: true,
  },
  Named: { Type: 'Pass', Result: 'named', End: true },
  Failed: { Type: 'Pass', Result: 'failed', End: true },
  Any: { Type: 'Pass', Result: 'any', End: true },
};

test('the first catcher that names the error takes it; States.TaskFailed is any error but States.Timeout', async () => {
  const errors: [string, string][] = [
    ['Y', 'named'],
    ['Other', 'failed'],
    ['States.TaskFailed', 'failed'],
    ['States.Timeout', 'any'],
  ];
  for (const [error, expected] of errors) {
    expect(await outputOf(machine(catchers), {}, failing(new TaskError(error, '')))).toBe(expected);
  }
});

const everything = {
  Retry: [{ ErrorEquals: ['States.TaskFailed'] }, { ErrorEquals: ['States.ALL'] }],
  Catch: [
    { ErrorEquals: ['States.TaskFailed'], Next: 'Caught' },
    { ErrorEquals: ['States.ALL'], Next: 'Caught' },
  ],
};
const anything = {
  Retry: [{ ErrorEquals: ['States.ALL'] }],
  Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Caught' }],
};

test.each(['States.Runtime', 'States.DataLimitExceeded'])(
  '%s ends the execution, from within a branch too: neither States.TaskFailed nor States.ALL stops it',
  async (error) => {
    const Caught: State = { Type: 'Succeed' };
    const task: State = { Type: 'Task', Resource: job, ...everything, Next: 'Caught' };
    const around = (inner: States): States => ({
      Around: {
        Type: 'Parallel',
        Branches: [machine(inner)],
        Retry: anything.Retry,
        Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Outer' }],
        Next: 'Outer',
      },
      Outer: { Type: 'Succeed' },
    });
    for (const states of [{ A: task, Caught }, around({ A: task, Caught })]) {
      const once = failing(new TaskError(error, 'c'), null);
      expect((await run(machine(states), {}, once)).result).toEqual({ status: 'FAILED', error, cause: 'c' });
      expect(once.calls).toHaveLength(1);
    }
  },
);

test('Retry of States.TaskFailed takes any error of a task but States.Timeout', async () => {
  const document = single({
    Type: 'Task',
    Resource: job,
    Retry: [{ ErrorEquals: ['States.TaskFailed'], JitterStrategy: 'FULL' }],
    End: true,
  });
  const random = jest.spyOn(Math, 'random').mockReturnValue(0);
  const some = failing(new TaskError('Other', ''), new Error('plain'), new TaskError('States.Timeout', ''));
  const { result } = await run(document, {}, some);
  random.mockRestore();
  expect(result).toMatchObject({ status: 'FAILED', error: 'States.Timeout' });
  expect(some.calls).toHaveLength(3);
});

test('a task beyond its TimeoutSeconds gets the signal, is waited for, and fails with States.Timeout', async () => {
  const order: string[] = [];
  const handler: TaskHandler = async (_, { signal }) => {
    await sleep(30_000, undefined, { signal }).catch(() => order.push('signal'));
    await sleep(50);
    order.push('handler ended');
    return 'too late';
  };
  const onEvent = ({ type, state }: { type: string; state?: string }) => {
    if (type === 'TaskTimedOut' || state === 'Any') order.push(`${type} ${state}`);
  };
  expect(await outputOf(machine(catchers), {}, { handlers: { [job]: handler }, onEvent })).toBe('any');
  expect(order).toEqual(['signal', 'handler ended', 'TaskTimedOut A', 'StateEntered Any', 'StateExited Any']);
});

test('TimeoutSecondsPath', async () => {
  const document = single({ Type: 'Task', Resource: job, TimeoutSecondsPath: '$.limit', End: true });
  const handler: TaskHandler = (_, { signal }) => sleep(30_000, undefined, { signal });
  const { result } = await run(document, { limit: 1 }, { handlers: { [job]: handler } });
  expect(result).toMatchObject({ error: 'States.Timeout', cause: 'The task ran for more than 1 seconds' });
  const wrong = await run(document, { limit: '1' }, { handlers: { [job]: handler } });
  expect(wrong.result).toMatchObject({ error: 'States.Runtime' });
});

test('a timeout can be retried, with its time anew', async () => {
  const document = single({
    Type: 'Task',
    Resource: job,
    TimeoutSeconds: 1,
    Retry: [{ ErrorEquals: ['States.Timeout'], JitterStrategy: 'FULL' }],
    End: true,
  });
  const random = jest.spyOn(Math, 'random').mockReturnValue(0);
  const handler: TaskHandler = async (_, { attempt, signal }) => {
    if (attempt === 1) await sleep(30_000, undefined, { signal }).catch(() => undefined);
    return signal.aborted ? 'too late' : attempt;
  };
  const output = await outputOf(document, {}, { handlers: { [job]: handler } });
  random.mockRestore();
  expect(output).toBe(2);
});

/** The seconds at which a task that fails with each of the errors, then with the last one, is started. */
async function attempts(states: States, seconds: number, errors = ['Transient']): Promise<number[]> {
  jest.useFakeTimers();
  const start = Date.now();
  const at: number[] = [];
  const handler: TaskHandler = async () => {
    at.push((Date.now() - start) / 1000);
    throw new TaskError(errors[at.length - 1] ?? errors.at(-1) ?? '', '');
  };
  const done = run(machine(states), {}, { handlers: { [job]: handler } });
  await jest.advanceTimersByTimeAsync(seconds * 1000);
  await done;
  return at;
}

test('Retry waits IntervalSeconds, BackoffRate times longer each time, at most MaxDelaySeconds', async () => {
  const Retry = [
    { ErrorEquals: ['Transient'], IntervalSeconds: 2, MaxAttempts: 5, BackoffRate: 3, MaxDelaySeconds: 20 },
  ];
  const at = await attempts({ A: { Type: 'Task', Resource: job, Retry, End: true } }, 100);
  expect(at).toEqual([0, 2, 8, 26, 46, 66]);
});

test('Retry by default: after 1, 2 and 4 seconds', async () => {
  const Retry = [{ ErrorEquals: ['States.ALL'] }];
  expect(await attempts({ A: { Type: 'Task', Resource: job, Retry, End: true } }, 10)).toEqual([0, 1, 3, 7]);
});

test("the specification's example: five failures, two retriers that count and wait each for itself, then Catch", async () => {
  const states: States = {
    X: {
      Type: 'Task',
      Resource: job,
      Retry: [
        { ErrorEquals: ['ErrorA', 'ErrorB'], IntervalSeconds: 1, BackoffRate: 2, MaxAttempts: 2 },
        { ErrorEquals: ['ErrorC'], IntervalSeconds: 5 },
      ],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'Z' }],
      Next: 'Z',
    },
    Z: { Type: 'Succeed' },
  };
  // A, B and C wait 1, 2 and 5 seconds; the next B has used up its retrier.
  expect(await attempts(states, 60, ['ErrorA', 'ErrorB', 'ErrorC', 'ErrorB'])).toEqual([0, 1, 3, 8]);
});

test('MaxDelaySeconds holds before the jitter, and also for the first interval', async () => {
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.5);
  const Retry = [
    {
      ErrorEquals: ['States.ALL'],
      IntervalSeconds: 8,
      MaxDelaySeconds: 6,
      MaxAttempts: 2,
      JitterStrategy: 'FULL' as const,
    },
  ];
  const at = await attempts({ A: { Type: 'Task', Resource: job, Retry, End: true } }, 60);
  random.mockRestore();
  expect(at).toEqual([0, 3, 6]);
});

test('an error whose retrier is used up goes to Catch, not to the next retrier that names it', async () => {
  const document = machine({
    A: {
      Type: 'Task',
      Resource: job,
      Retry: [{ ErrorEquals: ['E'], MaxAttempts: 0 }, { ErrorEquals: ['States.ALL'] }],
      Catch: [{ ErrorEquals: ['E'], Next: 'B' }],
      End: true,
    },
    B: { Type: 'Succeed', OutputPath: '$.Error' },
  });
  const once = failing(new TaskError('E', ''), null);
  expect(await outputOf(document, {}, once)).toBe('E');
  expect(once.calls).toHaveLength(1);
});

test('JitterStrategy FULL: a random time up to the interval', async () => {
  const random = jest.spyOn(Math, 'random').mockReturnValue(0.25);
  const Retry = [
    { ErrorEquals: ['States.ALL'], IntervalSeconds: 4, MaxAttempts: 2, JitterStrategy: 'FULL' as const },
  ];
  const at = await attempts({ A: { Type: 'Task', Resource: job, Retry, End: true } }, 20);
  random.mockRestore();
  expect(at).toEqual([0, 1, 3]);
});

test('each retrier counts for itself; MaxAttempts 0 is never; an error that none names is not retried', async () => {
  const document = single({
    Type: 'Task',
    Resource: job,
    Retry: [
      { ErrorEquals: ['Never'], MaxAttempts: 0 },
      { ErrorEquals: ['A'], MaxAttempts: 1, IntervalSeconds: 1 },
      { ErrorEquals: ['B'], MaxAttempts: 1, IntervalSeconds: 1 },
    ],
    End: true,
  });
  const error = (name: string) => new TaskError(name, '');
  const both = failing(error('A'), error('B'), null);
  expect(await outputOf(document, {}, both)).toBe('done');
  expect(both.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 3]);
  for (const name of ['Never', 'Other']) {
    const once = failing(error(name), null);
    expect((await run(document, {}, once)).result).toMatchObject({ error: name });
    expect(once.calls).toHaveLength(1);
  }
});

test.each<[string, string]>([
  ['another state', 'Again'],
  ['the state itself', 'A'],
])('Catch comes after the last Retry, and by %s the retries start anew', async (_, Next) => {
  const document = machine({
    A: {
      Type: 'Task',
      Resource: job,
      Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 1, MaxAttempts: 1, JitterStrategy: 'FULL' }],
      Catch: [{ ErrorEquals: ['E'], ResultPath: null, Next }],
      End: true,
    },
    Again: { Type: 'Pass', Next: 'A' },
  });
  const random = jest.spyOn(Math, 'random').mockReturnValue(0);
  const error = new TaskError('E', '');
  const some = failing(error, error, error, null);
  const { result, log } = await run(document, {}, some);
  random.mockRestore();
  expect(result).toEqual({ status: 'SUCCEEDED', output: 'done' });
  expect(some.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
  expect(log.filter((line) => line.endsWith(' A') && !line.startsWith('Task'))).toEqual([
    'StateEntered A',
    'StateExited A',
    'StateEntered A',
    'StateExited A',
  ]);
});

const waiting: States = { W: { Type: 'Wait', SecondsPath: '$.s', Next: 'E' }, E: { Type: 'Succeed' } };

test('Wait waits for its seconds and hands on its input', async () => {
  jest.useFakeTimers();
  const start = Date.now();
  const done = run(machine(waiting), { s: 600 });
  await jest.advanceTimersByTimeAsync(600_000);
  const { result, events } = await done;
  expect(result).toEqual({ status: 'SUCCEEDED', output: { s: 600 } });
  expect(Date.parse(events.at(-1)?.at ?? '') - start).toBe(600_000);
});

const branchOf = (name: string, Resource: string, next: States = {}): { StartAt: string; States: States } =>
  machine({
    [name]: {
      Type: 'Task',
      Resource,
      ...(Object.keys(next)[0] ? { Next: Object.keys(next)[0] as string } : { End: true }),
    },
    ...next,
  } as States);

test('Parallel: every branch gets the input; the outputs come in the order of the branches', async () => {
  const document = single({
    Type: 'Parallel',
    Parameters: { 'n.$': '$.n' },
    Branches: [branchOf('Slow', job), branchOf('Fast', lambda)],
    ResultSelector: { 'slow.$': '$[0]', 'fast.$': '$[1]' },
    ResultPath: '$.both',
    End: true,
  });
  const slow: TaskHandler = async (parameters) => {
    await sleep(30);
    return { slow: parameters };
  };
  const fast: TaskHandler = async (parameters) => ({ fast: parameters });
  expect(await outputOf(document, { n: 1, m: 2 }, { handlers: { [job]: slow, [lambda]: fast } })).toEqual({
    n: 1,
    m: 2,
    both: { slow: { slow: { n: 1 } }, fast: { fast: { n: 1 } } },
  });
});

test('a branch that fails stops its siblings; the Catch goes on when their handlers have ended', async () => {
  const order: string[] = [];
  const states: States = {
    Both: {
      Type: 'Parallel',
      Branches: [
        branchOf('Long', job, { After: { Type: 'Task', Resource: job, End: true } }),
        branchOf('Bad', lambda),
      ],
      Catch: [{ ErrorEquals: ['Broken'], ResultPath: '$.error', Next: 'Caught' }],
      End: true,
    },
    Caught: { Type: 'Pass', End: true },
  };
  const long: TaskHandler = async (_, { state, signal }) => {
    order.push(`${state} starts`);
    await sleep(30_000, undefined, { signal }).catch(() => order.push('signal'));
    await sleep(50);
    order.push('handler ended');
    // What a stopped handler throws is not the error of the state.
    throw new TaskError('Late', '');
  };
  const bad: TaskHandler = async () => {
    await sleep(20);
    throw new TaskError('Broken', 'c');
  };
  const { result, log } = await run(machine(states), { n: 1 }, { handlers: { [job]: long, [lambda]: bad } });
  expect(result).toEqual({ status: 'SUCCEEDED', output: { n: 1, error: { Error: 'Broken', Cause: 'c' } } });
  expect(order).toEqual(['Long starts', 'signal', 'handler ended']);
  expect(log.indexOf('TaskAborted Long')).toBeLessThan(log.indexOf('StateEntered Caught'));
  expect(log).not.toContain('StateExited Long');
  expect(log).not.toContain('StateEntered After');
});

test('a sibling stopped while it waits for its next attempt does not start it', async () => {
  const retrying = {
    ...branchOf('Retrying', job).States.Retrying,
    Retry: [{ ErrorEquals: ['States.ALL'], IntervalSeconds: 60, MaxAttempts: 99_999_999 }],
  } as State;
  const document = single({
    Type: 'Parallel',
    Branches: [machine({ Retrying: retrying }), branchOf('Bad', lambda)],
    End: true,
  });
  const first = failing(new TaskError('Again', ''), null);
  const bad: TaskHandler = async () => {
    await sleep(30);
    throw new TaskError('Broken', '');
  };
  const { result, log } = await run(document, {}, { handlers: { ...first.handlers, [lambda]: bad } });
  expect(result).toMatchObject({ status: 'FAILED', error: 'Broken' });
  expect(first.calls).toHaveLength(1);
  expect(log).not.toContain('TaskRetried Retrying');
});

test('a Fail state in a branch fails the Parallel, which may try again', async () => {
  const branch = machine({
    T: { Type: 'Task', Resource: job, ResultPath: '$.r', Next: 'Ok?' },
    'Ok?': {
      Type: 'Choice',
      Choices: [{ Variable: '$.r', StringEquals: 'done', Next: 'Ok' }],
      Default: 'Bad',
    },
    Ok: { Type: 'Succeed' },
    Bad: { Type: 'Fail', Error: 'NotYet', Cause: 'c' },
  });
  const document = single({
    Type: 'Parallel',
    Branches: [branch],
    Retry: [{ ErrorEquals: ['NotYet'], IntervalSeconds: 1, MaxAttempts: 1 }],
    ResultSelector: { 'r.$': '$[0].r' },
    End: true,
  });
  let calls = 0;
  const handler = async () => (++calls === 1 ? 'not yet' : 'done');
  expect(await outputOf(document, {}, { handlers: { [job]: handler } })).toEqual({ r: 'done' });
  expect(calls).toBe(2);
});

test('a timeout in a branch is States.Timeout to the Catch around it', async () => {
  const slow: State = { Type: 'Task', Resource: job, TimeoutSeconds: 1, End: true };
  const document = machine({
    Both: {
      Type: 'Parallel',
      Branches: [machine({ Slow: slow })],
      Catch: [{ ErrorEquals: ['States.Timeout'], Next: 'Caught' }],
      End: true,
    },
    Caught: { Type: 'Succeed', OutputPath: '$.Error' },
  });
  const handler: TaskHandler = (_, { signal }) => sleep(30_000, undefined, { signal });
  expect(await outputOf(document, {}, { handlers: { [job]: handler } })).toBe('States.Timeout');
});

test('Parallel runs 40 branches at a time, without a warning of leaked listeners', async () => {
  const warnings: Error[] = [];
  const listen = (warning: Error) => warnings.push(warning);
  process.on('warning', listen);
  let running = 0;
  let most = 0;
  const handler: TaskHandler = async (_, { signal }) => {
    most = Math.max(most, ++running);
    await sleep(5, undefined, { signal });
    running--;
  };
  const Branches = Array.from({ length: 40 }, (_, index) => branchOf(`Branch ${index}`, job));
  await outputOf(single({ Type: 'Parallel', Branches, End: true }), {}, { handlers: { [job]: handler } });
  process.off('warning', listen);
  expect(most).toBe(40);
  expect(warnings).toEqual([]);
});

test('a retried Parallel runs all its branches again, and their own retries start anew', async () => {
  const flaky: State = {
    Type: 'Task',
    Resource: job,
    Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1, JitterStrategy: 'FULL' }],
    End: true,
  };
  const document = single({
    Type: 'Parallel',
    Branches: [machine({ Steady: { Type: 'Pass', End: true } }), machine({ Flaky: flaky })],
    Retry: [{ ErrorEquals: ['E'], MaxAttempts: 1, JitterStrategy: 'FULL' }],
    End: true,
  });
  const random = jest.spyOn(Math, 'random').mockReturnValue(0);
  const error = new TaskError('E', '');
  const some = failing(error, error, error, null);
  const { result, log } = await run(document, 1, some);
  random.mockRestore();
  expect(result).toEqual({ status: 'SUCCEEDED', output: [1, 'done'] });
  expect(some.calls.map(({ attempt }) => attempt)).toEqual([1, 2, 1, 2]);
  expect(log.filter((line) => line === 'StateEntered Steady')).toHaveLength(2);
});

test('the states of a document may have any name', async () => {
  const document = machine({
    'Is it so?': { Type: 'Choice', Choices: [{ Variable: '$.n', IsPresent: true, Next: 'constructor' }] },
    constructor: { Type: 'Pass', Next: 'States.ALL' } as State,
    'States.ALL': { Type: 'Succeed' },
  });
  const options = { name: 'x', handlers: {}, signal: new AbortController().signal, onEvent: () => {} };
  expect(await execute(document, { n: 1 }, options)).toEqual({ status: 'SUCCEEDED', output: { n: 1 } });
});
