// What a state does to its data, per https://states-language.net/spec.html and the AWS Step Functions developer guide.
import { expect, test } from '@jest/globals';
import type { Json, Parameters, State, TaskState } from '../../../machines/asl.ts';
import { job, machine, outputOf, run, single } from './engine.fixture.ts';
import { evaluate, parseExpression } from './expression.ts';

const input = {
  a: { b: 1, 'two words': 2 },
  list: ['x', { y: 3 }],
  none: null,
  zero: 0,
  no: false,
  empty: '',
};

/** What a task gets as its parameters, and the state's output. */
async function task(fields: Partial<TaskState>, answer: Json = { r: 1 }, data: unknown = input) {
  let parameters: unknown;
  const document = single({ Type: 'Task', Resource: job, End: true, ...fields } as TaskState);
  const handler = async (given: unknown) => {
    parameters = given;
    return answer;
  };
  const { result } = await run(document, data, { handlers: { [job]: handler } });
  return { parameters, result, output: result.status === 'SUCCEEDED' ? result.output : undefined };
}

const resolved = async (Parameters: Parameters, data: unknown = input) =>
  outputOf(single({ Type: 'Pass', Parameters, End: true }), data);

test('without fields a task gets the input and its answer is the output', async () => {
  expect(await task({})).toMatchObject({ parameters: input, output: { r: 1 } });
});

test('InputPath narrows what the state sees, not what ResultPath writes into', async () => {
  expect(await task({ InputPath: '$.a', ResultPath: '$.a.r' })).toMatchObject({
    parameters: { b: 1, 'two words': 2 },
    output: { ...input, a: { b: 1, 'two words': 2, r: { r: 1 } } },
  });
});

test('InputPath null is {}, OutputPath null is {}', async () => {
  expect(await task({ InputPath: null })).toMatchObject({ parameters: {} });
  expect(await task({ OutputPath: null })).toMatchObject({ output: {} });
});

test('OutputPath picks from the state output', async () => {
  expect(await task({ ResultPath: '$.made.here', OutputPath: '$.made' })).toMatchObject({
    output: { here: { r: 1 } },
  });
});

test.each<[string | null, unknown]>([
  ['$', { r: 1 }],
  [null, input],
  ['$.a', { ...input, a: { r: 1 } }],
  ['$.new.deep', { ...input, new: { deep: { r: 1 } } }],
])('ResultPath %s', async (ResultPath, output) => {
  expect((await task({ ResultPath })).output).toEqual(output);
});

test('a result cannot be put into a text, and a Catch takes that', async () => {
  const { result } = await task({ ResultPath: '$.a.b.c' });
  expect(result).toMatchObject({ status: 'FAILED', error: 'States.ResultPathMatchFailure' });
  const document = machine({
    A: {
      Type: 'Task',
      Resource: job,
      ResultPath: '$.zero.c',
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }],
      End: true,
    },
    B: { Type: 'Succeed', OutputPath: '$.Error' },
  });
  expect(await outputOf(document, input, { handlers: { [job]: async () => 1 } })).toBe(
    'States.ResultPathMatchFailure',
  );
});

test('ResultSelector makes the result, before ResultPath', async () => {
  const { output } = await task(
    { ResultSelector: { 'kept.$': '$.Model.Uri', 'run.$': '$$.Execution.Name' }, ResultPath: '$.model' },
    { Model: { Uri: 's3://b/k', Rest: 1 }, More: 2 },
  );
  expect(output).toEqual({ ...input, model: { kept: 's3://b/k', run: 'run-1' } });
});

test.each([null, false, 0, '', []])('the answer %j is handed on as it is', async (answer) => {
  expect((await task({ ResultSelector: { 'it.$': '$' } }, answer)).output).toEqual({ it: answer });
  expect((await task({}, answer)).output).toEqual(answer);
});

test('a handler that answers nothing answers null, as a function does', async () => {
  const document = single({ Type: 'Task', Resource: job, End: true });
  expect(await outputOf(document, {}, { handlers: { [job]: async () => undefined } })).toBeNull();
});

test.each([null, false, 0, '', { a: 1 }])('Pass hands on its Result %j', async (Result) => {
  expect(await outputOf(single({ Type: 'Pass', Result, End: true }), input)).toEqual(Result);
});

test('Parameters: paths, the context object and literals, at any depth and inside arrays', async () => {
  const Parameters = {
    'one.$': '$.a.b',
    'two.$': "$.a['two words']",
    'y.$': '$.list[1].y',
    'none.$': '$.none',
    deep: { 'no.$': '$.no', literal: '$.a', list: [{ 'zero.$': '$.zero' }, '$.a', 5] },
    'all.$': '$',
    'name.$': '$$.Execution.Name',
  };
  expect(await resolved(Parameters)).toEqual({
    one: 1,
    two: 2,
    y: 3,
    none: null,
    deep: { no: false, literal: '$.a', list: [{ zero: 0 }, '$.a', 5] },
    all: input,
    name: 'run-1',
  });
});

