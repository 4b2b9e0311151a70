import type { TuningConfig } from '../../pipeline/backends/embedded/jobs/api.ts';
import { candidates } from '../../pipeline/backends/embedded/jobs/search.ts';
import type { Random } from '../../pipeline/statistics/random.ts';
import { type Duel, duelOf, guideOf, type PastTrial, standingOf } from '../../pipeline/steps/train/guide.ts';
import { tuningConfig } from '../../pipeline/steps/train/job-parameters.ts';
import type { Measured, Table } from './table.ts';

/*
 * Guided searches against random ones, on surfaces of which the best point is known. A story is a model's runs one after the other,
 * each guided by those before it.
 */

type Tuning = Parameters<typeof guideOf>[0];

const tuning: Tuning = {
  strategy: 'random',
  objective: { metric: 'value', goal: 'maximize' },
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

/** How far a point is from the best there is, without a unit. */
type Surface = (point: Readonly<Record<string, string>>) => number;

const best =
  (log10C: number, depth: number, kind: string): Surface =>
  (point) =>
    ((Math.log10(Number(point.C)) - log10C) / 2) ** 2 +
    ((Number(point.depth) - depth) / 10) ** 2 +
    (point.kind === kind ? 0 : 0.2);
const stays = best(0, 5, 'b');
/** Its best is at the other end of each range. */
const moved = best(1.8, 18, 'c');
const flat: Surface = () => 0;

interface Tried extends PastTrial {
  value: number;
  distance: number;
}

interface World {
  surface: Surface;
  /** Standard deviation of the objective's noise. */
  noise: number;
  random: Random;
}

function trialAt(
  point: Readonly<Record<string, string>>,
  guided: boolean,
  { surface, noise, random }: World,
): Tried {
  const distance = surface(point);
  return { hyperparameters: point, value: noise * random.normal() - distance, distance, guided };
}

function search(change: Partial<Tuning>, guided: boolean, world: World): Tried[] {
  const seed = Math.floor(world.random.uniform() * 2 ** 28);
  const config = tuningConfig({ ...tuning, ...change }, seed) as TuningConfig;
  return candidates(config).map((point) => trialAt(point, guided, world));
}

function run(past: readonly { trials: readonly Tried[] }[], world: World): { trials: Tried[] } {
  const found = guideOf(tuning, past);
  if ('why' in found) return { trials: search({}, false, world) };
  const { first, parts, ranges } = found.guide;
  return {
    trials: [
      trialAt(first, true, world),
      ...search({ ranges, max_jobs: parts.guided }, true, world),
      ...search({ max_jobs: parts.random }, false, world),
    ],
  };
}

/** The newest run first. */
function story(surfaces: readonly Surface[], world: Omit<World, 'surface'>): { trials: Tried[] }[] {
  const runs: { trials: Tried[] }[] = [];
  for (const surface of surfaces) runs.unshift(run(runs, { ...world, surface }));
  return runs;
}

/** How far the trial that a run takes is from the best there is. */
const distanceOf = ({ trials }: { trials: readonly Tried[] }): number =>
  trials.reduce((taken, trial) => (trial.value > taken.value ? trial : taken), trials[0]!).distance;

const duelsOf = (runs: readonly { trials: readonly Tried[] }[]): Duel[] =>
  runs.map(({ trials }) => duelOf(trials, 'maximize')).filter((duel) => duel !== null);

const times = <T>(n: number, of: () => T): T[] => Array.from({ length: n }, of);
/** The table's numbers are thousandths. */
const meanOf = (values: readonly number[], most?: number): Measured => ({
  count: 1000 * values.reduce((sum, value) => sum + value, 0),
  of: values.length,
  as: 'mean',
  ...(most !== undefined && { most }),
});

const healthy = 14;
const after = 12;

/** A row for the runs of a story, of which `places` are measured, counted from the change (or from the first). */
const row =
  (
    noise: number,
    surfaces: readonly Surface[],
    places: readonly number[],
    limits: readonly (number | undefined)[],
  ) =>
  (runs: number, random: Random) => {
    const last = surfaces.at(-1)!;
    const begin = surfaces.indexOf(last);
    const stories = times(runs, () => story(surfaces, { noise, random }).reverse());
    const alone = times(runs, () => ({ trials: search({}, false, { surface: last, noise, random }) }));
    return {
      labels: [noise.toFixed(2)],
      measured: [
        meanOf(alone.map(distanceOf)),
        ...places.map((place, index) =>
          meanOf(
            stories.map((of) => distanceOf(of[begin + place - 1]!)),
            limits[index],
          ),
        ),
      ],
    };
  };

const noises = [0, 0.02, 0.05];
const about =
  'How far the trial that a run takes is from the best there is, in thousandths: less is better. Three hyperparameters, 12 trials a run.';

/** What guidance gains where nothing changes. */
export const guidedWhereNothingChanges: Table = {
  name: 'guided-stays',
  title: 'Guided search, where nothing changes',
  about,
  columns: ['noise', 'random search', '4th run', '6th run', '14th run'],
  rows: noises.map((noise) =>
    row(
      noise,
      times(healthy, () => stays),
      [4, 6, 14],
      [100, 70, 50],
    ),
  ),
};

/** What guidance costs where the best moves, and how soon it is found again. */
export const guidedWhereTheBestMoves: Table = {
  name: 'guided-moved',
  title: 'Guided search, after the best has moved to the other end of each range',
  about,
  columns: ['noise', 'random search', '1st run after', '2nd', '4th', '12th'],
  rows: noises.map((noise) =>
    row(
      noise,
      [...times(healthy, () => stays), ...times(after, () => moved)],
      [1, 2, 4, 12],
      [undefined, undefined, 250, 100],
    ),
  ),
};

const verdictRow =
  (what: string, surface: Surface, noise: number, limits: [object, object]) =>
  (runs: number, random: Random) => {
    const standings = times(runs, () =>
      standingOf(
        duelsOf(
          story(
            times(12, () => surface),
            { noise, random },
          ),
        ),
      ),
    );
    const count = (of: (interval: [number, number]) => boolean) =>
      standings.filter(({ interval }) => interval !== null && of(interval)).length;
    return {
      labels: [what],
      measured: [
        { count: count(([low]) => low > 0.5), of: runs, ...limits[0] },
        { count: count(([, high]) => high < 0.5), of: runs, ...limits[1] },
      ],
    };
  };

/** How often the report says that guidance helps, or does worse. */
export const guidedStandings: Table = {
  name: 'guided-standings',
  title: 'What the report says of guidance after twelve runs, in % of stories',
  about: 'Noise alone: no hyperparameter has an effect.',
  columns: ['objective', 'helps', 'does worse'],
  rows: [
    verdictRow('noise alone', flat, 1, [{ most: 0.025 }, { most: 0.025 }]),
    verdictRow('where nothing changes', stays, 0.02, [{ least: 0.8 }, { most: 0.025 }]),
  ],
};

export const tuningTables = [guidedWhereNothingChanges, guidedWhereTheBestMoves, guidedStandings];
