import { describe, expect, test } from '@jest/globals';
import validate from 'asl-validator';
import { embeddedMonitorResources } from '../backends/embedded/embedded-backend.ts';
import { embeddedEngine } from '../backends/embedded/prepare-engines.ts';
import { parseConfig } from '../config/load.ts';
import type { State, StateMachine } from './asl.ts';
import { monitorMachine, monitorSteps } from './monitor.ts';
import type { Security } from './security.ts';

const security: Security = {
  vpc: { subnets: ['subnet-1'], security_groups: ['sg-1'] },
  kms_key: 'arn:aws:kms:us-east-1:111111111111:key/1',
  network_isolation: true,
  tags: { team: 'people' },
};
const asking = (engine: string) => ({
  config: parseConfig(
    `project: small\nproblem: binary\ndata: { source: data.csv, target: y }\nprepare: { engine: ${engine} }`,
  ),
  images: { model: 'model@sha256:1', prepare: 'prepare@sha256:1' },
});
const documents: [name: string, StateMachine][] = [
  ['this machine', monitorMachine(embeddedMonitorResources)],
  ['an account that demands all', monitorMachine({ ...embeddedMonitorResources, security, mode: 'promote' })],
  ...['glue', 'fargate'].map((engine): [string, StateMachine] => [
    engine,
    monitorMachine({ ...embeddedMonitorResources, engine: embeddedEngine(asking(engine)), security }),
  ]),
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
    expect(monitorSteps.filter((name) => document.States[name]?.Type !== 'Task')).toEqual([]);
  });
});

const targetsOf = (state: State): string[] => [
  ...('Next' in state ? [state.Next] : []),
  ...('Catch' in state ? (state.Catch ?? []).map(({ Next }) => Next) : []),
  ...(state.Type === 'Choice' ? [...state.Choices.map(({ Next }) => Next), state.Default ?? ''] : []),
];

test.each(['aws-cn', 'aws-us-gov'])(
  'in %s every service integration has that partition, and nothing else differs',
  (partition) => {
    const there = JSON.stringify(monitorMachine({ ...embeddedMonitorResources, partition }));
    expect(there).not.toContain('"arn:aws:states:::');
    expect(there.replaceAll(`"Resource":"arn:${partition}:`, '"Resource":"arn:aws:')).toBe(
      JSON.stringify(monitorMachine(embeddedMonitorResources)),
    );
  },
);