test('what a handler does to its parameters reaches neither the state nor the events', async () => {
  const document = single({ Type: 'Task', Resource: job, ResultPath: '$.r', End: true });
  const spoil = async (parameters: unknown) => {
    (parameters as typeof input).a.b = 99;
  };
  const { result, events } = await run(document, input, { handlers: { [job]: spoil } });
  expect(result).toMatchObject({ output: { ...input, r: null } });
  expect(events.find(({ type }) => type === 'TaskStarted')).toMatchObject({ parameters: input });
});

test('a path to nothing is States.Runtime, which no Catch takes', async () => {
  const document = machine({
    A: {
      Type: 'Task',
      Resource: job,
      Parameters: { 'x.$': '$.a.missing' },
      Retry: [{ ErrorEquals: ['States.ALL'] }],
      Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }],
      End: true,
    },
    B: { Type: 'Succeed' },
  });
  const { result } = await run(document, input, { handlers: { [job]: async () => 1 } });
  expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
  expect(result).toHaveProperty('cause', expect.stringContaining('$.a.missing'));
});

test('keys of the prototype are not data', async () => {
  for (const path of ['$.constructor', '$.list.length', '$.a.toString']) {
    const { result } = await run(single({ Type: 'Pass', Parameters: { 'x.$': path }, End: true }), input);
    expect(result).toMatchObject({ error: 'States.Runtime' });
  }
});

const intrinsics: [string, Json][] = [
  ["States.Format('{}-{}', $.name, $.n)", 'train-7'],
  ["States.Format('no placeholder')", 'no placeholder'],
  ["States.Format('{} {} {}', null, true, $.half)", 'null true 2.5'],
  ["States.Format('it\\'s \\{{}\\}', $.name)", "it's {train}"],
  ["States.Format('{}', $.quoted)", 'say "hi"\\\n'],
  ["States.Format('a, (b {}', States.MathAdd($.n, 1))", 'a, (b 8'],
  ['States.JsonToString($.object)', '{"text":"say \\"hi\\"","n":1}'],
  ['States.StringToJson($.json)', { a: [1, 'x'] }],
  ['States.StringToJson(States.JsonToString($.object))', { text: 'say "hi"', n: 1 }],
  ['States.MathAdd($.n, -9)', -2],
  ['States.ArrayGetItem($.list, 1)', 'y'],
  ["States.ArrayGetItem(States.StringSplit($.path, '/'), 2)", 'c'],
  ["States.StringSplit('1,2;3', ',;')", ['1', '2', '3']],
  ['States.JsonMerge($.object, $.other, false)', { text: 'say "hi"', n: 2, more: true }],
  ["States.Array(1, $.name, 'x', null)", [1, 'train', 'x', null]],
  ['States.Array()', []],
  ['States.ArrayLength($.list)', 2],
  ["States.ArrayContains($.list, 'y')", true],
  ['States.ArrayContains($.list, $.object)', false],
];
const values = {
  name: 'train',
  n: 7,
  half: 2.5,
  quoted: 'say "hi"\\\n',
  object: { text: 'say "hi"', n: 1 },
  other: { n: 2, more: true },
  json: '{"a":[1,"x"]}',
  list: ['x', 'y'],
  path: 'a/b/c',
};

// All in one document: asl-validator takes 80 ms for each.
let evaluated: Promise<unknown> | undefined;

test.each(intrinsics)('%s', async (expression, expected) => {
  evaluated ??= resolved(
    Object.fromEntries(intrinsics.map(([each]) => [`${each.replaceAll('$', '')}.$`, each])),
    values,
  );
  expect(await evaluated).toHaveProperty([expression.replaceAll('$', '')], expected);
});

test('JsonMerge leaves what it merges as it was', async () => {
  const Parameters = { 'merged.$': 'States.JsonMerge($.object, $.other, false)', 'object.$': '$.object' };
  expect(await resolved(Parameters, values)).toMatchObject({ object: values.object });
});

test('a backslash in a format', () => {
  const expression = parseExpression(String.raw`States.Format('a\\b {}', $.name)`);
  expect(evaluate(expression, { data: values, context: {} })).toBe(String.raw`a\b train`);
});

test('States.UUID is a new version 4 UUID each time', async () => {
  const { a, b } = (await resolved({ 'a.$': 'States.UUID()', 'b.$': 'States.UUID()' })) as {
    a: string;
    b: string;
  };
  expect(a).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
  expect(a).not.toBe(b);
});

