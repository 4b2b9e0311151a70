/** Counts what a run costs besides its jobs' time: API calls to follow it, and jobs that wait for one another. */

import { followRun } from '../pipeline/backends/aws/executions/follow.fixture.ts';
import { embeddedResources } from '../pipeline/backends/embedded/embedded-backend.ts';
import type { State, StateMachine } from '../pipeline/machines/asl.ts';
import { trainMachine } from '../pipeline/machines/train.ts';
import { report } from './table.ts';

/** The number of SageMaker jobs in sequence on a run's way through the document, if these flags of the state are true. */
function jobsInSequence({ StartAt, States }: StateMachine, flags: readonly string[]): number {
  let jobs = 0;
  for (let name: string | undefined = StartAt; name !== undefined; ) {
    const state: State | undefined = States[name];
    if (state === undefined) throw new Error(`state ${name}: not in the document`);
    if (state.Type === 'Task' && /:sagemaker:.*\.sync$/.test(state.Resource)) jobs++;
    if (state.Type === 'Parallel')
      jobs += Math.max(...state.Branches.map((branch) => jobsInSequence(branch, flags)));
    name = state.Type === 'Choice' ? chosen(state, flags) : 'Next' in state ? state.Next : undefined;
  }
  return jobs;
}

function chosen(state: State & { Type: 'Choice' }, flags: readonly string[]): string | undefined {
  const taken = state.Choices.find((rule) => 'Variable' in rule && flags.includes(String(rule.Variable)));
  return taken?.Next ?? state.Default;
}

const machine = trainMachine(embeddedResources);
const all = ['$.plan.prepare.reused', '$.plan.train.reused'];
report([
  {
    name: 'API calls of following a tuning run of an hour',
    value: (await followRun(3600)).calls,
    unit: '',
    most: 150,
  },
  {
    name: 'SageMaker jobs in sequence: a new model',
    value: jobsInSequence(machine, ['$.scoring.candidate.score', '$.scoring.champion.score']),
    unit: '',
    most: 3,
  },
  {
    name: 'SageMaker jobs in sequence: a new model, tuned',
    value: jobsInSequence(machine, ['$.plan.train.tunes', '$.scoring.candidate.score']),
    unit: '',
    most: 3,
  },
  { name: 'SageMaker jobs in sequence: all reused', value: jobsInSequence(machine, all), unit: '', most: 0 },
  {
    name: 'SageMaker jobs in sequence: the champion has moved',
    value: jobsInSequence(machine, [...all, '$.scoring.champion.score']),
    unit: '',
    most: 1,
  },
]);
