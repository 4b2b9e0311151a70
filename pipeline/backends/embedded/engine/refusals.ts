import type { Branch, Json, Rule, State, StateMachine, TaskState } from '../../../machines/asl.ts';
import { comparison, isOperator } from './choice.ts';
import { type Expression, parseExpression } from './expression.ts';
import { isObject, parsePath } from './path.ts';
import { terminal } from './recovery.ts';

/** The longest timer in Node (2^31 - 1 ms); a longer one fires at once. */
export const longestSeconds = 2_147_483;

const common = ['Type', 'Comment', 'QueryLanguage'];
const paths = ['InputPath', 'OutputPath'];
const results = ['ResultPath', 'Next', 'End'];
const failures = ['ResultSelector', 'Retry', 'Catch'];
const task = ['Resource', 'Parameters', 'TimeoutSeconds', 'TimeoutSecondsPath'];

/** The fields that the interpreter supports. */
const fields: Readonly<Record<State['Type'], readonly string[]>> = {
  Task: [...common, ...paths, ...results, ...failures, ...task],
  Pass: [...common, ...paths, ...results, 'Parameters', 'Result'],
  Wait: [...common, ...paths, 'Next', 'End', 'Seconds', 'SecondsPath'],
  Parallel: [...common, ...paths, ...results, ...failures, 'Parameters', 'Branches'],
  Choice: [...common, 'Choices', 'Default'],
  Succeed: [...common, ...paths],
  Fail: [...common, 'Error', 'Cause', 'ErrorPath', 'CausePath'],
};

/**
 * The reasons why a document cannot be run here as AWS would run it, one sentence each; empty if it can.
 * @param resources the Resource ARNs that have a handler
 */
