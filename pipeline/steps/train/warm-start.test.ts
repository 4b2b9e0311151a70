import { describe, expect, test } from '@jest/globals';
import type { Config } from '../../config/schema.ts';
import type { Search, TrainedModel } from '../context.ts';
import { FakeSageMaker, requestOf } from './fake-sagemaker.fixture.ts';
import { searchOf } from './warm-start.ts';

const settings = (tuning = '', more = '') => `training: { metrics: { auc: 'auc=([0-9.]+)' }${more} }
tuning:
  objective: { metric: auc, goal: maximize }
  ranges: { C: { min: 0.1, max: 1 }, kind: [a, b] }
  warm_start: true
${tuning}`;

async function worldOf() {
  const world = new FakeSageMaker();
  const { ledger } = world.context;
  const config = async (...lines: [string?, string?]): Promise<Config> =>
    (await requestOf(world, settings(...lines))).config;
  const search = async (
    from: Config | [string?, string?] = [],
    origin: { hyperparameters?: Record<string, string>; prepared?: string; image?: string } = {},
  ) => {
    const found = await searchOf(
      Array.isArray(from) ? await config(...from) : from,
      { hyperparameters: {}, prepared: 'rows', image: 'sha256:1', ...origin },
      ledger,
    );
    return { ...(found.search as Search), notes: found.notes };
  };
  /** A tuning job that has ended, of the search that a config asks for. */
  const ended = async (job: string, day: number, value: number, ...of: Parameters<typeof search>) => {
    const model: TrainedModel = {
      trained: {
        job: `${job}-001`,
        artifact: '',
        started: 0,
        ended: 0,
        hyperparameters: of[1]?.hyperparameters ?? {},
      },
      tuning: {
        tuning_job: job,
        best: `${job}-001`,
        started: 0,
        ended: `2026-01-0${day}`,
        value,
        search: await search(...of),
      },
    };
    await ledger.put('model', job, model);
  };
  return { world, config, search, ended };
}

const parents = ({ warm_start }: Search) =>
  warm_start.ParentHyperParameterTuningJobs?.map((parent) => parent.HyperParameterTuningJobName);

describe('the parents of a tuning job', () => {
  test('are the newest five of the same search, with the best value that they know', async () => {
    const { search, ended } = await worldOf();
    for (const day of [3, 1, 6, 2, 5, 4]) await ended(`job-${day}`, day, day / 10);
    const found = await search();
    expect([found.warm, parents(found)]).toEqual([true, ['job-6', 'job-5', 'job-4', 'job-3', 'job-2']]);
    expect([found.best, found.notes]).toEqual([0.6, []]);
  });

  test.each([
    ['identical data and algorithm', {}, 'IdenticalDataAndAlgorithm'],
    ['other data', { prepared: 'more rows' }, 'TransferLearning'],
    ['another image', { image: 'sha256:2' }, 'TransferLearning'],
  ])('of %s', async (_what, origin, type) => {
    const { search, ended } = await worldOf();
    await ended('one', 1, 0.5);
    expect((await search([], origin)).warm_start.WarmStartType).toBe(type);
  });

  test.each<[string, (config: Config) => void]>([
    ['another objective', (config) => Object.assign(config.tuning?.objective ?? {}, { metric: 'f1' })],
    ['the other direction', (config) => Object.assign(config.tuning?.objective ?? {}, { goal: 'minimize' })],
    ['a wider range', (config) => Object.assign(config.tuning?.ranges.C ?? {}, { max: 2 })],
    ['another scale', (config) => Object.assign(config.tuning?.ranges.C ?? {}, { scale: 'logarithmic' })],
    ['whole numbers', (config) => Object.assign(config.tuning?.ranges.C ?? {}, { type: 'integer' })],
    ['another target', (config) => Object.assign(config.data, { target: 'z' })],
    // Rows that the parents learned from would be in the holdout.
    ['another holdout', (config) => Object.assign(config.data, { holdout: 0.3 })],
    ['another row id', (config) => Object.assign(config.data, { row_id: 'id' })],
  ])('are none with %s, which a note says', async (_what, change) => {
    const { config, search, ended } = await worldOf();
    await ended('one', 1, 0.5);
    const changed = await config();
    change(changed);
    const found = await search(changed);
    expect([found.warm, found.notes]).toEqual([
      false,
      [
        'No warm start: the ledger holds no earlier tuning job with the same ranges, objective, hyperparameters and split.',
      ],
    ]);
  });

  test('have hyperparameters of the same names, at most five of them with other values', async () => {
    const { search, ended } = await worldOf();
    const values = (value: string, count = 6) =>
      Object.fromEntries(Array.from({ length: 6 }, (_, i) => [`h${i}`, i < count ? value : 'old']));
    await ended('one', 1, 0.5, [], { hyperparameters: values('old') });
    const warm = async (hyperparameters: Record<string, string>) =>
      (await search([], { hyperparameters })).warm;
    expect(await warm(values('new', 5))).toBe(true);
    expect(await warm(values('new', 6))).toBe(false);
    expect(await warm({ ...values('old'), another: '1' })).toBe(false);
  });

  test('start no more training jobs than SageMaker allows, with those of the child', async () => {
    const { search, ended } = await worldOf();
    await ended('small', 1, 0.5, ['  max_jobs: 50\n']);
    await ended('large', 2, 0.5, ['  max_jobs: 700\n']);
    expect(parents(await search(['  max_jobs: 60\n']))).toEqual(['small']);
    expect((await search(['  max_jobs: 701\n'])).notes).toEqual([
      "No warm start: together with any earlier job there are more than 750 training jobs, SageMaker's limit.",
    ]);
    expect(parents(await search(['  max_jobs: 701\n  strategy: random\n']))).toEqual(['large', 'small']);
  });

  test('are none where it is not asked for, or where the ledger was written before it was known', async () => {
    const { world, search, ended } = await worldOf();
    const trained = { job: 'old-001', artifact: '', started: 0, ended: 0, hyperparameters: {} };
    const tuning = { tuning_job: 'old', best: 'old-001', started: 0, ended: 0 };
    await world.context.ledger.put('model', 'old', { trained, tuning });
    expect((await search()).warm).toBe(false);
    await ended('one', 1, 0.5);
    const cold = await search((await requestOf(world, settings().replace('warm_start: true', ''))).config);
    expect([cold.warm, cold.notes]).toEqual([false, []]);
  });
});
