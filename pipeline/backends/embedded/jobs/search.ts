import { createHash } from 'node:crypto';
import type { ParameterRanges, TuningConfig } from './api.ts';
import { serviceError } from './errors.ts';

export type Candidate = Readonly<Record<string, string>>;

/** A parameter's value at a point u of [0, 1), and whether a value is in its range. */
interface Dimension {
  name: string;
  at(u: number): string;
  holds(value: string): boolean;
}

/** Draws without a new point before the space counts as exhausted. */
const REDRAWS = 200;

/**
 * The trials of a tuning job, all chosen before the first one runs. Grid is the product of the categorical values,
 * the last varying fastest. Every other strategy is random search: each parameter independent and uniform on its
 * scale, no trial twice (fewer trials if the space has fewer points). `earlier` has the parents' trials, best first.
 * The best of them within the ranges start, as many as MaxParallelTrainingJobs but at most half of all trials; the
 * others are not repeated.
 * @throws `SageMaker.ValidationException` for ranges that SageMaker would refuse
 */
export function candidates(config: TuningConfig, earlier: readonly Candidate[] = []): Candidate[] {
  const ranges = config.ParameterRanges;
  const most = config.ResourceLimits.MaxNumberOfTrainingJobs;
  if (config.Strategy === 'Grid') return grid(ranges, most);
  if (most === undefined)
    throw refuse('ResourceLimits.MaxNumberOfTrainingJobs', 'expected a number, found none');
  const all = dimensions(ranges);
  if (!all.length) throw refuse('ParameterRanges', 'expected at least one range, found none');
  const seed = config.RandomSeed ?? 0;
  const known = new Map<string, Candidate>();
  for (const point of earlier) {
    if (Object.keys(point).length !== all.length) continue;
    const inside = all.every(({ name, holds }) => point[name] !== undefined && holds(point[name]));
    const same = Object.fromEntries(all.map(({ name }) => [name, point[name] ?? '']));
    if (inside) known.set(JSON.stringify(same), same);
  }
  const first = Math.max(1, Math.min(config.ResourceLimits.MaxParallelTrainingJobs, Math.floor(most / 2)));
  const found = new Map([...known].slice(0, first));
  for (let trial = 0; found.size < most; trial++) {
    if (trial >= most + known.size + REDRAWS) break;
    const drawn = Object.fromEntries(all.map(({ name, at }) => [name, at(uniform(seed, trial, name))]));
    const text = JSON.stringify(drawn);
    if (!known.has(text)) found.set(text, drawn);
  }
  return [...found.values()];
}

/**
 * A number in [0, 1) that depends only on its arguments: the first 53 bits of SHA-256 of "SEED/TRIAL/NAME". So a
 * trial does not depend on other parameters or trials.
 */
export function uniform(seed: number, trial: number, name: string): number {
  const hash = createHash('sha256').update(`${seed}/${trial}/${name}`).digest();
  return Number(hash.readBigUInt64BE(0) >> 11n) / 2 ** 53;
}

function grid(ranges: ParameterRanges, most: number | undefined): Candidate[] {
  const categories = ranges.CategoricalParameterRanges ?? [];
  if (ranges.ContinuousParameterRanges?.length || ranges.IntegerParameterRanges?.length) {
    throw refuse('ParameterRanges', 'Grid takes CategoricalParameterRanges only');
  }
  if (!categories.length) throw refuse('ParameterRanges', 'expected at least one range, found none');
  distinct(categories.map(({ Name }) => Name));
  const all = categories.reduce<Candidate[]>(
    (points, { Name, Values }) =>
      points.flatMap((point) => Values.map((value) => ({ ...point, [Name]: value }))),
    [{}],
  );
  if (most !== undefined && most !== all.length) {
    throw refuse(
      'ResourceLimits.MaxNumberOfTrainingJobs',
      `expected ${all.length}, the number of points of the grid, or none; found ${most}`,
    );
  }
  return all;
}

