import { expect, test } from '@jest/globals';
import type { TuningConfig } from './api.ts';
import { candidates, uniform } from './search.ts';

function config(more: Partial<TuningConfig> & { jobs?: number | undefined }): TuningConfig {
  const { jobs = 200, ...rest } = more;
  return {
    Strategy: 'Random',
    HyperParameterTuningJobObjective: { Type: 'Maximize', MetricName: 'auc' },
    ResourceLimits: { MaxNumberOfTrainingJobs: jobs, MaxParallelTrainingJobs: 2 },
    ParameterRanges: {},
    RandomSeed: 7,
    ...rest,
  };
}

const range = (Name: string, MinValue: string, MaxValue: string, ScalingType = 'Linear') =>
  ({ Name, MinValue, MaxValue, ScalingType }) as never;

test('uniform is the documented number', () => {
  // python3: int.from_bytes(hashlib.sha256(b'7/0/C').digest()[:8]) >> 11) / 2**53
  expect(uniform(7, 0, 'C')).toBe(0.40411684505496837);
});

test('random search depends on the seed alone, and a parameter not on its neighbours', () => {
  const C = range('C', '0.01', '100', 'Logarithmic');
  const alone = candidates(config({ ParameterRanges: { ContinuousParameterRanges: [C] } }));
  const beside = candidates(
    config({
      ParameterRanges: {
        ContinuousParameterRanges: [C],
        IntegerParameterRanges: [range('depth', '1', '9')],
      },
    }),
  );
  const other = candidates(config({ ParameterRanges: { ContinuousParameterRanges: [C] }, RandomSeed: 8 }));
  expect(beside.map((point) => point.C)).toEqual(alone.map((point) => point.C));
  expect(other).not.toEqual(alone);
});

test('a scale spreads the trials evenly over it, within the bounds', () => {
  const share = (scaling: string, below: number, [min, max]: [string, string]) => {
    const points = candidates(
      config({ jobs: 400, ParameterRanges: { ContinuousParameterRanges: [range('x', min, max, scaling)] } }),
    ).map((point) => Number(point.x));
    expect(points.every((x) => x >= Number(min) && x <= Number(max))).toBe(true);
    return points.filter((x) => x < below).length / points.length;
  };
  // Half of the trials lie below the middle of the scale; 400 of them are within 0.075 at three standard deviations.
  for (const share_ of [
    share('Linear', 50.005, ['0.01', '100']),
    share('Logarithmic', 1, ['0.01', '100']),
    share('Auto', 1, ['0.01', '100']),
    share('Auto', 5.5, ['1', '10']),
    share('ReverseLogarithmic', 0.9, ['0', '0.99']),
  ]) {
    expect(Math.abs(share_ - 0.5)).toBeLessThan(0.075);
  }
});

test('integers are drawn with their bounds as likely as the rest', () => {
  const counts = new Map<string, number>();
  for (let seed = 0; seed < 600; seed++) {
    const [point] = candidates(
      config({
        jobs: 1,
        RandomSeed: seed,
        ParameterRanges: { IntegerParameterRanges: [range('n', '1', '3')] },
      }),
    );
    counts.set(point?.n ?? '', (counts.get(point?.n ?? '') ?? 0) + 1);
  }
  expect(new Set(counts.keys())).toEqual(new Set(['1', '2', '3']));
  for (const count of counts.values()) expect(Math.abs(count - 200)).toBeLessThan(40);
});

test('no trial comes twice: a small space gives fewer trials than asked for', () => {
  const points = candidates(
    config({
      jobs: 50,
      ParameterRanges: { CategoricalParameterRanges: [{ Name: 'encoding', Values: ['linear', 'onehot'] }] },
    }),
  );
  expect(points).toHaveLength(2);
  expect(new Set(points.map((point) => point.encoding))).toEqual(new Set(['linear', 'onehot']));
});

test('the best of earlier trials begin, a batch or half of all; of the others none comes again', () => {
  const ranges = {
    ContinuousParameterRanges: [range('C', '0', '1')],
    IntegerParameterRanges: [range('depth', '1', '9')],
    CategoricalParameterRanges: [{ Name: 'kind', Values: ['a', 'b'] }],
  };
  const parent = candidates(config({ jobs: 10, ParameterRanges: ranges }));
  const child = candidates(config({ jobs: 12, ParameterRanges: ranges }), parent);
  expect(child).toHaveLength(12);
  expect(child.slice(0, 2)).toEqual(parent.slice(0, 2));
  const known = new Set(parent.map((point) => JSON.stringify(point)));
  expect(child.slice(2).filter((point) => known.has(JSON.stringify(point)))).toEqual([]);
  expect(candidates(config({ jobs: 12, ParameterRanges: ranges }), parent)).toEqual(child);
  expect(candidates(config({ jobs: 1, ParameterRanges: ranges }), parent)).toEqual(parent.slice(0, 1));
});

test('earlier trials outside the ranges, or of other hyperparameters, are left out', () => {
  const ranges = {
    ContinuousParameterRanges: [range('C', '0', '1')],
    CategoricalParameterRanges: [{ Name: 'kind', Values: ['a', 'b'] }],
  };
  const cold = candidates(config({ jobs: 4, ParameterRanges: ranges }));
  const earlier = [
    { C: '2', kind: 'a' },
    { C: '0.5', kind: 'c' },
    { C: '0.5' },
    { C: '0.5', kind: 'a', depth: '1' },
  ];
  expect(candidates(config({ jobs: 4, ParameterRanges: ranges }), earlier)).toEqual(cold);
});

test('a grid is every combination once', () => {
  const grid = (jobs: number) =>
    candidates(
      config({
        Strategy: 'Grid',
        jobs,
        ParameterRanges: {
          CategoricalParameterRanges: [
            { Name: 'a', Values: ['1', '2'] },
            { Name: 'b', Values: ['x', 'y'] },
          ],
        },
      }),
    );
  expect(grid(4)).toEqual([
    { a: '1', b: 'x' },
    { a: '1', b: 'y' },
    { a: '2', b: 'x' },
    { a: '2', b: 'y' },
  ]);
  expect(() => grid(3)).toThrow('expected 4, the number of points of the grid, or none; found 3');
});

test('ranges that the service would refuse are refused, by name', () => {
  const refused = (more: Partial<TuningConfig>) => {
    try {
      candidates(config(more));
    } catch (error) {
      expect((error as Error).name).toBe('SageMaker.ValidationException');
      return (error as Error).message;
    }
    throw new Error('not refused');
  };
  const continuous = (...ranges: never[]) => ({ ParameterRanges: { ContinuousParameterRanges: ranges } });
  expect(refused(continuous(range('C', '0', '1', 'Logarithmic')))).toContain('C: Logarithmic needs');
  expect(refused(continuous(range('C', '0', '1', 'ReverseLogarithmic')))).toContain('0 <= x < 1');
  expect(refused(continuous(range('C', '2', '1')))).toContain('MinValue <= MaxValue, found "2" and "1"');
  expect(refused(continuous(range('C', '', '1')))).toContain('found ""');
  expect(refused(continuous(range('C', '0', '1'), range('C', '0', '1')))).toContain('C has two ranges');
  expect(refused({})).toContain('expected at least one range');
  expect(refused({ Strategy: 'Grid', ...continuous(range('C', '0', '1')) })).toContain(
    'Grid takes Categorical',
  );
  expect(refused({ ParameterRanges: { IntegerParameterRanges: [range('n', '0.5', '2')] } })).toContain(
    'expected integers',
  );
});
