import { describe, expect, test } from '@jest/globals';
import { candidates } from '../../backends/embedded/jobs/search.ts';
import { type Duel, duelOf, guideOf, type PastRun, type PastTrial, partsOf, standingOf } from './guide.ts';
import { tuningConfig } from './job-parameters.ts';

type Tuning = Parameters<typeof guideOf>[0];
const tuning: Tuning = {
  strategy: 'random',
  objective: { metric: 'auc', goal: 'maximize' },
  max_jobs: 12,
  parallel_jobs: 2,
  warm_start: false,
  guided: { share_random: 0.25, good: 0.25, min_trials: 20 },
  ranges: {
    C: { min: '0.01', max: '100', type: 'continuous', scale: 'logarithmic' },
    depth: { min: '1', max: '20', type: 'integer', scale: 'linear' },
    kind: ['a', 'b', 'c'],
  },
};

type Surface = (point: Readonly<Record<string, string>>) => number;

/** The best is at C = 1, depth 5, kind b; 0 there, and less the farther a point is. */
const known: Surface = ({ C, depth, kind }) =>
  -((Math.log10(Number(C)) / 2) ** 2) - ((Number(depth) - 5) / 10) ** 2 - (kind === 'b' ? 0 : 0.2);
/** The same, with its best elsewhere: what the past says is wrong today. */
const moved: Surface = ({ C, depth, kind }) =>
  -(((Math.log10(Number(C)) - 1.8) / 2) ** 2) - ((Number(depth) - 18) / 10) ** 2 - (kind === 'c' ? 0 : 0.2);

/** Trials of the machine's own search, as it draws them. */
function search(change: Partial<Tuning>, seed: number, surface: Surface, guided: boolean): PastTrial[] {
  const config = tuningConfig({ ...tuning, ...change }, seed) as Parameters<typeof candidates>[0];
  return candidates(config).map((point) => ({ hyperparameters: point, value: surface(point), guided }));
}

function guidedRun(past: PastRun[], seed: number, surface: Surface): PastRun {
  const found = guideOf(tuning, past);
  if ('why' in found) return { trials: search({}, seed, surface, false) };
  const { first, parts, ranges } = found.guide;
  return {
    trials: [
      { hyperparameters: first, value: surface(first), guided: true },
      ...search({ ranges, max_jobs: parts.guided }, seed, surface, true),
      ...search({ max_jobs: parts.random }, seed + 1000, surface, false),
    ],
  };
}

const best = ({ trials }: PastRun) => Math.max(...trials.map(({ value }) => value ?? Number.NaN));
const duels = (runs: PastRun[]): Duel[] =>
  runs.map(({ trials }) => duelOf(trials, 'maximize')).filter((duel) => duel !== null);

/** Runs one after the other, the newest first, each guided by those before it. */
function story(surfaces: readonly Surface[], seed: number): PastRun[] {
  const runs: PastRun[] = [];
  for (const [index, surface] of surfaces.entries()) runs.unshift(guidedRun(runs, seed + index, surface));
  return runs;
}
const times = <T>(n: number, of: (index: number) => T): T[] => Array.from({ length: n }, (_, i) => of(i));
const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

describe('on a surface that stays as it was', () => {
  const stories = times(20, (i) =>
    story(
      times(12, () => known),
      i * 100,
    ),
  );

  test('guided runs end nearer to the best than random ones', () => {
    const guided = mean(stories.map(([newest]) => (newest ? best(newest) : Number.NaN)));
    const random = mean(times(20, (i) => best({ trials: search({}, 5000 + i, known, false) })));
    expect(guided).toBeGreaterThan(-0.03);
    expect(random).toBeLessThan(2 * guided);
  });

  test('the ranges hold the best, and are narrower than those of mlops.yaml', () => {
    for (const runs of stories) {
      const found = guideOf(tuning, runs);
      if ('why' in found) throw new Error(found.why);
      const { C, depth, kind } = found.guide.ranges as Record<string, { min: string; max: string }>;
      expect(Number(C?.min)).toBeLessThan(1);
      expect(Number(C?.max)).toBeGreaterThan(1);
      expect(Number(C?.max) / Number(C?.min)).toBeLessThan(1000);
      expect([Number(depth?.min) <= 5, Number(depth?.max) >= 5]).toEqual([true, true]);
      expect(Number(depth?.max) - Number(depth?.min)).toBeLessThan(15);
      expect(kind).toEqual(expect.arrayContaining(['b']));
      expect(kind).not.toEqual(['a', 'b', 'c']);
    }
  });

  test('the standing says that guidance helps', () => {
    for (const runs of stories) {
      const standing = standingOf(duels(runs));
      expect(standing.runs).toBe(10);
      expect(standing.interval?.[0]).toBeGreaterThan(0.5);
    }
  });
});

