import { expect, test } from '@jest/globals';
import type { State, StateMachine } from '../../../machines/asl.ts';
import { job, lambda, machine, single } from './engine.fixture.ts';
import { execute } from './engine.ts';

/** What is said of a document that must not start. */
async function refusal(document: unknown, handlers: string[] = [job]): Promise<string> {
  let started = false;
  const result = await execute(
    document as StateMachine,
    {},
    {
      name: 'run-1',
      handlers: Object.fromEntries(
        handlers.map((resource) => [
          resource,
          async () => {
            started = true;
          },
        ]),
      ),
      signal: new AbortController().signal,
      onEvent: () => {
        started = true;
      },
    },
  ).catch((error: unknown) => error);
  expect(started).toBe(false);
  return (result as Error).message;
}

const taskOf = (fields: object) => single({ Type: 'Task', Resource: job, End: true, ...fields } as State);
const passOf = (fields: object) => single({ Type: 'Pass', End: true, ...fields } as State);
const choiceOf = (rule: object) =>
  machine({
    Only: { Type: 'Choice', Choices: [{ ...rule, Next: 'Next' } as never], Default: 'Next' },
    Next: { Type: 'Succeed' },
  });

test.each<[string, unknown, string]>([
  [
    'JSONata, of the document',
    { ...passOf({}), QueryLanguage: 'JSONata' },
    'the document: got QueryLanguage JSONata, expected JSONPath',
  ],
  ['JSONata, of a state', passOf({ QueryLanguage: 'JSONata' }), 'QueryLanguage JSONata'],
  ['JSONata fields', taskOf({ Arguments: {} }), 'state "Only": Arguments is not supported here'],
  ['variables', passOf({ Assign: { 'x.$': '$' } }), 'state "Only": Assign is not supported here'],
  ['heartbeats', taskOf({ HeartbeatSeconds: 5 }), 'state "Only": HeartbeatSeconds is not supported here'],
  ['credentials', taskOf({ Credentials: { RoleArn: 'r' } }), 'Credentials is not supported here'],
  ['task tokens', taskOf({ Resource: `${lambda}.waitForTaskToken` }), 'waits for a call from outside'],
  [
    'a Wait until a time',
    single({ Type: 'Wait', Timestamp: '2026-01-01T00:00:00Z', End: true } as never),
    'Timestamp is not supported here',
  ],
  [
    'a Wait of a month',
    single({ Type: 'Wait', Seconds: 2_600_000, End: true }),
    'Seconds: got 2600000, expected a whole number of seconds from 0 to 2147483',
  ],
  [
    'paths of a Choice',
    machine({
      Only: { Type: 'Choice', InputPath: '$.a', Choices: [], Default: 'N' } as never,
      N: { Type: 'Succeed' },
    }),
    'InputPath is not supported here',
  ],
  [
    'comparisons of times',
    choiceOf({ Variable: '$.a', TimestampEquals: '2026-01-01T00:00:00Z' }),
    "the choice's TimestampEquals is not supported here",
  ],
  [
    'a misspelt comparison',
    choiceOf({ Variable: '$.a', StringEqual: 'x' }),
    "the choice's StringEqual is not supported here",
  ],
  [
    'two comparisons in one',
    choiceOf({ Variable: '$.a', NumericLessThan: 1, NumericGreaterThan: 0 }),
    'beside NumericLessThan in one choice',
  ],
  [
    'a wildcard in a path',
    choiceOf({ Variable: '$.a[*].b', IsPresent: true }),
    '$.a[*].b is not a plain path',
  ],
  ['a filter in a path', passOf({ Parameters: { 'x.$': '$.a[?(@.b > 1)]' } }), 'expected'],
  ['a slice in a path', passOf({ InputPath: '$.a[0:2]' }), 'InputPath: $.a[0:2] is not a plain path'],
  ['a descent in a path', passOf({ OutputPath: '$..a' }), 'OutputPath: $..a is not a plain path'],
  ['an index in a ResultPath', taskOf({ ResultPath: '$.a[0]' }), 'ResultPath $.a[0] is not a path of names'],
  ['a ResultPath of the context', taskOf({ ResultPath: '$$.x' }), 'ResultPath $$.x is not a path of names'],
  [
    'a Catch ResultPath',
    machine({
      A: {
        Type: 'Task',
        Resource: job,
        Catch: [{ ErrorEquals: ['E'], Next: 'B', ResultPath: "$['a']" }],
        End: true,
      },
      B: { Type: 'Succeed' },
    }),
    "Catch: ResultPath $['a'] is not a path of names",
  ],
  [
    'the task token',
    passOf({ Parameters: { 'x.$': '$$.Task.Token' } }),
    '$$.Task.Token is not in the context object here',
  ],
  [
    'an unknown context field',
    passOf({ Parameters: { 'x.$': 'States.Array($$.StateMachine.Id)' } }),
    '$$.StateMachine.Id is not in the context object here',
  ],
  ['the whole context', passOf({ Parameters: { 'x.$': '$$' } }), '$$ is not in the context object here'],
  [
    'an unknown function',
    passOf({ Parameters: { 'x.$': 'States.Hash($.a, 1)' } }),
    'expected one of States.Format',
  ],
  [
    'text for a path',
    passOf({ Parameters: { 'x.$': 'a' } }),
    'x.$: got "a", expected a path or an intrinsic function',
  ],
  [
    'an unfinished call',
    passOf({ Parameters: { deep: [{ 'x.$': 'States.Array($.a' }] } }),
    'x.$: States.Array($.a: character 17: got "", expected ) or ,',
  ],
  [
    'more after a call',
    passOf({ Parameters: { 'x.$': 'States.UUID() $.a' } }),
    'character 15: got "$.a", expected the end',
  ],
  [
    'a format from data',
    passOf({ Parameters: { 'x.$': 'States.Format($.a, 1)' } }),
    'expected a format between quotes',
  ],
  ['a lone brace', passOf({ Parameters: { 'x.$': "States.Format('{a}', 1)" } }), '\\{ or \\} for a brace'],
  ['a key twice', passOf({ Parameters: { x: 1, 'x.$': '$.a' } }), 'both x.$ and x'],
  [
    'Catch of States.Runtime',
    taskOf({ Retry: [{ ErrorEquals: ['States.Runtime'] }] }),
    'States.Runtime in ErrorEquals: here it always ends the execution',
  ],
  [
    'Catch of States.DataLimitExceeded',
    taskOf({ Retry: [{ ErrorEquals: ['States.DataLimitExceeded'] }] }),
    'States.DataLimitExceeded in ErrorEquals',
  ],
  [
    'Catch of a missed heartbeat',
    taskOf({ Retry: [{ ErrorEquals: ['States.HeartbeatTimeout'] }] }),
    'States.HeartbeatTimeout in ErrorEquals: tasks here have no heartbeats',
  ],
  [
    'States.TaskFailed of a Parallel',
    single({
      Type: 'Parallel',
      Branches: [machine({ I: { Type: 'Succeed' } })],
      Retry: [{ ErrorEquals: ['States.TaskFailed'] }],
      End: true,
    }),
    'States.TaskFailed in ErrorEquals is for a Task',
  ],
  [
    'States.ALL before others',
    taskOf({ Retry: [{ ErrorEquals: ['States.ALL'] }, { ErrorEquals: ['E'] }] }),
    'States.ALL must be alone and last',
  ],
  [
    'States.ALL with others',
    taskOf({ Retry: [{ ErrorEquals: ['States.ALL', 'E'] }] }),
    'States.ALL must be alone and last',
  ],
  [
    'a retry after a month',
    taskOf({ Retry: [{ ErrorEquals: ['E'], IntervalSeconds: 2_600_000 }] }),
    'IntervalSeconds: got 2600000',
  ],
  [
    'a negative MaxAttempts',
    taskOf({ Retry: [{ ErrorEquals: ['E'], MaxAttempts: -1 }] }),
    'MaxAttempts: got -1',
  ],
  [
    'an interval that shrinks',
    taskOf({ Retry: [{ ErrorEquals: ['E'], BackoffRate: 0.5 }] }),
    'got BackoffRate 0.5, expected at least 1',
  ],
  [
    'no longest delay',
    taskOf({ Retry: [{ ErrorEquals: ['E'], MaxDelaySeconds: 0 }] }),
    'MaxDelaySeconds: got 0',
  ],
  [
    'an unknown jitter',
    taskOf({ Retry: [{ ErrorEquals: ['E'], JitterStrategy: 'HALF' }] }),
    'got JitterStrategy HALF, expected FULL or NONE',
  ],
  [
    'a timeout of nothing',
    taskOf({ TimeoutSeconds: 0 }),
    'TimeoutSeconds: got 0, expected a whole number of seconds from 1',
  ],
  [
    'a Next that is not there',
    machine({ A: { Type: 'Pass', Next: 'B' } }),
    'state "A": Next: got "B", expected a state beside it',
  ],
  ['a StartAt that is not there', { ...passOf({}), StartAt: 'B' }, 'StartAt: got "B"'],
  ['neither Next nor End', machine({ A: { Type: 'Pass' } as never }), 'state "A": neither Next nor End'],
  [
    'an End that is false',
    machine({ A: { Type: 'Pass', End: false } as never }),
    'state "A": neither Next nor End',
  ],
  [
    'both Next and End',
    machine({ A: { Type: 'Pass', Next: 'B', End: true } as never, B: { Type: 'Succeed' } }),
    'state "A": both Next and End',
  ],
  [
    'an unknown type',
    machine({ A: { Type: 'Activity', End: true } as never }),
    'Type "Activity", expected one of Task, Pass',
  ],
  [
    'a Map',
    machine({ A: { Type: 'Map', ItemProcessor: machine({ I: { Type: 'Succeed' } }), End: true } as never }),
    'Type "Map", expected one of Task, Pass',
  ],
  [
    'a name twice',
    single({
      Type: 'Parallel',
      Branches: [machine({ A: { Type: 'Succeed' } }), machine({ A: { Type: 'Succeed' } })],
      End: true,
    }),
    'state "A": two states have this name',
  ],
  [
    'a timeout of a branch',
    single({
      Type: 'Parallel',
      Branches: [{ ...machine({ I: { Type: 'Succeed' } }), TimeoutSeconds: 5 } as never],
      End: true,
    }),
    'TimeoutSeconds is not supported here',
  ],
])('refuses %s', async (_, document, reason) => {
  const message = await refusal(document);
  expect(message).toMatch(/^This state machine cannot run here:/);
  expect(message).toContain(reason);
});

test('names every resource without a handler, and every other problem, at once', async () => {
  const document = machine({
    A: { Type: 'Task', Resource: 'arn:aws:states:::glue:startJobRun.sync', Next: 'B' },
    B: {
      Type: 'Parallel',
      Branches: [machine({ C: { Type: 'Task', Resource: lambda, ResultPath: '$[0]', End: true } })],
      End: true,
    },
  });
  expect(await refusal(document)).toBe(`This state machine cannot run here:
  state "A": the resource arn:aws:states:::glue:startJobRun.sync has no handler here
  state "C": ResultPath $[0] is not a path of names such as $.a.b
  state "C": the resource arn:aws:states:::lambda:invoke has no handler here`);
});

test('takes the QueryLanguage JSONPath, said or not', async () => {
  const options = { name: 'x', handlers: {}, signal: new AbortController().signal, onEvent: () => undefined };
  const document = { ...passOf({ QueryLanguage: 'JSONPath' }), QueryLanguage: 'JSONPath' };
  expect(await execute(document, 1, options)).toEqual({ status: 'SUCCEEDED', output: 1 });
});
