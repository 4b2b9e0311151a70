import { expect, test } from '@jest/globals';
import { FakeSageMaker, requestOf } from '../../steps/train/fake-sagemaker.fixture.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import { replay } from './replay.ts';

/** No record is left out. */
const never = (error: Error): never => {
  throw error;
};

test('the newest runs are those that started last, whatever their names', async () => {
  const world = new FakeSageMaker();
  const { ledger } = world.context;
  // On AWS an execution is named after what started it, so that the newest may stand first in the ledger.
  const days: [name: string, day: number][] = [
    ['push-9', 1],
    ['dispatch-1', 3],
    ['schedule-5', 2],
  ];
  const request = await requestOf(world);
  for (const [name, day] of days) {
    const { execution } = await world.run(request);
    const run = (await ledger.get<RunRecord>(runKind, execution))?.value;
    await ledger.put(runKind, name, { ...run, execution: name, started_at: `2026-01-0${day}T00:00:00Z` });
    await ledger.put(runKind, execution, { ...run, state: { ...run?.state, gate: undefined } });
  }
  const { runs } = await replay(request.config, 2, world.context, never);
  expect(runs.map(({ execution }) => execution)).toEqual(['dispatch-1', 'schedule-5']);
});
