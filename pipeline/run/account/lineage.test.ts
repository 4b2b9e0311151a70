import { expect, test } from '@jest/globals';
import { FakeSageMaker, requestOf } from '../../steps/train/fake-sagemaker.fixture.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import { isOfCommit, runsOf, storyOf, summaryOf } from './lineage.ts';

/** No record is left out. */
const never = (error: Error): never => {
  throw error;
};

const trigger = (commit: string) => ({
  kind: 'push' as const,
  ref: 'main',
  commit,
  dirty: false,
  actor: 'octo',
  reason: null,
});
const first = 'a'.repeat(40);
const second = 'b'.repeat(40);

/** A pull request and its merge come to one package; another model is compared with it. */
async function threeRuns() {
  const world = new FakeSageMaker();
  const run = async (commit: string, model: string, promote: boolean, started: string) => {
    const request = await requestOf(world, '', {
      mode: promote ? 'promote' : 'evaluate',
      promote,
      trigger: trigger(commit),
      images: { model: `model@sha256:${model}`, prepare: 'prepare@sha256:1' },
      notes: ['as told'],
    });
    const { execution } = await world.run(request);
    const record = (await world.context.ledger.get<RunRecord>(runKind, execution))?.value;
    await world.context.ledger.put(runKind, execution, { ...record, started_at: started });
    return execution;
  };
  const evaluated = await run(first, '1', false, '2026-01-01T00:00:00Z');
  const merged = await run(second, '1', true, '2026-01-02T00:00:00Z');
  const other = await run(second, '2', false, '2026-01-03T00:00:00Z');
  return { context: world.context, evaluated, merged, other };
}

test('from a package to its run, commit, data, image and verdict, and to what became of it', async () => {
  const { context, evaluated, merged, other } = await threeRuns();
  expect(await storyOf('small/1', context, never)).toMatchObject({
    package: {
      name: 'small/1',
      image: 'model@sha256:1',
      data: { version: expect.any(String) },
      outcome: 'promote',
    },
    made_by: {
      execution: evaluated,
      trigger: { commit: first },
      data: { version: expect.any(String) },
      outcome: 'promote',
    },
    runs: [
      { execution: merged, promoted: true },
      { execution: evaluated, promoted: false },
    ],
    compared_in: [other],
    is_champion: true,
  });
  expect(await storyOf('small/2', context, never)).toMatchObject({
    made_by: { execution: other, champion: 'small/1' },
    compared_in: [],
    is_champion: false,
  });
  expect(await storyOf('small/3', context, never)).toBeNull();
});

test('from a commit to its packages, given whole or by its first digits', async () => {
  const { context, evaluated } = await threeRuns();
  const packagesOf = async (commit: string) =>
    (await runsOf(context, never))
      .map(summaryOf)
      .filter((run) => isOfCommit(run, commit))
      .map((run) => run.package);
  expect(await packagesOf(second)).toEqual(['small/2', 'small/1']);
  expect(await packagesOf(first.slice(0, 7))).toEqual(['small/1']);
  expect(await packagesOf('c'.repeat(7))).toEqual([]);
  const record = await context.ledger.get<RunRecord>(runKind, evaluated);
  expect(record?.value.notes).toEqual(['as told']);
});

test.each([
  [[], 'bad row 7,Divorced'],
  [['MaritalStatus'], expect.stringContaining('only the private report has it')],
])('with the sensitive columns %j a failed run gives as its reason %s', async (sensitive, reason) => {
  const request = await requestOf(new FakeSageMaker(), '');
  request.config.data.sensitive = sensitive;
  const error = { Error: 'AlgorithmError', Cause: 'bad row 7,Divorced' };
  const record = {
    execution: 'e',
    status: 'failed',
    started_at: '',
    finished_at: '',
    state: { request, error },
  };
  expect(summaryOf(record as unknown as RunRecord).reason).toEqual(reason);
});