describe('on a surface that moved', () => {
  const surfaces = [...times(6, () => known), ...times(14, () => moved)];
  const stories = times(20, (i) => story(surfaces, i * 100));

  test('the first guided runs lose to their own random trials, which find the new best', () => {
    const just = stories.map((runs) => runs.slice(-8, -6));
    const { interval } = standingOf(just.flatMap(duels));
    expect(interval?.[1]).toBeLessThan(0.5);
  });

  test('the random share leads the guide to the new best, and old runs are forgotten', () => {
    const then = mean(stories.map((runs) => best(runs.at(-7) as PastRun)));
    const fourth = mean(stories.map((runs) => best(runs.at(-10) as PastRun)));
    const random = mean(times(20, (i) => best({ trials: search({}, 7000 + i, moved, false) })));
    // The first run after the change pays for the past; the fourth has already less to lose than a random one.
    expect(then).toBeLessThan(random);
    expect(fourth).toBeGreaterThan(random);
    const found = stories.filter(([newest]) => best(newest as PastRun) > -0.1);
    expect(found.length).toBeGreaterThanOrEqual(18);
  });
});

describe('a guide', () => {
  const trial = (
    C: number,
    value: number | null,
    more: Partial<PastTrial['hyperparameters']> = {},
  ): PastTrial => ({
    hyperparameters: {
      C: String(C),
      depth: '5',
      kind: 'b',
      _tuning_objective_metric: 'auc',
      ...more,
    } as never,
    value,
    guided: false,
  });
  const run = (...trials: PastTrial[]): PastRun => ({ trials });
  const few = times(20, (i) => trial(1, i / 100));
  const guideFrom = (change: Partial<Tuning>, ...past: PastRun[]) => {
    const found = guideOf({ ...tuning, ...change }, past);
    if ('why' in found) throw new Error(found.why);
    return found.guide;
  };

  test('needs min_trials that reported the objective', () => {
    const most = run(...few.slice(1), trial(1, null));
    expect(guideOf(tuning, [most])).toEqual({
      why: expect.stringMatching(/^19 earlier trials .*at least 20/),
    });
    expect(guideOf(tuning, [])).toEqual({ why: expect.stringMatching(/^0 earlier trials/) });
    expect(guideOf(tuning, [run(...few)])).toHaveProperty('guide.trials', 20);
  });

  test('forgets runs older than one in which random trials beat the guided ones', () => {
    const as = (guided: boolean, of: PastTrial): PastTrial => ({ ...of, guided });
    const old = run(...few);
    const misled = run(as(true, trial(1, 0.1)), as(true, trial(1, 0.2)), as(false, trial(50, 0.9)));
    expect(guideOf(tuning, [misled, old])).toEqual({
      why: '3 earlier trials on like data reported the objective, expected at least 20 (tuning.guided.min_trials); 1 older run is left out, because random trials have beaten guided ones since',
    });
    const since = run(...times(17, (i) => trial(40, i / 100)));
    expect(guideFrom({}, since, misled, old)).toMatchObject({ runs: 2, trials: 20 });
    // The best of all was a guided one: the past is still worth something.
    const mixed = run(as(true, trial(1, 0.1)), as(true, trial(1, 0.99)), as(false, trial(50, 0.9)));
    expect(guideFrom({}, mixed, old)).toMatchObject({ runs: 2, trials: 23 });
  });

  test('takes no trial outside the ranges, and no text that is no number', () => {
    for (const change of [{ C: '1000' }, { C: '' }, { C: 'x' }, { kind: 'd' }, { depth: '' }]) {
      const past = run(...few.slice(1), trial(1, 99, change));
      expect(guideOf(tuning, [past])).toHaveProperty('why');
    }
  });

  test('tries the best trial of the newest run first, with the tuned values alone', () => {
    const old = run(...few.map(({ value }) => trial(2, value)), trial(3, 99));
    const { first } = guideFrom({}, run(trial(0.5, 0.1), trial(0.7, 0.2)), old);
    expect(first).toEqual({ C: '0.7', depth: '5', kind: 'b' });
    const minimized = guideFrom(
      { objective: { metric: 'loss', goal: 'minimize' } },
      run(trial(0.5, 0.1), trial(0.7, 0.2)),
      old,
    );
    expect(minimized.first.C).toBe('0.5');
  });

  test('ranks within runs: values of runs on other data are not compared', () => {
    // All values of the second run are higher, yet its worst is no good trial.
    const low = run(...times(8, (i) => trial(i === 7 ? 0.1 : 50, i / 100)));
    const high = run(...times(12, (i) => trial(i >= 9 ? 0.2 : 50, 10 + i)));
    const { C } = guideFrom({}, low, high).ranges as Record<string, { min: string; max: string }>;
    expect(Number(C?.min)).toBeLessThan(0.1);
    expect(Number(C?.max)).toBeGreaterThanOrEqual(50);
    const good = { ...tuning.guided, good: 0.1 };
    const best = guideFrom({ guided: good }, low, high).ranges.C as { max: string };
    expect(Number(best.max)).toBeLessThan(1);
  });

  test('keeps an end of mlops.yaml as it is written, and values that nobody tried', () => {
    const past = run(...times(20, (i) => trial(0.01, i, { depth: '20', kind: 'a' })));
    expect(guideFrom({}, past).ranges).toEqual({
      C: { min: '0.01', max: '0.01585', type: 'continuous', scale: 'logarithmic' },
      depth: { min: '19', max: '20', type: 'integer', scale: 'linear' },
      kind: ['a', 'b', 'c'],
    });
  });

  test('has as many points as trials, because SageMaker refuses a search with fewer', () => {
    const ranges: Tuning['ranges'] = {
      kind: ['a', 'b', 'c'],
      depth: { min: '1', max: '20', type: 'integer', scale: 'linear' },
    };
    const past = run(
      ...times(24, (i) => trial(1, i < 12 ? 0 : 1, { kind: 'abc'[i % 3] ?? '', depth: i < 12 ? '20' : '5' })),
    );
    const { ranges: found, parts } = guideFrom({ ranges, max_jobs: 40 }, past);
    expect(parts.guided).toBe(29);
    const { min, max } = found.depth as { min: string; max: string };
    expect((Number(max) - Number(min) + 1) * (found.kind as string[]).length).toBeGreaterThanOrEqual(29);
  });

  test.each([
    [3, 0.25, 1, 1],
    [8, 0.25, 5, 2],
    [8, 0.9, 1, 6],
    [10, 0.05, 8, 1],
    [100, 0.25, 74, 25],
  ])(
    'of %d trials with share_random %d searches %d where it was good and %d at random',
    (jobs, share, guided, random) => {
      expect(partsOf(jobs, share)).toEqual({ first: 1, guided, random });
    },
  );
});

