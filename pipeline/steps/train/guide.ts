import type { Config } from '../../config/schema.ts';
import { quantile } from '../../statistics/student-t.ts';

/*
 * `tuning.guided`: where a search looks, from the trials of earlier runs on like data, and whether that beat random trials.
 *
 * The objective's values of two runs are not compared: their data differ. A run's own trials are ranked among themselves, and
 * the best of each run say where good values lie.
 */

type Tuning = NonNullable<Config['tuning']>;
type Goal = Tuning['objective']['goal'];
type Ranges = Tuning['ranges'];
export type Guided = NonNullable<Tuning['guided']>;

/** A trial that has ended. */
export interface PastTrial {
  hyperparameters: Readonly<Record<string, string>>;
  /** The objective; null if the trial did not report it. */
  value: number | null;
  /** Whether an earlier guide chose it. */
  guided: boolean;
}

/** The trials of one earlier run on like data. */
export interface PastRun {
  trials: readonly PastTrial[];
}

/** How many trials each part of a guided search has. */
export interface Parts {
  /** The best trial of the newest like run, again. */
  first: number;
  /** In the ranges where past trials were good. */
  guided: number;
  /** Over the ranges of mlops.yaml. */
  random: number;
}

export interface Guide {
  /** Earlier runs that it is made from, and their trials that reported the objective. */
  runs: number;
  trials: number;
  parts: Parts;
  first: Record<string, string>;
  /** The ranges of mlops.yaml, each as narrow as past trials say. */
  ranges: Ranges;
}

/** Runs, the newest, whose trials say where to look. Older ones are left out, so that a guide follows data that change. */
const mostRuns = 10;
/** A range reaches so far beyond the good values on both sides, as a share of the range of mlops.yaml on its scale. */
const widening = 0.05;
/** The share of good values at either end that does not widen a range. */
const outermost = 0.1;
/** A value of a list that is good less than this share as often as all is left out. */
const rarely = 0.5;

/**
 * Where to search, or a sentence that says why past trials do not tell yet.
 *
 * @param past runs on like data with the same ranges, the newest first
 */
export function guideOf(
  { ranges, objective, max_jobs, guided }: Tuning & { guided: Guided },
  past: readonly PastRun[],
): { guide: Guide } | { why: string } {
  const kept = trusted(past, objective.goal);
  const forgotten = past.length - kept.length;
  const runs = kept
    .map(({ trials }) => ranked(trials, ranges, objective.goal))
    .filter((trials) => trials.length > 0)
    .slice(0, mostRuns);
  const trials = runs.reduce((sum, run) => sum + run.length, 0);
  const [first] = runs[0] ?? [];
  if (first === undefined || trials < guided.min_trials)
    return {
      why: `${trials} earlier trials on like data reported the objective, expected at least ${guided.min_trials} (tuning.guided.min_trials)${forgotten > 0 ? `; ${forgotten} older ${forgotten === 1 ? 'run is' : 'runs are'} left out, because random trials have beaten guided ones since` : ''}`,
    };
  const all = runs.flat();
  const good = runs.flatMap((run) => run.slice(0, Math.ceil(guided.good * run.length)));
  const parts = partsOf(max_jobs, guided.share_random);
  const narrow = Object.fromEntries(
    Object.entries(ranges).map(([name, range]) => [
      name,
      narrowed(range, {
        all: all.map((trial) => trial[name] ?? ''),
        good: good.map((trial) => trial[name] ?? ''),
      }),
    ]),
  );
  const guide = { runs: runs.length, trials, parts, first, ranges: enough(narrow, ranges, parts.guided) };
  return { guide };
}

/**
 * The runs since the past last misled: where random trials beat the guided ones in most pairs and had the best of all, that run
 * and newer ones count, and older ones no more.
 */
function trusted(past: readonly PastRun[], goal: Goal): readonly PastRun[] {
  const misled = past.findIndex(({ trials }) => {
    const duel = duelOf(trials, goal);
    return duel !== null && duel.better < 0.5 && !duel.won;
  });
  return misled === -1 ? past : past.slice(0, misled + 1);
}

/** How many trials each part has: one again, at least one at random, and at least one in the narrow ranges. */
export function partsOf(jobs: number, share: number): Parts {
  const random = Math.min(Math.max(1, Math.round(share * jobs)), jobs - 2);
  return { first: 1, guided: jobs - 1 - random, random };
}

/** The tuned values of the trials that reported the objective and lie in the ranges, the best first. */
function ranked(trials: readonly PastTrial[], ranges: Ranges, goal: Goal): Record<string, string>[] {
  return trials
    .filter((trial): trial is PastTrial & { value: number } => trial.value !== null)
    .filter(({ hyperparameters }) =>
      Object.entries(ranges).every(([name, range]) => holds(range, hyperparameters[name])),
    )
    .sort((a, b) => (goal === 'maximize' ? b.value - a.value : a.value - b.value))
    .map(({ hyperparameters }) =>
      Object.fromEntries(Object.keys(ranges).map((name) => [name, hyperparameters[name] ?? ''])),
    );
}

type Range = Ranges[string];
type Numeric = Exclude<Range, readonly string[]>;

function holds(range: Range, value: string | undefined): boolean {
  if (value === undefined) return false;
  if (Array.isArray(range)) return range.includes(value);
  const number = Number(value);
  return value.trim() !== '' && number >= Number(range.min) && number <= Number(range.max);
}

/**
 * The part of a range where good trials lie. Of numbers, where all but the outermost tenths of the good ones are, a little wider;
 * of a list, the values whose trials were good at least half as often as all trials, and those never tried.
 */