function dimensions(ranges: ParameterRanges): Dimension[] {
  const categorical = (ranges.CategoricalParameterRanges ?? []).map(({ Name, Values }) => ({
    name: Name,
    at: (u: number) => Values[Math.floor(u * Values.length)] as string,
    holds: (value: string) => Values.includes(value),
  }));
  const continuous = (ranges.ContinuousParameterRanges ?? []).map((range) => {
    const { min, max } = bounds(range);
    const scale = scaleOf(range.Name, range.ScalingType, min, max);
    const [low, high] = [scale.to(min), scale.to(max)];
    return {
      name: range.Name,
      at: (u: number) => String(clamp(scale.from(low + u * (high - low)), min, max)),
      holds: (value: string) => Number(value) >= min && Number(value) <= max,
    };
  });
  const integer = (ranges.IntegerParameterRanges ?? []).map((range) => {
    const { min, max } = bounds(range);
    if (!Number.isInteger(min) || !Number.isInteger(max)) {
      throw refuse(`IntegerParameterRanges: ${range.Name}`, `expected integers, found ${min} and ${max}`);
    }
    const scale = scaleOf(range.Name, range.ScalingType, min, max);
    // Each integer gets the interval of half a unit on both sides.
    const [low, high] = [scale.to(min - 0.5), scale.to(max + 0.5)];
    return {
      name: range.Name,
      at: (u: number) => String(clamp(Math.round(scale.from(low + u * (high - low))), min, max)),
      holds: (value: string) =>
        Number.isInteger(Number(value)) && Number(value) >= min && Number(value) <= max,
    };
  });
  const all = [...categorical, ...continuous, ...integer];
  distinct(all.map(({ name }) => name));
  return all;
}

interface Scale {
  to(x: number): number;
  from(y: number): number;
}
const linear: Scale = { to: (x) => x, from: (y) => y };
const logarithmic: Scale = { to: Math.log, from: Math.exp };
const reverse: Scale = { to: (x) => -Math.log1p(-x), from: (y) => -Math.expm1(-y) };

/** Auto: logarithmic if the range is positive and spans three orders of magnitude, else linear. */
function scaleOf(name: string, type: string | undefined, min: number, max: number): Scale {
  const at = `ParameterRanges: ${name}`;
  if (type === 'Logarithmic') {
    if (min <= 0) throw refuse(at, `Logarithmic needs a MinValue above 0, found ${min}`);
    return logarithmic;
  }
  if (type === 'ReverseLogarithmic') {
    if (min < 0 || max >= 1) throw refuse(at, `ReverseLogarithmic needs 0 <= x < 1, found ${min} and ${max}`);
    return reverse;
  }
  return type !== 'Linear' && min > 0 && max / min >= 1000 ? logarithmic : linear;
}

function bounds(range: { Name: string; MinValue: string; MaxValue: string }): { min: number; max: number } {
  const [min, max] = [Number(range.MinValue), Number(range.MaxValue)];
  const numbers = range.MinValue.trim() !== '' && range.MaxValue.trim() !== '';
  if (!numbers || !Number.isFinite(min) || !Number.isFinite(max) || min > max) {
    throw refuse(
      `ParameterRanges: ${range.Name}`,
      `expected numbers MinValue <= MaxValue, found ${JSON.stringify(range.MinValue)} and ${JSON.stringify(range.MaxValue)}`,
    );
  }
  return { min, max };
}

function distinct(names: string[]): void {
  const twice = names.find((name, at) => names.indexOf(name) !== at);
  if (twice !== undefined) throw refuse('ParameterRanges', `${twice} has two ranges`);
}

function clamp(x: number, min: number, max: number): number {
  return Math.min(max, Math.max(min, x));
}

function refuse(where: string, what: string): Error {
  return serviceError('ValidationException', `CreateHyperParameterTuningJob: ${where}: ${what}`);
}