describe('guided against random trials', () => {
  const trials = (guided: (number | null)[], random: (number | null)[]) => [
    ...guided.map((value) => ({ value, guided: true })),
    ...random.map((value) => ({ value, guided: false })),
  ];

  test('are compared in pairs; a tie counts half, and no value loses', () => {
    expect(duelOf(trials([1, 2], [1, 0]), 'maximize')).toEqual({
      guided: 2,
      random: 2,
      better: 0.875,
      won: true,
    });
    expect(duelOf(trials([1, 2], [1, 0]), 'minimize')).toMatchObject({ better: 0.125, won: false });
    expect(duelOf(trials([null], [1]), 'minimize')).toMatchObject({ better: 0, won: false });
    expect(duelOf(trials([null], [null]), 'maximize')).toMatchObject({ better: 0.5, won: false });
    expect(duelOf(trials([1], []), 'maximize')).toBeNull();
  });

  const duel = (better: number): Duel => ({ guided: 6, random: 2, better, won: better > 0.5 });

  test('say nothing over fewer than five runs', () => {
    expect(standingOf(times(4, () => duel(1)))).toEqual({
      ...{ runs: 4, guided: 24, random: 8, won: 4 },
      ...{ better: null, interval: null },
    });
  });

  test('that agree are not taken for certain: chance alone has a variance', () => {
    const { better, interval } = standingOf(times(5, () => duel(0.7)));
    expect(better).toBeCloseTo(0.7);
    // (6 + 2 + 1) / (12 * 6 * 2) / 5, and Student's t with four degrees of freedom.
    const half = 2.776445 * Math.sqrt(9 / 144 / 5);
    expect(interval?.[0]).toBeCloseTo(0.7 - half, 5);
    expect(interval?.[1]).toBeCloseTo(Math.min(1, 0.7 + half), 5);
  });

  test('are held to be better in at most 2.5 % of stories where guidance is worth nothing', () => {
    let wrong = 0;
    for (let story = 0; story < 400; story++) {
      const found = times(8, (i) => {
        const drawn = search({ max_jobs: 8 }, story * 8 + i, ({ C }) => Number(C), false);
        return duelOf(
          drawn.map(({ value }, index) => ({ value, guided: index < 6 })),
          'maximize',
        ) as Duel;
      });
      wrong += Number((standingOf(found).interval?.[0] ?? 0) > 0.5);
    }
    expect(wrong).toBeLessThanOrEqual(16);
  });
});