function narrowed(range: Range, { all, good }: { all: readonly string[]; good: readonly string[] }): Range {
  if (Array.isArray(range)) {
    const share = (value: string) => {
      const tried = all.filter((other) => other === value).length;
      return tried === 0 ? 1 : good.filter((other) => other === value).length / tried;
    };
    return range.filter((value) => share(value) >= (rarely * good.length) / all.length);
  }
  const [min, max] = [Number(range.min), Number(range.max)];
  const { to, from } = scales[range.scale];
  const places = good.map((value) => (to(Number(value)) - to(min)) / (to(max) - to(min)));
  const at = (place: number) => from(to(min) + place * (to(max) - to(min)));
  places.sort((a, b) => a - b);
  const outer = Math.floor(outermost * places.length);
  const low = (places[outer] ?? 0) - widening;
  const high = (places.at(-1 - outer) ?? 1) + widening;
  const text =
    range.type === 'integer'
      ? (value: number, round: (value: number) => number) => String(round(value))
      : (value: number) => short(value, min, max);
  // An end that is not moved stays as it is written.
  return {
    ...range,
    min: low <= 0 ? range.min : text(Math.max(min, at(low)), Math.floor),
    max: high >= 1 ? range.max : text(Math.min(max, at(high)), Math.ceil),
  } satisfies Numeric;
}

/** An end with four digits, unless that would leave the range or move it by more than a thousandth of it. */
function short(value: number, min: number, max: number): string {
  const rounded = Number(value.toPrecision(4));
  const close = Math.abs(rounded - value) <= (max - min) / 1000 && rounded >= min && rounded <= max;
  return String(close ? rounded : value);
}

const scales: Record<Numeric['scale'], { to: (x: number) => number; from: (y: number) => number }> = {
  linear: { to: (x) => x, from: (y) => y },
  logarithmic: { to: Math.log, from: Math.exp },
  reverse_logarithmic: { to: (x) => -Math.log1p(-x), from: (y) => -Math.expm1(-y) },
};

/**
 * Widens ranges until they have as many points as there are trials: SageMaker refuses a search with fewer. Those that were
 * narrowed least are the last to be widened.
 */
function enough(narrow: Ranges, full: Ranges, jobs: number): Ranges {
  const found = { ...narrow };
  const names = Object.keys(full).sort(
    (a, b) => points(narrow[a]) / points(full[a]) - points(narrow[b]) / points(full[b]),
  );
  for (const name of names) {
    const all = Object.values(found).reduce((product, range) => product * points(range), 1);
    if (all >= jobs) break;
    found[name] = full[name] ?? [];
  }
  return found;
}

function points(range: Range | undefined): number {
  if (range === undefined) return 0;
  if (Array.isArray(range)) return range.length;
  // Step by step through all numbers that a computer knows is as good as without end.
  return range.type === 'integer' ? Number(range.max) - Number(range.min) + 1 : 1e15;
}

/** Guided trials of one run against its random ones: the only fair comparison, because they learned from the same rows. */
export interface Duel {
  guided: number;
  random: number;
  /** The share of pairs in which the guided trial was better; a tie counts half. */
  better: number;
  /** Whether the best of all was a guided one. */
  won: boolean;
}

/** The comparison within a run; null without trials of both kinds. A trial without a value is worse than any with one. */
export function duelOf(trials: readonly Pick<PastTrial, 'value' | 'guided'>[], goal: Goal): Duel | null {
  const worth = ({ value }: Pick<PastTrial, 'value'>) =>
    value === null ? Number.NEGATIVE_INFINITY : goal === 'maximize' ? value : -value;
  const guided = trials.filter((trial) => trial.guided).map(worth);
  const random = trials.filter((trial) => !trial.guided).map(worth);
  if (guided.length === 0 || random.length === 0) return null;
  let won = 0;
  for (const ours of guided)
    for (const theirs of random) won += ours > theirs ? 1 : ours === theirs ? 0.5 : 0;
  return {
    guided: guided.length,
    random: random.length,
    better: won / (guided.length * random.length),
    won: Math.max(...guided) > Math.max(...random),
  };
}

/** What the runs so far say about guided against random trials. */
export interface Standing {
  runs: number;
  guided: number;
  random: number;
  /** Runs whose best trial was a guided one. */
  won: number;
  /** Mean share of pairs in which the guided trial was better, over runs; null where there are too few runs. */
  better: number | null;
  /** Its 95 % interval over runs. */
  interval: [number, number] | null;
}

/** Fewer runs than this say nothing about the next one. */
export const leastRuns = 5;
const confidence = 0.95;

/**
 * The standing over runs. A run counts once, however many trials it has. The variance is the larger of two: that between the
 * runs, and that which chance alone gives (Mann and Whitney); so a few runs that happen to agree do not look certain.
 */
export function standingOf(duels: readonly Duel[]): Standing {
  const n = duels.length;
  const sum = (of: (duel: Duel) => number) => duels.reduce((total, duel) => total + of(duel), 0);
  const counted = {
    runs: n,
    guided: sum(({ guided }) => guided),
    random: sum(({ random }) => random),
    won: sum(({ won }) => Number(won)),
  };
  if (n < leastRuns) return { ...counted, better: null, interval: null };
  const better = sum((duel) => duel.better) / n;
  const between = sum((duel) => (duel.better - better) ** 2) / (n - 1) / n;
  const chance = sum(({ guided, random }) => (guided + random + 1) / (12 * guided * random)) / n ** 2;
  const half = quantile(1 - (1 - confidence) / 2, n - 1) * Math.sqrt(Math.max(between, chance));
  return { ...counted, better, interval: [Math.max(0, better - half), Math.min(1, better + half)] };
}