test.each([
  "States.Format('{} {}', $.name)",
  "States.Format('{}', $.object)",
  'States.StringToJson($.name)',
  'States.StringToJson($.n)',
  'States.MathAdd($.name, 1)',
  'States.ArrayGetItem($.list, 2)',
  'States.ArrayGetItem($.list, -1)',
  'States.ArrayLength($.name)',
  'States.JsonMerge($.object, $.other, true)',
  'States.JsonMerge($.object, $.list, false)',
  'States.MathAdd($.n, $.gone)',
])('%s fails the execution', async (expression) => {
  const { result } = await run(
    single({ Type: 'Pass', Parameters: { 'it.$': expression }, End: true }),
    values,
  );
  expect(result).toMatchObject({ status: 'FAILED', error: 'States.Runtime' });
});

test('the context object: of the execution, also inside a branch; of the state and its attempt', async () => {
  const seen: unknown[] = [];
  const Inner: State = {
    Type: 'Task',
    Resource: job,
    Parameters: {
      'id.$': '$$.Execution.Id',
      'name.$': '$$.Execution.Name',
      'start.$': '$$.Execution.StartTime',
      'input.$': '$$.Execution.Input.first',
      'state.$': '$$.State.Name',
      'retries.$': '$$.State.RetryCount',
    },
    Retry: [{ ErrorEquals: ['States.TaskFailed'], IntervalSeconds: 1 }],
    End: true,
  };
  const document = machine({
    Change: { Type: 'Pass', Result: { first: 'changed' }, Next: 'Both' },
    Both: { Type: 'Parallel', Branches: [machine({ Inner })], End: true },
  });
  const handler = async (parameters: unknown) => {
    seen.push(parameters);
    if (seen.length === 1) throw new Error('once');
  };
  const context = { Execution: { Id: 'arn:x', StartTime: '2026-01-02T03:04:05.678Z' } };
  await outputOf(document, { first: 'given' }, { handlers: { [job]: handler }, context });
  const { Id: id, StartTime: start } = context.Execution;
  const expected = { id, start, name: 'run-1', input: 'given', state: 'Inner' };
  expect(seen).toEqual([
    { ...expected, retries: 0 },
    { ...expected, retries: 1 },
  ]);
});

const most = 262_144;
const big = (bytes: number) => 'x'.repeat(bytes);

test('256 KB of JSON go from state to state, not a byte more, and no Catch takes that', async () => {
  const document = machine({
    A: { Type: 'Task', Resource: job, Catch: [{ ErrorEquals: ['States.ALL'], Next: 'B' }], Next: 'B' },
    B: { Type: 'Succeed' },
  });
  const answer = (bytes: number) => ({ handlers: { [job]: async () => big(bytes - 2) } });
  expect(await outputOf(document, {}, answer(most))).toHaveLength(most - 2);
  const { result } = await run(document, {}, answer(most + 1));
  expect(result).toMatchObject({ status: 'FAILED', error: 'States.DataLimitExceeded' });
});

test('the limit holds for what two results make together, and for resolved Parameters', async () => {
  const half = { Type: 'Pass', Result: big(150_000) } as const;
  const together = machine({
    A: { ...half, ResultPath: '$.a', Next: 'B' },
    B: { ...half, ResultPath: '$.b', Next: 'C' },
    C: { Type: 'Succeed' },
  });
  const first = await run(together);
  expect(first.result).toMatchObject({ error: 'States.DataLimitExceeded' });
  expect(first.log).not.toContain('StateEntered C');

  const twice = single({
    Type: 'Task',
    Resource: job,
    Parameters: { 'a.$': '$.x', 'b.$': '$.x' },
    End: true,
  });
  const second = await run(twice, { x: big(150_000) }, { handlers: { [job]: async () => 1 } });
  expect(second.result).toMatchObject({ error: 'States.DataLimitExceeded' });
  expect(second.log).not.toContain('TaskStarted Only');
});

test('the limit holds for an error that Catch puts into the data', async () => {
  const document = machine({
    A: {
      Type: 'Task',
      Resource: job,
      Catch: [{ ErrorEquals: ['States.ALL'], ResultPath: '$.error', Next: 'B' }],
      End: true,
    },
    B: { Type: 'Succeed' },
  });
  const handler = async () => {
    throw new Error(big(20_000));
  };
  const { result, log } = await run(document, { x: big(250_000) }, { handlers: { [job]: handler } });
  expect(result).toMatchObject({ error: 'States.DataLimitExceeded' });
  expect(log).not.toContain('StateEntered B');
});

test('bytes are counted, not characters', async () => {
  const { result } = await run(single({ Type: 'Pass', Result: 'é'.repeat(140_000), End: true }));
  expect(result).toMatchObject({ error: 'States.DataLimitExceeded' });
});

test('an input beyond the limit starts nothing', async () => {
  await expect(run(single({ Type: 'Succeed' }), big(most))).rejects.toThrow(
    /input of the execution: got 262146 bytes/,
  );
});