export function refusals(document: StateMachine, resources: ReadonlySet<string>): string[] {
  const found: string[] = [];
  const names = new Set<string>();
  only(
    document,
    ['Comment', 'StartAt', 'States', 'TimeoutSeconds', 'Version', 'QueryLanguage'],
    'the document',
  );
  seconds(document.TimeoutSeconds, 'the document: TimeoutSeconds', 1);
  branch(document, 'the document');
  return found;

  function branch(flow: Branch, where: string): void {
    target(flow, flow.StartAt, `${where}: StartAt`);
    for (const [name, state] of Object.entries(flow.States)) {
      if (names.has(name)) found.push(`state "${name}": two states have this name`);
      names.add(name);
      check(flow, `state "${name}"`, state);
    }
  }

  function check(flow: Branch, where: string, state: State): void {
    const known = fields[state.Type];
    if (!known) {
      found.push(
        `${where}: got Type ${JSON.stringify(state.Type)}, expected one of ${Object.keys(fields).join(', ')}`,
      );
      return;
    }
    only(state, known, where);
    if ('Next' in state) target(flow, state.Next, `${where}: Next`);
    const ends = 'End' in state && state.End === true;
    if (known.includes('End') && ends === 'Next' in state) {
      found.push(`${where}: ${ends ? 'both Next and End' : 'neither Next nor End'}`);
    }
    if ('InputPath' in state) path(state.InputPath, `${where}: InputPath`);
    if ('OutputPath' in state) path(state.OutputPath, `${where}: OutputPath`);
    if ('ResultPath' in state) resultPath(state.ResultPath, where);
    if ('Parameters' in state) template(state.Parameters, `${where}: Parameters`);
    if ('ResultSelector' in state) template(state.ResultSelector, `${where}: ResultSelector`);
    retries(flow, where, state);

    switch (state.Type) {
      case 'Task':
        resource(state, where);
        break;
      case 'Wait':
        if ('Seconds' in state) seconds(state.Seconds, `${where}: Seconds`, 0, longestSeconds);
        else path(state.SecondsPath, `${where}: SecondsPath`);
        break;
      case 'Parallel':
        for (const [index, inner] of state.Branches.entries()) {
          only(inner, ['Comment', 'StartAt', 'States'], `${where}, branch ${index}`);
          branch(inner, `${where}, branch ${index}`);
        }
        break;
      case 'Choice':
        for (const choice of state.Choices) {
          rule(choice, where);
          target(flow, choice.Next, `${where}: Next`);
        }
        if (state.Default !== undefined) target(flow, state.Default, `${where}: Default`);
        break;
      case 'Fail':
        for (const key of ['ErrorPath', 'CausePath'] as const) {
          if (state[key] !== undefined) expression(state[key], `${where}: ${key}`);
        }
        break;
    }
  }

  function resource(state: TaskState, where: string): void {
    if (state.Resource.endsWith('.waitForTaskToken')) {
      found.push(`${where}: ${state.Resource} waits for a call from outside, which cannot arrive here`);
    } else if (!resources.has(state.Resource)) {
      found.push(`${where}: the resource ${state.Resource} has no handler here`);
    }
    seconds(state.TimeoutSeconds, `${where}: TimeoutSeconds`, 1);
    path(state.TimeoutSecondsPath, `${where}: TimeoutSecondsPath`);
  }

  function retries(flow: Branch, where: string, state: State): void {
    const retriers = 'Retry' in state ? (state.Retry ?? []) : [];
    const catchers = 'Catch' in state ? (state.Catch ?? []) : [];
    for (const retrier of retriers) {
      only(
        retrier,
        [
          'Comment',
          'ErrorEquals',
          'IntervalSeconds',
          'MaxAttempts',
          'BackoffRate',
          'MaxDelaySeconds',
          'JitterStrategy',
        ],
        `${where}, Retry`,
      );
      const { BackoffRate = 1, JitterStrategy = 'NONE' } = retrier;
      whole(retrier.MaxAttempts, `${where}: MaxAttempts`, 0);
      seconds(retrier.IntervalSeconds, `${where}: IntervalSeconds`, 1, longestSeconds);
      seconds(retrier.MaxDelaySeconds, `${where}: MaxDelaySeconds`, 1);
      if (!(BackoffRate >= 1)) found.push(`${where}: got BackoffRate ${BackoffRate}, expected at least 1`);
      if (!['FULL', 'NONE'].includes(JitterStrategy)) {
        found.push(`${where}: got JitterStrategy ${JitterStrategy}, expected FULL or NONE`);
      }
    }
    for (const catcher of catchers) {
      only(catcher, ['Comment', 'ErrorEquals', 'Next', 'ResultPath'], `${where}, Catch`);
      resultPath(catcher.ResultPath, `${where}, Catch`);
      target(flow, catcher.Next, `${where}, Catch: Next`);
    }
    for (const list of [retriers, catchers]) {
      for (const [index, { ErrorEquals }] of list.entries()) {
        for (const error of ErrorEquals) {
          if (terminal.has(error)) {
            found.push(`${where}: ${error} in ErrorEquals: here it always ends the execution`);
          }
          if (error === 'States.HeartbeatTimeout') {
            found.push(`${where}: ${error} in ErrorEquals: tasks here have no heartbeats`);
          }
          if (error === 'States.TaskFailed' && state.Type !== 'Task') {
            found.push(`${where}: States.TaskFailed in ErrorEquals is for a Task; use States.ALL`);
          }
          if (error === 'States.ALL' && (ErrorEquals.length > 1 || index < list.length - 1)) {
            found.push(`${where}: States.ALL must be alone and last`);
          }
        }
      }
    }
  }

  function rule(value: Rule, where: string): void {
    if ('And' in value) for (const inner of value.And) rule(inner, where);
    else if ('Or' in value) for (const inner of value.Or) rule(inner, where);
    else if ('Not' in value) rule(value.Not, where);
    else {
      const { Variable, operator, operand } = comparison(value);
      const others = Object.keys(value).filter(
        (key) => !['Variable', 'Next', 'Comment', operator].includes(key),
      );
      if (!isOperator(operator)) found.push(`${where}: the choice's ${operator} is not supported here`);
      for (const key of others) found.push(`${where}: ${key} beside ${operator} in one choice`);
      path(Variable, `${where}: Variable`);
      if (operator.endsWith('Path')) path(operand, `${where}: ${operator}`);
    }
  }

  function template(value: Json | undefined, where: string): void {
    if (Array.isArray(value)) for (const item of value) template(item, where);
    else if (isObject(value)) {
      for (const [key, inner] of Object.entries(value)) {
        if (!key.endsWith('.$')) template(inner, where);
        else expression(inner, `${where}, ${key}`);
        if (key.endsWith('.$') && Object.hasOwn(value, key.slice(0, -2))) {
          found.push(`${where}: both ${key} and ${key.slice(0, -2)}`);
        }
      }
    }
  }

  function expression(value: Json, where: string): void {
    if (typeof value !== 'string' || !/^(\$|States\.)/.test(value)) {
      found.push(`${where}: got ${JSON.stringify(value)}, expected a path or an intrinsic function`);
      return;
    }
    try {
      inside(parseExpression(value));
    } catch (error) {
      found.push(`${where}: ${(error as Error).message}`);
    }
    function inside(parsed: Expression): void {
      if ('path' in parsed) path(parsed.path, where);
      if ('name' in parsed) for (const parameter of parsed.parameters) inside(parameter);
    }
  }

  function path(value: Json | undefined, where: string): void {
    if (value === undefined || value === null) return;
    const parsed = parsePath(String(value));
    if (!parsed) {
      found.push(`${where}: ${value} is not a plain path such as $.a.b, $.a[0] or $['a b']`);
    } else if (parsed.context && !contextFields.includes(parsed.steps.slice(0, 2).join('.'))) {
      found.push(
        `${where}: ${value} is not in the context object here, which has ${contextFields.join(', ')}`,
      );
    }
  }

  function resultPath(value: string | null | undefined, where: string): void {
    if (value === undefined || value === null) return;
    if (!/^\$(\.[\p{L}_][\p{L}\p{N}_-]*)*$/u.test(value)) {
      found.push(`${where}: ResultPath ${value} is not a path of names such as $.a.b`);
    }
  }

  function seconds(value: number | undefined, where: string, least: number, most?: number): void {
    whole(value, where, least, most, ' of seconds');
  }

  function whole(value: number | undefined, where: string, least: number, most?: number, of = ''): void {
    if (value === undefined) return;
    if (Number.isInteger(value) && value >= least && value <= (most ?? value)) return;
    const range = most === undefined ? `from ${least}` : `from ${least} to ${most} (24 days)`;
    found.push(`${where}: got ${value}, expected a whole number${of} ${range}`);
  }

  function target(flow: Branch, name: string, where: string): void {
    if (!Object.hasOwn(flow.States, name)) found.push(`${where}: got "${name}", expected a state beside it`);
  }

  function only(value: object, known: readonly string[], where: string): void {
    for (const [key, inner] of Object.entries(value)) {
      if (!known.includes(key)) found.push(`${where}: ${key} is not supported here`);
      if (key === 'QueryLanguage' && inner !== 'JSONPath') {
        found.push(`${where}: got QueryLanguage ${inner}, expected JSONPath`);
      }
    }
  }
}

const contextFields = [
  'Execution.Id',
  'Execution.Name',
  'Execution.Input',
  'Execution.StartTime',
  'State.Name',
  'State.EnteredTime',
  'State.RetryCount',
];
