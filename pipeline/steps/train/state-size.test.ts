import { expect, test } from '@jest/globals';
import { parseConfig } from '../../config/load.ts';
import type { Config } from '../../config/schema.ts';
import type { ConfigError } from '../../errors.ts';
import { FakeSageMaker, type Run, requestOf, scriptOf } from './fake-sagemaker.fixture.ts';

/** What AWS Step Functions carries from state to state, in bytes (docs: quotas of Step Functions). */
const largestState = 262_144;
/** Characters of the longest cause of an error. */
const longestCause = 32_768;

const project = 'a'.repeat(20);
const words = (count: number, length: number, start = 'w') =>
  Array.from({ length: count }, (_, index) => `${start}${index}`.padEnd(length, 'x'));

/** The largest input, output or parameters that a state of this run had, in bytes. */
const largest = ({ events }: Run): number =>
  Math.max(
    ...events.flatMap(({ parameters = null, result = null }) =>
      [parameters, result].map((value) => Buffer.byteLength(JSON.stringify(value))),
    ),
  );

/** Settings as long as settings may be, where the training has hyperparameters of so many characters. */
function settingsOf(hyperparameters: Record<string, string>, anchor: string | null): Config {
  const named = <T>(names: string[], value: T) => Object.fromEntries(names.map((name) => [name, value]));
  return parseConfig(
    JSON.stringify({
      project,
      problem: 'binary',
      data: {
        source: 's'.repeat(400),
        target: 'y',
        positive: 'yes',
        slices: words(16, 400, 's'),
        features_exclude: words(50, 400, 'f'),
      },
      training: { hyperparameters, metrics: { auc: `auc=([0-9.]+)${'x'.repeat(380)}` } },
      tuning: {
        objective: { metric: 'auc', goal: 'maximize' },
        max_jobs: 100,
        ranges: named(words(20, 200, 'r'), { min: 0.1, max: 1 }),
      },
      prepare: { script: 'prepare.py' },
      budget: { max_run_usd: 'off' },
      gate: { anchor: { package: anchor ?? 'none' } },
      environments: {
        production: {
          account: '111111111111',
          region: 'us-east-1',
          tags: named(words(40, 100, 't'), 'v'.repeat(256)),
        },
      },
    }),
  );
}

/**
 * The sizes of every run that there is: the first; one whose champion and anchor are prepared otherwise; the same
 * again, which reuses all; one that fails with the longest cause.
 */
async function sizesOf(hyperparameters: Record<string, string>): Promise<number[]> {
  const world = new FakeSageMaker(project, 'us-east-1');
  world.context.root = `s3://${'b'.repeat(63)}/${project}`;
  world.context.jobPrefix = 'j'.repeat(21);
  world.context.jobs.trials = async () =>
    words(100, 63).map((name) => ({
      name,
      hyperparameters,
      value: 0.9,
      seconds: 7,
      status: 'completed' as const,
    }));
  world.manifest = { features: words(50, 400).map((name) => ({ name, type: 'number' })) };
  const run = async (model: string, script: string, anchor: string | null) =>
    await world.run(
      await requestOf(world, '', {
        config: settingsOf(hyperparameters, anchor),
        trigger: {
          kind: 'pull_request',
          ref: 'r'.repeat(250),
          commit: 'c'.repeat(64),
          dirty: true,
          actor: 'o'.repeat(39),
          reason: 'r'.repeat(400),
        },
        images: { model: `${'i'.repeat(330)}@sha256:${model}`, prepare: `${'i'.repeat(330)}@sha256:1` },
        script: await scriptOf(world, script),
        notes: ['n'.repeat(400)],
      }),
    );
  const first = await run('1'.repeat(64), '1'.repeat(64), null);
  expect(first.result).toMatchObject({ status: 'SUCCEEDED' });
  const other = await run('2'.repeat(64), '2'.repeat(64), `${project}/1`);
  expect(other.result).toMatchObject({ status: 'SUCCEEDED' });
  const again = await run('2'.repeat(64), '2'.repeat(64), `${project}/1`);
  expect(again.calls.filter(({ action }) => action.startsWith('create'))).toEqual([]);
  world.failures.set('Score candidate', ['x'.repeat(longestCause)]);
  const failed = await run('3'.repeat(64), '2'.repeat(64), `${project}/1`);
  expect(failed.result).toMatchObject({ status: 'FAILED' });
  return [first, other, again, failed].map(largest);
}

test('settings of 400 characters, 16 slices, 50 features, 100 trials, the longest names: every state fits', async () => {
  const sizes = await sizesOf(Object.fromEntries(words(20, 100, 'h').map((name) => [name, 'v'.repeat(400)])));
  expect(Math.max(...sizes)).toBeLessThan(largestState);
});

test('settings that are just small enough fit, in the run that carries them most often; larger ones are refused', async () => {
  const of = (count: number) =>
    Object.fromEntries(words(count, 100, 'h').map((name) => [name, 'v'.repeat(400)]));
  const isRefused = (count: number) => {
    try {
      settingsOf(of(count), null);
      return false;
    } catch (error) {
      expect((error as ConfigError).problems).toMatchObject([
        {
          path: 'training',
          message: expect.stringMatching(/^got \d+ KB of settings in a run's state, expected at most 180 KB/),
        },
      ]);
      return true;
    }
  };
  let most = 20;
  while (most < 100 && !isRefused(most + 1)) most += 1;
  expect(isRefused(100)).toBe(true);
  const sizes = await sizesOf(of(most));
  // The largest may fail too, and then carries the cause.
  expect(Math.max(...sizes) + longestCause).toBeLessThan(largestState);
  // The limit is no larger than it has to be: what fits is not refused by far.
  expect(Math.max(...sizes)).toBeGreaterThan(largestState / 2);
});
