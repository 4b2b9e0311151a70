import { expect, test } from '@jest/globals';
import { defaultGate } from '../config/schema.ts';
import { Random } from '../statistics/random.ts';
import type { BinaryScores, MulticlassScores, RegressionScores, SliceColumn } from '../statistics/scores.ts';
import { decide, type GateInput } from './decide.ts';
import type { GatePolicy } from './policy.ts';
import type { Check, Verdict } from './verdict.ts';

const ids = (n: number) => Array.from({ length: n }, (_, i) => `r${i}`);

function sliceColumns(slices: Record<string, string[]>): Map<string, SliceColumn> {
  const columns = Object.entries(slices).map(([name, texts]) => {
    const values = [...new Set(texts)];
    return [name, { values, codes: Uint32Array.from(texts, (text) => values.indexOf(text)) }] as const;
  });
  return new Map(columns);
}

function binary(labels: number[], scores: number[], slices: Record<string, string[]> = {}): BinaryScores {
  return {
    problem: 'binary',
    source: 'memory',
    ids: ids(labels.length),
    positions: null,
    slices: sliceColumns(slices),
    classes: ['0', '1'],
    labels: Uint8Array.from(labels),
    scores: Float64Array.from(scores),
    predicted: null,
  };
}

function regression(labels: number[], predicted: number[]): RegressionScores {
  return {
    problem: 'regression',
    source: 'memory',
    ids: ids(labels.length),
    positions: null,
    slices: new Map(),
    labels: Float64Array.from(labels),
    predicted: Float64Array.from(predicted),
  };
}

/** n rows, a third positive, scores of a model of the given strength. */
function model(n: number, strength: number, seed: number): BinaryScores {
  const random = new Random(seed);
  const labels = Array.from({ length: n }, (_, i) => (i % 3 === 0 ? 1 : 0));
  const shared = new Random(1234);
  return binary(
    labels,
    labels.map(
      (label) => 1 / (1 + Math.exp(-(strength * label + shared.normal() + 0.5 * random.normal() - 1))),
    ),
  );
}

type Change = Partial<GatePolicy>;
const policy = (change: Change = {}): GatePolicy => ({
  ...defaultGate('binary'),
  slices: null,
  min_positives: 2,
  ...change,
});

/** Quick: no bootstrap unless asked for. */
const judge = (candidate: GateInput['candidate'], rest: Partial<GateInput> = {}): Verdict =>
  decide({ candidate, policy: policy(), replicates: 0, ...rest });

function check({ checks }: Verdict, name: string): Check {
  const found = checks.filter((each) => each.name === name);
  expect(found).toHaveLength(1);
  return found[0]!;
}

const strong = model(600, 2, 1);
const peer = model(600, 2, 2);
const weak = model(600, 1.2, 3);
const useless = model(600, 0, 4);

test('a verdict carries what the contract names', () => {
  const verdict = decide({
    candidate: strong,
    champion: peer,
    policy: policy(),
    seed: 7,
    looks: { count: 3 },
  });
  expect(verdict).toMatchObject({
    outcome: 'promote',
    n: 600,
    positives: 200,
    seed: 7,
    confidence: 0.95,
    holdout_uses: 3,
    primary: 'roc_auc',
    enforced: true,
  });
  expect(Object.keys(verdict.metrics)).toEqual([
    'roc_auc',
    'pr_auc',
    'log_loss',
    'brier',
    'f1',
    'precision',
    'recall',
    'accuracy',
    'calibration_slope',
  ]);
  for (const [name, metric] of Object.entries(verdict.metrics)) {
    expect(metric.method).toBe(name === 'roc_auc' ? 'score' : 'bootstrap');
    expect(metric.difference).toBe(metric.candidate - metric.champion!);
    expect(metric.interval![0]).toBeLessThan(metric.candidate);
    expect(metric.interval![1]).toBeGreaterThan(metric.candidate);
    expect(metric.difference_interval![0]).toBeLessThan(metric.difference!);
    expect(metric.difference_interval![1]).toBeGreaterThan(metric.difference!);
    expect(metric.p_value).toBeGreaterThan(0);
    expect(metric.p_value).toBeLessThanOrEqual(1);
  }
  expect(JSON.parse(JSON.stringify(verdict))).toEqual(verdict);
});

test('without a champion nothing is compared, and nothing counts as passed', () => {
  const verdict = judge(strong, {
    policy: policy({ min_change: { absolute: 0.1 }, slices: defaultGate('binary').slices }),
  });
  for (const name of ['champion', 'anchor', 'min_change', 'slices']) {
    expect(check(verdict, name).outcome).toBe('not_judged');
  }
  expect(check(judge(strong, { champion: peer }), 'slices')).toMatchObject({
    outcome: 'not_judged',
    detail: 'gate.slices is off.',
  });
  expect(verdict).toMatchObject({ outcome: 'promote', smallest_detectable_difference: null });
  expect(verdict.metrics.roc_auc).toMatchObject({ champion: null, difference: null, p_value: null });
});

test('a threshold is held to the point estimate, its own value passes', () => {
  // AUC 3/4, accuracy 3/4, Brier .09.
  const rows = binary([1, 1, 0, 0], [0.9, 0.3, 0.4, 0.1]);
  const auc = 0.75;
  const outcome = (thresholds: GatePolicy['thresholds'], name: string) =>
    check(judge(rows, { policy: policy({ thresholds, floor: false }) }), name).outcome;
  expect(outcome({ roc_auc: { min: auc } }, 'threshold roc_auc')).toBe('pass');
  expect(outcome({ roc_auc: { min: auc + 1e-9 } }, 'threshold roc_auc')).toBe('fail');
  expect(outcome({ roc_auc: { max: auc } }, 'threshold roc_auc')).toBe('pass');
  expect(outcome({ roc_auc: { max: auc - 1e-9 } }, 'threshold roc_auc')).toBe('fail');
  expect(outcome({ roc_auc: { min: 0.7, max: 0.74 } }, 'threshold roc_auc min')).toBe('pass');
  expect(outcome({ roc_auc: { min: 0.7, max: 0.74 } }, 'threshold roc_auc max')).toBe('fail');
  // (.01 + .49 + .16 + .01) / 4 = .1675, not exactly so in a float64
  expect(outcome({ brier: { max: 0.1675 } }, 'threshold brier')).toBe('pass');
  expect(outcome({ brier: { min: 0.1675 } }, 'threshold brier')).toBe('pass');
});

test('the operating threshold moves the metrics of labels', () => {
  const rows = binary([1, 1, 0, 0], [0.9, 0.3, 0.4, 0.1]);
  const at = (threshold: number) => judge(rows, { threshold }).metrics;
  expect(at(0.3)).toMatchObject({
    recall: { candidate: 1 },
    precision: { candidate: 2 / 3 },
    accuracy: { candidate: 0.75 },
  });
  expect(at(0.5)).toMatchObject({
    recall: { candidate: 0.5 },
    precision: { candidate: 1 },
    accuracy: { candidate: 0.75 },
  });
  expect(at(0.95).precision).toMatchObject({
    candidate: 0,
    note: expect.stringContaining('no row is predicted positive'),
  });
  const verdict = judge(rows, { champion: rows, threshold: 0.3, championThreshold: 0.5 });
  expect(verdict.metrics.recall).toMatchObject({ candidate: 1, champion: 0.5, difference: 0.5 });
});

test('the floor needs a bound above the constant prediction', () => {
  expect(check(judge(strong), 'floor')).toMatchObject({ outcome: 'pass', limit: 0.5, confidence: 0.95 });
  expect(check(judge(useless), 'floor').outcome).toBe('fail');
  expect(check(judge(weak), 'floor').bound).toBeLessThan(judge(weak).metrics.roc_auc!.candidate);
  const floorOf = (primary: string) =>
    check(decide({ candidate: strong, policy: policy({ primary }), replicates: 500 }), 'floor');
  const entropy = -(Math.log(1 / 3) / 3 + (2 * Math.log(2 / 3)) / 3);
  const lead = (primary: string, constant: number) => {
    const { outcome, value, bound, limit } = floorOf(primary);
    const own = decide({ candidate: strong, policy: policy(), replicates: 0 }).metrics[primary]!.candidate;
    expect(Math.abs(own - constant)).toBeCloseTo(value!, 12);
    expect({ outcome, limit }).toEqual({ outcome: 'pass', limit: 0 });
    expect(bound).toBeGreaterThan(0);
    expect(bound).toBeLessThan(value!);
  };
  lead('log_loss', entropy);
  lead('brier', 2 / 9);
  lead('pr_auc', 1 / 3);
  lead('accuracy', 2 / 3);
  lead('f1', 0.5);
  expect(floorOf('calibration_slope')).toMatchObject({
    outcome: 'fail',
    detail: expect.stringMatching(/^Calibration slope has no value for a constant prediction/),
  });
  expect(judge(useless, { policy: policy({ floor: false }) }).checks.map(({ name }) => name)).not.toContain(
    'floor',
  );
});

test('a model that always says no is rejected although its accuracy is high', () => {
  const labels = Array.from({ length: 1000 }, (_, i) => (i % 6 === 0 ? 1 : 0));
  const no = binary(
    labels,
    labels.map(() => 0.01),
  );
  for (const primary of ['roc_auc', 'accuracy', 'log_loss']) {
    const verdict = decide({ candidate: no, policy: policy({ primary }), replicates: 500 });
    expect(verdict.metrics.accuracy!.candidate).toBeGreaterThan(0.83);
    expect(check(verdict, 'floor').outcome).toBe('fail');
    expect(verdict.outcome).toBe('reject');
  }
});

test('non_inferior: pass above the margin, fail below it, else inconclusive', () => {
  const outcome = (candidate: BinaryScores, champion: BinaryScores, margin: GatePolicy['anchor']['margin']) =>
    check(
      judge(candidate, { champion, policy: policy({ champion: { rule: 'non_inferior', margin } }) }),
      'champion',
    );
  const { bound } = outcome(strong, peer, 0.03);
  expect(bound).toBeLessThan(0);
  expect(outcome(strong, peer, -bound! + 1e-6).outcome).toBe('pass');
  expect(outcome(strong, peer, -bound! - 1e-6).outcome).toBe('inconclusive');
  // The bound at the limit is not above it.
  expect(outcome(strong, peer, -bound!).outcome).toBe('inconclusive');
  const worse = outcome(weak, strong, 0.03);
  expect(worse).toMatchObject({ outcome: 'fail', limit: -0.03 });
  expect(worse.bound).toBeLessThan(-0.03);
  expect(outcome(weak, strong, -worse.bound! + 1e-6).outcome).toBe('inconclusive');
  expect(outcome(weak, strong, -worse.bound! - 1e-6).outcome).toBe('fail');
});

test("a margin may be a share of the champion's value", () => {
  const verdict = judge(strong, {
    champion: peer,
    policy: policy({ champion: { rule: 'non_inferior', margin: '5%' } }),
  });
  expect(check(verdict, 'champion').limit).toBeCloseTo(-0.05 * verdict.metrics.roc_auc!.champion!, 12);
  for (const margin of [-1, Number.NaN, '5' as '5%', undefined]) {
    const rule = { rule: 'non_inferior', margin } as GatePolicy['champion'];
    expect(judge(strong, { champion: peer, policy: policy({ champion: rule }) }).outcome).toBe('reject');
  }
});

test('superior is the same with 0', () => {
  const superior = policy({ champion: { rule: 'superior' } });
  expect(check(judge(strong, { champion: weak, policy: superior }), 'champion')).toMatchObject({
    outcome: 'pass',
    limit: 0,
  });
  expect(check(judge(weak, { champion: strong, policy: superior }), 'champion').outcome).toBe('fail');
  expect(check(judge(strong, { champion: peer, policy: superior }), 'champion').outcome).toBe('inconclusive');
  expect(check(judge(strong, { champion: strong, policy: superior }), 'champion').outcome).toBe(
    'inconclusive',
  );
});

test('a lower loss is better', () => {
  for (const primary of ['log_loss', 'brier']) {
    const superior = policy({ primary, champion: { rule: 'superior' } });
    const better = decide({ candidate: strong, champion: weak, policy: superior, replicates: 500 });
    expect(better.metrics[primary]!.difference).toBeLessThan(0);
    expect(check(better, 'champion')).toMatchObject({
      outcome: 'pass',
      value: -better.metrics[primary]!.difference!,
    });
    expect(
      check(decide({ candidate: weak, champion: strong, policy: superior, replicates: 500 }), 'champion')
        .outcome,
    ).toBe('fail');
  }
});

test('the anchor is judged as non_inferior, and fails where the policy names one that is not there', () => {
  const anchored = policy({ anchor: { package: 'attrition/1', margin: 0.05 } });
  expect(check(judge(strong, { anchor: peer, policy: anchored }), 'anchor').outcome).toBe('pass');
  expect(check(judge(weak, { anchor: strong, policy: anchored }), 'anchor').outcome).toBe('fail');
  expect(check(judge(strong, { policy: anchored }), 'anchor')).toMatchObject({
    outcome: 'fail',
    detail: expect.stringContaining('attrition/1'),
  });
});

test('a change below either limit of min_change is inconclusive', () => {
  const outcome = (min_change: GatePolicy['min_change']) => {
    const verdict = judge(strong, { champion: peer, policy: policy({ min_change }) });
    return [
      check(verdict, 'min_change').outcome,
      verdict.metrics.roc_auc!.difference!,
      verdict.metrics.roc_auc!.champion!,
    ] as const;
  };
  const [, difference, champion] = outcome({ absolute: 0 });
  const size = Math.abs(difference);
  const [better, worse] = difference > 0 ? [strong, peer] : [peer, strong];
  const judged = (min_change: GatePolicy['min_change']) =>
    check(judge(better, { champion: worse, policy: policy({ min_change }) }), 'min_change').outcome;
  expect(judged({ absolute: size })).toBe('pass');
  expect(judged({ absolute: size + 1e-9 })).toBe('inconclusive');
  const base = difference > 0 ? champion : champion + difference;
  expect(judged({ relative: size / base })).toBe('pass');
  expect(judged({ relative: size / base + 1e-9 })).toBe('inconclusive');
  expect(judged({ absolute: size, relative: size / base + 1e-9 })).toBe('inconclusive');
  // A loss is no change for the better.
  expect(
    check(judge(worse, { champion: better, policy: policy({ min_change: { absolute: 0 } }) }), 'min_change')
      .outcome,
  ).toBe('inconclusive');
});

/** Two teams of `size` rows, half of them positive; the champion ranks them well, the candidate only team b. */
function teams(size: number): { champion: BinaryScores; candidate: BinaryScores } {
  const labels = Array.from({ length: 2 * size }, (_, i) => i % 2);
  const team = labels.map((_, i) => (i < size ? 'a' : 'b'));
  const random = new Random(8);
  const scores = (hurt: number) =>
    labels.map((label, i) => {
      const strength = i < size ? hurt : 3;
      return 1 / (1 + Math.exp(-strength * (label - 0.5) - random.normal()));
    });
  return { champion: binary(labels, scores(3)), candidate: binary(labels, scores(1), { team }) };
}

test('slices have three answers: a drop that the bound shows, one that only the point has, and none', () => {
  const slices = { metric: 'roc_auc', max_drop: 0.1, min_positives: 20, inconclusive: 'report' } as const;
  const judged = (size: number, change: Partial<typeof slices> | { inconclusive: 'hold' } = {}) => {
    const { champion, candidate } = teams(size);
    return judge(candidate, {
      champion,
      policy: policy({ champion: { rule: 'non_inferior', margin: 0.9 }, slices: { ...slices, ...change } }),
    });
  };
  const shown = judged(400);
  expect(shown.outcome).toBe('reject');
  const [a, b] = shown.slices;
  expect(check(shown, 'slices team=a')).toMatchObject({ outcome: 'fail', limit: -0.1, confidence: 0.975 });
  expect(check(shown, 'slices team=a').bound).toBeLessThan(-0.1);
  expect(a).toMatchObject({
    column: 'team',
    value: 'a',
    n: 400,
    positives: 200,
    outcome: 'fail',
    level: 0.975,
  });
  expect(a!.difference).toBe(a!.candidate! - a!.champion!);
  expect(a!.difference_interval![0]).toBeLessThan(a!.difference!);
  expect(a!.difference_interval![1]).toBeGreaterThan(a!.difference!);
  expect(a!.reason).toBe(check(shown, 'slices team=a').detail);
  // Holm: once the first of two has failed, the second is judged at the full level.
  expect(b).toMatchObject({ value: 'b', outcome: 'pass', level: 0.95 });

  const open = judged(40);
  expect(open.slices[0]!.difference).toBeLessThan(-0.1);
  expect(open.slices[0]).toMatchObject({ outcome: 'inconclusive', level: 0.975 });
  expect(check(open, 'slices team=a')).toMatchObject({
    outcome: 'pass',
    detail: expect.stringContaining('but the slice is too small to show it'),
  });
  expect(open.outcome).toBe('promote');
  expect(judged(40, { inconclusive: 'hold' })).toMatchObject({
    outcome: 'hold',
    reason: expect.stringMatching(/^Inconclusive: ROC AUC of team=a is \.\d{3} worse/),
  });

  const small = judged(30);
  expect(small.slices.map(({ outcome, level, note }) => [outcome, level, note])).toEqual([
    ['not_judged', null, 'too few rows to judge'],
    ['not_judged', null, 'too few rows to judge'],
  ]);
  expect(check(small, 'slices team=a')).toMatchObject({
    outcome: 'not_judged',
    detail: 'Not judged: 15 rows in its rarest class; gate.slices.min_positives asks for 20.',
  });
});

test('a slice with one class has no value and is not judged', () => {
  const labels = [1, 1, 0, 0, 1, 1];
  const champion = binary(labels, [0.9, 0.8, 0.2, 0.1, 0.5, 0.5]);
  const candidate = binary(labels, [0.9, 0.8, 0.2, 0.1, 0.5, 0.5], { team: ['a', 'a', 'a', 'a', 'c', 'c'] });
  const { slices } = judge(candidate, { champion, policy: policy({ slices: defaultGate('binary').slices }) });
  expect(slices[1]).toMatchObject({ value: 'c', candidate: null, champion: null, difference: null });
  expect(slices[1]).toMatchObject({ outcome: 'not_judged', note: 'the slice has no negative rows' });
});

test('more slices than could show anything are refused with the setting to change', () => {
  const labels = Array.from({ length: 4004 }, (_, i) => i % 2);
  const rows = binary(
    labels,
    labels.map((label) => label / 2 + 0.2),
    {
      zip: labels.map((_, i) => `z${i >> 2}`),
    },
  );
  const slices = { ...defaultGate('binary').slices!, min_positives: 2 };
  expect(check(judge(rows, { champion: rows, policy: policy({ slices }) }), 'slices')).toMatchObject({
    outcome: 'fail',
    detail: expect.stringMatching(
      /^1,001 slices are large enough to judge, expected at most 1,000: .*data\.slices/,
    ),
  });
});

test('slices of a column with very many values are judged, and the small ones listed up to a limit', () => {
  const rows = {
    ...strong,
    slices: sliceColumns({ zip: strong.ids.map((_, i) => (i < 300 ? `z${i % 150}` : 'big')) }),
  };
  const verdict = judge(rows, {
    champion: peer,
    policy: policy({
      slices: { metric: 'roc_auc', max_drop: 0.1, min_positives: 20, inconclusive: 'report' },
    }),
  });
  expect(verdict.slices).toHaveLength(51);
  expect(verdict.slices.map(({ value }) => value)).toContain('big');
  expect(verdict.notes.join()).toContain('zip has 100 more slices');
});

test('overall: any fail rejects, else inconclusive is what the policy says', () => {
  const inconclusive = { champion: { rule: 'superior' } } as const;
  for (const outcome of ['hold', 'promote', 'reject'] as const) {
    const verdict = judge(strong, {
      champion: peer,
      policy: policy({ ...inconclusive, inconclusive: outcome }),
    });
    expect(verdict.outcome).toBe(outcome);
    expect(verdict.reason).toMatch(
      /^Inconclusive: ROC AUC is between \.\d{3} worse and \.\d{3} better than the champion's at 95 % confidence; neither/,
    );
  }
  const failing = policy({
    ...inconclusive,
    inconclusive: 'promote',
    thresholds: { roc_auc: { min: 0.99 } },
  });
  expect(judge(strong, { champion: peer, policy: failing })).toMatchObject({
    outcome: 'reject',
    reason: expect.stringMatching(/^ROC AUC is \.\d{3}, below the lowest that passes, \.990\.$/),
  });
});

/** Rows of a regression whose predictions are off by a fixed size, larger in one slice. */
function offBy(sizes: Record<'a' | 'b', number>): RegressionScores {
  const labels = Array.from({ length: 80 }, (_, i) => i);
  const team = labels.map((i) => (i % 2 === 0 ? ('a' as const) : ('b' as const)));
  const predicted = labels.map((label, i) => label + (i % 3 === 0 ? 1.4 : -0.8) * sizes[team[i]!]);
  return { ...regression(labels, predicted), slices: sliceColumns({ team }) };
}

test('a failing slice is named where the reason tells of it', () => {
  const verdict = judge(offBy({ a: 3, b: 4.5 }), {
    champion: offBy({ a: 4, b: 4 }),
    policy: {
      ...defaultGate('regression'),
      floor: false,
      champion: { rule: 'non_inferior', margin: 9 },
      slices: { metric: 'rmse', max_drop: '10%', min_positives: 20, inconclusive: 'report' },
    },
    replicates: 200,
  });
  expect(verdict.reason).toMatch(
    /^RMSE of team=b is \.\d{3} worse than the champion's, at least \.\d{3} worse at 97.5 % confidence; a drop of \.\d{3} is the most allowed\.$/,
  );
  expect(check(verdict, 'slices team=a').detail).toMatch(
    /^RMSE of team=a is [\d.]+ better than the champion's;/,
  );
  const long = 'x'.repeat(300);
  const labels = Array.from({ length: 80 }, (_, i) => i % 2);
  const rows = (scores: number[]) => binary(labels, scores, { [long]: labels.map(() => long) });
  const { reason } = judge(rows(labels.map((label, i) => (i % 7 ? label : 0.5))), {
    champion: rows(labels),
    policy: policy({
      floor: false,
      champion: { rule: 'non_inferior', margin: 0.9 },
      slices: { metric: 'roc_auc', max_drop: 0.001, min_positives: 2, inconclusive: 'report' },
    }),
  });
  expect(reason.length).toBeLessThan(200);
});

test('a slice has an interval by DeLong or by bootstrap, which decides nothing', () => {
  const scores = offBy({ a: 3, b: 4.5 });
  const sliced = (replicates: number, seed = 0) =>
    decide({ candidate: scores, policy: defaultGate('regression'), replicates, seed });
  for (const { candidate, interval } of sliced(400).slices) {
    expect(interval![0]).toBeLessThan(candidate!);
    expect(interval![1]).toBeGreaterThan(candidate!);
  }
  expect(sliced(400).slices).toEqual(sliced(400).slices);
  expect(sliced(400, 1).slices).not.toEqual(sliced(400).slices);
  expect(sliced(0).slices.map(({ interval }) => interval)).toEqual([null, null]);
  const whole = { ...strong, slices: sliceColumns({ all: strong.ids.map(() => 'rows') }) };
  const { slices, metrics } = judge(whole, { policy: policy({ slices: defaultGate('binary').slices }) });
  expect(slices[0]!.interval).toEqual(metrics.roc_auc!.interval);
});

test('sentences say better or worse in the direction of the metric', () => {
  const [good, bad] = [offBy({ a: 3, b: 3 }), offBy({ a: 4, b: 4 })];
  const said = (
    candidate: RegressionScores,
    champion: RegressionScores,
    rule: GatePolicy['champion'],
    primary = 'rmse',
  ) => {
    const verdict = judge(candidate, {
      champion,
      policy: { ...defaultGate('regression'), slices: null, floor: false, primary, champion: rule },
      replicates: 400,
    });
    return [verdict.reason, check(verdict, 'champion').detail] as const;
  };
  const near = { rule: 'non_inferior', margin: 0.05 } as const;
  const superior = { rule: 'superior' } as const;
  const [failed] = said(bad, good, near);
  expect(failed).toMatch(
    /^RMSE is 1\.\d{3} worse than the champion's, at least [\d.]+ worse at 95 % confidence; the margin is \.050\.$/,
  );
  const [promoted, passed] = said(good, bad, superior);
  expect(promoted).toMatch(
    /^RMSE is [\d.]+ against the champion's [\d.]+, 1\.\d{3} better \(95 % interval of the difference \[−[\d.]+, −[\d.]+\]\)\. The one check/,
  );
  expect(passed).toMatch(/better than the champion's, at least [\d.]+ better at .*; only better passes\.$/);
  expect(said(good, bad, superior, 'r2')[1]).toMatch(/^R² is \.\d+ better .*, at least \.\d+ better at/);
  expect(said(good, good, near)[1]).toBe(
    "RMSE is equal to the champion's: both models predict the same row for row; the margin is .050.",
  );
  expect(said(good, good, superior)[1]).toBe(
    "RMSE is equal to the champion's: both models predict the same row for row; only better passes.",
  );
  expect(said(good, good, near)[0]).toContain(', no difference (95 % interval');
});

test('a hold tells its bounds and the margin between them', () => {
  const { value } = check(judge(weak, { champion: strong }), 'champion');
  const verdict = judge(weak, {
    champion: strong,
    policy: policy({ champion: { rule: 'non_inferior', margin: -value! } }),
  });
  expect(verdict.outcome).toBe('hold');
  expect(-value!).toBeGreaterThan(verdict.smallest_detectable_difference!);
  expect(verdict.reason).toMatch(
    /^Inconclusive: ROC AUC is between \.\d{3} and \.\d{3} worse than the champion's at 95 % confidence; the margin of \.\d{3} is neither met nor excluded\.$/,
  );
  const bound = check(judge(strong, { champion: peer }), 'champion').bound!;
  const near = policy({ champion: { rule: 'non_inferior', margin: -bound / 2 } });
  expect(judge(strong, { champion: peer, policy: near }).reason).toMatch(
    /^Inconclusive: ROC AUC is between \.\d{3} worse and \.\d{3} better than the champion's .*; the margin of .* is neither met nor excluded\.$/,
  );
});

test('a promotion says what it rests on', () => {
  const own = /^ROC AUC is \.\d{3} \(95 % interval \[\.\d{3}, \.\d{3}\]\)\. /;
  const { reason } = judge(strong);
  expect(reason).toMatch(own);
  expect(reason.replace(own, '')).toBe(
    'Only the trivial model was beaten: no threshold is set, and there was no champion to compare with.',
  );
  const held = judge(strong, { policy: policy({ thresholds: { roc_auc: { min: 0.5 } } }) });
  expect(held.reason.replace(own, '')).toBe(
    'All 2 checks that were judged pass, and there was no champion to compare with.',
  );
  const none = judge(strong, { policy: policy({ floor: false }) });
  expect(none.reason.replace(own, '')).toBe(
    'No check was judged, and there was no champion to compare with.',
  );
});

test('the floor tells the constant and the bound', () => {
  const detail = (candidate: BinaryScores, primary: string) =>
    check(decide({ candidate, policy: policy({ primary }), replicates: 200 }), 'floor').detail;
  expect(detail(strong, 'roc_auc')).toMatch(
    /^ROC AUC is \.\d{3} with a lower bound of \.\d{3} at 95 % confidence, which beats .* \.500\.$/,
  );
  expect(detail(strong, 'log_loss')).toMatch(
    /^Log-loss is \.\d{3}, \.\d{3} better than the constant prediction's \.637, at least \.\d{3} better at 95 % confidence\.$/,
  );
  expect(detail(useless, 'log_loss')).toMatch(/, but it may be \.\d{3} worse at 95 % confidence\.$/);
});

test('enforce: false changes no outcome and says so', () => {
  const enforced = judge(useless, { champion: strong });
  const reported = judge(useless, { champion: strong, policy: policy({ enforce: false }) });
  expect(reported).toMatchObject({ outcome: 'reject', enforced: false, checks: enforced.checks });
  expect(reported.notes[0]).toContain('Not enforced');
  expect(enforced.notes).toEqual([]);
});

test('reuse: correct holds the k-th look of superior to alpha / (k (k + 1))', () => {
  const superior = (reuse: 'report' | 'correct', count: number) =>
    judge(strong, {
      champion: weak,
      policy: policy({ reuse, champion: { rule: 'superior' } }),
      looks: { count },
    });
  expect(check(superior('report', 4), 'champion').confidence).toBe(0.95);
  expect(check(superior('correct', 1), 'champion').confidence).toBeCloseTo(1 - 0.05 / 2, 12);
  expect(check(superior('correct', 4), 'champion').confidence).toBeCloseTo(1 - 0.05 / 20, 12);
  expect(superior('correct', 4).smallest_detectable_difference).toBeGreaterThan(
    superior('report', 4).smallest_detectable_difference!,
  );
  const nonInferior = judge(strong, {
    champion: weak,
    policy: policy({ reuse: 'correct' }),
    looks: { count: 4 },
  });
  expect(check(nonInferior, 'champion').confidence).toBe(0.95);
  expect(superior('report', 4).notes.join()).toContain(
    'of 4 challengers no better than the champion, about .2 would pass',
  );
});

test('the smallest detectable difference is what 80 % power needs', () => {
  const { metrics, smallest_detectable_difference: smallest } = judge(strong, { champion: peer });
  const [low, high] = metrics.roc_auc!.difference_interval!;
  // Student's t with 199 degrees of freedom; the interval's standard error grows a little away from no difference.
  const standardError = (high - low) / 2 / 1.9719565;
  expect(smallest! / ((1.6525467 + 0.8416212335729143) * standardError)).toBeCloseTo(1, 1.9);
});

test('what cannot be computed fails the policy that needs it, with the reason', () => {
  const onlyNo = binary([0, 0, 0], [0.1, 0.2, 0.3]);
  const verdict = judge(onlyNo, {
    champion: onlyNo,
    policy: policy({ thresholds: { recall: { min: 0.1 } } }),
  });
  expect(Object.keys(verdict.metrics)).toEqual(['log_loss', 'brier', 'accuracy']);
  for (const name of ['primary', 'threshold recall', 'floor', 'champion']) {
    expect(check(verdict, name)).toMatchObject({
      outcome: 'fail',
      detail: expect.stringContaining('the holdout has no positive rows'),
    });
  }
  expect(verdict).toMatchObject({ outcome: 'reject', reason: expect.stringContaining('3 more checks fail') });

  const labelsOnly: BinaryScores = { ...strong, scores: null, predicted: strong.labels };
  const second = judge(labelsOnly, { champion: peer });
  expect(Object.keys(second.metrics)).toEqual(['f1', 'precision', 'recall', 'accuracy']);
  expect(second.reason).toContain('ROC AUC cannot be computed: the model gives no probabilities.');
  const champion = judge(strong, { champion: labelsOnly });
  expect(check(champion, 'champion')).toMatchObject({
    outcome: 'fail',
    detail: expect.stringContaining('ROC AUC of the champion cannot'),
  });

  for (const primary of ['auc', 'rmse', '__proto__', 'toString']) {
    const unknown = judge(strong, { policy: policy({ primary, thresholds: { [primary]: { min: 0 } } }) });
    expect(unknown.outcome).toBe('reject');
    expect(unknown.reason).toContain('the gate knows no such metric of a binary model, only roc_auc, pr_auc');
  }
});

test('too few rows for a bound fail the policy that needs one', () => {
  const verdict = judge(binary([1, 0, 0], [0.9, 0.1, 0.2]), { policy: policy({ min_positives: 1 }) });
  expect(verdict.metrics.roc_auc).toMatchObject({
    candidate: 1,
    interval: null,
    method: 'none',
    note: 'no interval: too few rows',
  });
  expect(check(verdict, 'floor')).toMatchObject({
    outcome: 'fail',
    detail: expect.stringContaining('too few rows'),
  });
});

test('identical scores differ by nothing, with p 1', () => {
  const verdict = decide({ candidate: strong, champion: strong, policy: policy(), replicates: 100 });
  for (const metric of Object.values(verdict.metrics)) {
    expect(metric).toMatchObject({ difference: 0, difference_interval: [0, 0], p_value: 1 });
    expect(metric.note).toContain('the models do not differ in this metric: p is 1');
  }
  expect(check(verdict, 'champion')).toMatchObject({ outcome: 'pass', value: 0, bound: 0 });
  expect(verdict.smallest_detectable_difference).toBe(0);
});

test('perfect separation has an interval, and the verdict says where to look', () => {
  const labels = Array.from({ length: 40 }, (_, i) => i % 2);
  const perfect = binary(
    labels,
    labels.map((label, i) => (label + i / 100) / 2),
  );
  const wrong = binary(
    labels,
    labels.map((label, i) => (1 - label + i / 100) / 2),
  );
  const verdict = judge(perfect, { champion: wrong });
  const { interval, difference, p_value, delong } = verdict.metrics.roc_auc!;
  expect(interval![0]).toBeGreaterThan(0.85);
  expect(interval![0]).toBeLessThan(0.95);
  expect(interval![1]).toBe(1);
  expect(difference).toBe(1);
  expect(p_value).toBeLessThan(1e-5);
  // DeLong's numbers stay what pROC gives: a point.
  expect(delong).toEqual({
    interval: [1, 1],
    champion_interval: [0, 0],
    difference_interval: [1, 1],
    p_value: 0,
  });
  expect(verdict.metrics.calibration_slope).toBeUndefined();
  expect(verdict.notes.join()).toContain(
    'Calibration slope cannot be computed: the probabilities separate the classes',
  );
  expect(verdict.notes.join()).toMatch(
    /separate the classes perfectly: look for leakage, .* a column that knows/,
  );
  expect(verdict.outcome).toBe('promote');
  expect(judge(perfect, { policy: policy({ min_positives: 21 }) }).outcome).toBe('hold');
});

test('an AUC interval is clipped to [0, 1], a difference is not', () => {
  const verdict = judge(binary([1, 1, 1, 0, 0, 0], [0.9, 0.8, 0.3, 0.4, 0.2, 0.1]), {
    champion: binary([1, 1, 1, 0, 0, 0], [0.1, 0.3, 0.2, 0.25, 0.9, 0.8]),
  });
  expect(verdict.metrics.roc_auc!.interval![1]).toBe(1);
  expect(verdict.metrics.roc_auc!.champion_interval![0]).toBe(0);
  expect(verdict.metrics.roc_auc!.delong!.difference_interval![1]).toBeGreaterThan(1);
});

test('the order of rows, here and in the champion, decides nothing', () => {
  const shuffled = (rows: BinaryScores, step: number): BinaryScores => {
    const order = rows.ids.map((_, i) => (i * step) % rows.ids.length);
    return {
      ...rows,
      ids: order.map((i) => rows.ids[i]!),
      labels: Uint8Array.from(order, (i) => rows.labels[i]!),
      scores: Float64Array.from(order, (i) => rows.scores![i]!),
    };
  };
  const options = { policy: policy({ primary: 'brier' }), replicates: 200 };
  const expected = decide({ candidate: strong, champion: peer, ...options });
  expect(decide({ candidate: shuffled(strong, 7), champion: shuffled(peer, 11), ...options })).toEqual(
    expected,
  );
});

test('the seed, and nothing else, moves the bootstrap', () => {
  const run = (seed: number) =>
    decide({ candidate: strong, champion: peer, policy: policy(), replicates: 300, seed });
  expect(run(5)).toEqual(run(5));
  expect(run(6).metrics.brier!.interval).not.toEqual(run(5).metrics.brier!.interval);
  expect(run(6).metrics.roc_auc).toEqual(run(5).metrics.roc_auc);
});

test('the comparison is antisymmetric, and labels and scores may both be flipped', () => {
  const there = decide({ candidate: strong, champion: weak, policy: policy(), replicates: 300 });
  const back = decide({ candidate: weak, champion: strong, policy: policy(), replicates: 300 });
  for (const [name, metric] of Object.entries(there.metrics)) {
    expect(back.metrics[name]!.difference).toBe(-metric.difference!);
    expect(back.metrics[name]!.p_value).toBeCloseTo(metric.p_value!, 12);
    expect(back.metrics[name]!.difference_interval![0]).toBeCloseTo(-metric.difference_interval![1], 12);
  }
  const flipped = (rows: BinaryScores): BinaryScores => ({
    ...rows,
    labels: rows.labels.map((label) => 1 - label),
    scores: rows.scores!.map((score) => 1 - score),
  });
  const turned = judge(flipped(strong), { champion: flipped(weak) }).metrics.roc_auc!;
  for (const name of ['candidate', 'champion', 'difference', 'p_value'] as const) {
    expect(turned[name]).toBeCloseTo(there.metrics.roc_auc![name]!, 12);
  }
});

test('a multiclass candidate is judged against its champion', () => {
  const random = new Random(9);
  const n = 300;
  const labels = Int32Array.from({ length: n }, (_, i) => i % 3);
  const made = (strength: number): MulticlassScores => {
    const scores = new Float64Array(3 * n);
    for (let i = 0; i < n; i++) {
      const weights = [0, 1, 2].map((k) => Math.exp(random.normal() + (k === labels[i] ? strength : 0)));
      const sum = weights.reduce((a, b) => a + b);
      for (let k = 0; k < 3; k++) scores[3 * i + k] = weights[k]! / sum;
    }
    return {
      problem: 'multiclass',
      source: 'memory',
      ids: ids(n),
      positions: null,
      slices: new Map(),
      classes: ['a', 'b', 'c'],
      labels,
      scores,
      predicted: null,
    };
  };
  const [good, bad] = [made(2), made(0.8)];
  const constant = { ...good, scores: Float64Array.from(good.scores!, (_, i) => [0.4, 0.3, 0.3][i % 3]!) };
  const run = (candidate: MulticlassScores, champion: MulticlassScores, primary: string) =>
    decide({ candidate, champion, policy: { ...defaultGate('multiclass'), primary }, replicates: 300 });
  for (const primary of ['log_loss', 'accuracy', 'f1_macro', 'roc_auc_ovr']) {
    expect(run(good, bad, primary).outcome).toBe('promote');
    expect(check(run(bad, good, primary), 'champion').outcome).toBe('fail');
    expect(check(run(constant, bad, primary), 'floor').outcome).toBe('fail');
  }
  expect(run(good, bad, 'log_loss')).toMatchObject({ positives: null, n });
});

test('a regression is judged against its champion and the mean', () => {
  const random = new Random(3);
  const labels = Array.from({ length: 200 }, () => 100 + 20 * random.normal());
  const noisy = (size: number) =>
    regression(
      labels,
      labels.map((label) => label + size * random.normal()),
    );
  const [good, bad] = [noisy(5), noisy(12)];
  const mean = regression(
    labels,
    labels.map(() => 100),
  );
  const run = (candidate: RegressionScores, champion: RegressionScores | null, primary: string) =>
    decide({ candidate, champion, policy: { ...defaultGate('regression'), primary }, replicates: 300 });
  for (const primary of ['rmse', 'mae', 'r2', 'mape']) {
    expect(run(good, bad, primary).outcome).toBe('promote');
    expect(check(run(bad, good, primary), 'champion').outcome).toBe('fail');
    expect(check(run(mean, null, primary), 'floor').outcome).toBe('fail');
  }
  expect(run(good, null, 'r2').checks.find(({ name }) => name === 'floor')).toMatchObject({ limit: 0 });
});

test('models that predict the same row for row pass non_inferior at any margin, and no other rule', () => {
  const labels = Array.from({ length: 60 }, (_, i) => 10 + (i % 17));
  const perfect = regression(labels, labels);
  for (const margin of [0, '0%', '5%', 0.1] as const) {
    for (const primary of ['rmse', 'mae', 'mape', 'r2']) {
      const champion = { rule: 'non_inferior', margin } as const;
      const gate = { ...defaultGate('regression'), primary, champion, floor: false };
      const verdict = decide({ candidate: perfect, champion: perfect, policy: gate, replicates: 200 });
      expect(check(verdict, 'champion')).toMatchObject({ outcome: 'pass', value: 0, bound: 0 });
      expect(verdict.notes.join()).toContain('Every value is predicted exactly: look for leakage');
    }
  }
  for (const [primary, margin] of [
    ['roc_auc', 0],
    ['brier', '5%'],
    ['f1', 0],
    ['calibration_slope', '0%'],
  ] as const) {
    const champion = { rule: 'non_inferior', margin } as const;
    const same = { ...strong, scores: strong.scores!.slice() };
    const gate = policy({ primary, champion, floor: false });
    expect(decide({ candidate: strong, champion: same, policy: gate, replicates: 200 }).outcome).toBe(
      'promote',
    );
  }
  // The same ranks are the same AUC; other metrics see that the scores differ.
  const squeezed = { ...strong, scores: strong.scores!.map((score) => 0.25 + score / 2) };
  const held = (primary: string) =>
    decide({
      candidate: squeezed,
      champion: strong,
      policy: policy({ primary, champion: { rule: 'non_inferior', margin: 0 }, floor: false }),
      replicates: 200,
    }).outcome;
  expect([held('roc_auc'), held('accuracy'), held('brier')]).toEqual(['promote', 'promote', 'reject']);
});

test('fewer rows of a class than min_positives leave every comparison open', () => {
  const few = model(45, 2, 1); // 15 positives
  const rows = { ...few, slices: sliceColumns({ all: few.ids.map(() => 'rows') }) };
  const gate = {
    ...defaultGate('binary'),
    anchor: { package: 'm/1', margin: 0.05 },
    slices: { ...defaultGate('binary').slices!, min_positives: 5 },
  };
  const verdict = judge(rows, { champion: few, anchor: few, policy: gate });
  for (const name of ['floor', 'champion', 'anchor', 'slices all=rows']) {
    expect(check(verdict, name)).toMatchObject({
      outcome: 'inconclusive',
      detail:
        'The holdout has 15 rows of its rarest class, too few to conclude from: gate.min_positives asks for at least 20.',
    });
  }
  expect(verdict.outcome).toBe('hold');
  expect(judge(rows, { champion: few, anchor: few, policy: { ...gate, min_positives: 15 } }).outcome).toBe(
    'promote',
  );
  // A holdout without any row of a class that the model knows is too small for it.
  const three: MulticlassScores = {
    problem: 'multiclass',
    source: 'memory',
    ids: ids(100),
    positions: null,
    slices: new Map(),
    classes: ['a', 'b', 'c'],
    labels: Int32Array.from({ length: 100 }, (_, i) => i % 2),
    scores: null,
    predicted: Int32Array.from({ length: 100 }, (_, i) => i % 2),
  };
  const counted = decide({
    candidate: three,
    policy: { ...defaultGate('multiclass'), primary: 'accuracy' },
    replicates: 200,
  });
  expect(check(counted, 'floor').detail).toContain('has 0 rows of its rarest class');
  const numbers = regression([1, 2, 3], [1, 2, 4]);
  expect(check(judge(numbers, { policy: defaultGate('regression') }), 'floor').detail).toMatch(
    /^The holdout has 3 rows, too few/,
  );
});

test('a threshold by bound passes, fails or is inconclusive', () => {
  const at = (limits: NonNullable<GatePolicy['thresholds'][string]>, metric = 'roc_auc') => {
    const verdict = decide({
      candidate: strong,
      policy: policy({ thresholds: { [metric]: { ...limits, by: 'bound' } } }),
      replicates: 300,
    });
    return check(verdict, `threshold ${metric}`);
  };
  const { bound, value } = at({ min: 0.1 });
  expect(bound).toBeLessThan(value!);
  expect(at({ min: bound! - 1e-6 })).toMatchObject({ outcome: 'pass', confidence: 0.95 });
  expect(at({ min: bound! + 1e-6 }).outcome).toBe('inconclusive');
  expect(at({ min: value! }).detail).toMatch(
    /with a lower bound of \.\d{3} at 95 % confidence, so that neither/,
  );
  const failing = at({ min: 0.99 });
  expect(failing.outcome).toBe('fail');
  expect(failing.bound).toBeGreaterThan(value!);
  expect(at({ max: 0.99 })).toMatchObject({ outcome: 'pass', bound: failing.bound });
  expect(at({ max: value! }).outcome).toBe('inconclusive');
  expect(at({ max: 0.1 })).toMatchObject({ outcome: 'fail', bound });
  expect(at({ max: 0.5 }, 'brier').outcome).toBe('pass');
});

test('a percent margin of the calibration slope is of its distance from 1', () => {
  const verdict = decide({
    candidate: strong,
    champion: peer,
    policy: policy({
      primary: 'calibration_slope',
      champion: { rule: 'non_inferior', margin: '50%' },
      floor: false,
    }),
    replicates: 200,
  });
  const { champion, note } = verdict.metrics.calibration_slope!;
  expect(check(verdict, 'champion').limit).toBeCloseTo(-Math.abs(champion! - 1) / 2, 12);
  expect(note).toContain('judged by its distance from 1');
});

test('the power of the question is told: what an equal candidate passes, and the rows for 80 %', () => {
  const { power, metrics } = judge(strong, { champion: peer });
  expect(power!.margin).toBe(0.03);
  expect(power!.equal_passes).toBeGreaterThan(0.8);
  expect(power!.rows_for_80).toBeLessThan(600);
  const narrow = judge(strong, {
    champion: peer,
    policy: policy({ champion: { rule: 'non_inferior', margin: 0.01 } }),
  }).power!;
  expect(narrow.equal_passes).toBeLessThan(power!.equal_passes);
  // Nine times as many rows for a third of the margin, but for the constrained variance.
  expect(narrow.rows_for_80 / power!.rows_for_80).toBeGreaterThan(7);
  expect(narrow.rows_for_80 / power!.rows_for_80).toBeLessThan(10);
  expect(metrics.roc_auc!.difference).not.toBe(0);
  expect(
    judge(strong, { champion: peer, policy: policy({ champion: { rule: 'superior' } }) }).power,
  ).toBeNull();
  expect(judge(strong).power).toBeNull();
});

test('heavy tails are told where RMSE is', () => {
  const random = new Random(2);
  const labels = Array.from({ length: 300 }, () => 100 + 20 * random.normal());
  const noted = (error: (i: number) => number) =>
    judge(
      regression(
        labels,
        labels.map((label, i) => label + error(i)),
      ),
      { policy: defaultGate('regression') },
    ).metrics.rmse!.note ?? '';
  expect(noted((i) => (i % 100 === 0 ? 60 : random.normal()))).toMatch(
    /^3 rows of 300 make up 9\d % of the squared error: .*mae depends less/,
  );
  expect(noted(() => random.normal())).toBe('no interval: too few rows');
});

test('groups of rows, not rows, are what varies', () => {
  // Eight copies of each row say no more than one, if they are known to be of one group.
  const once = model(150, 1.5, 1);
  const against = model(150, 1.5, 2);
  const copies = (rows: BinaryScores, grouped: boolean): BinaryScores => {
    const at = Array.from({ length: 8 * rows.ids.length }, (_, i) => i % rows.ids.length);
    return {
      ...rows,
      ids: ids(at.length),
      labels: Uint8Array.from(at, (i) => rows.labels[i]!),
      scores: Float64Array.from(at, (i) => rows.scores![i]!),
      ...(grouped ? { groups: { values: rows.ids, codes: Uint32Array.from(at) } } : {}),
    };
  };
  const judged = (candidate: BinaryScores, champion: BinaryScores) =>
    decide({ candidate, champion, policy: policy(), replicates: 1000 }).metrics;
  const [single, naive, grouped] = [
    judged(once, against),
    judged(copies(once, false), copies(against, false)),
    judged(copies(once, true), copies(against, true)),
  ];
  const width = ([low, high]: readonly [number, number] | [number, number]) => high - low;
  expect(grouped.roc_auc!.method).toBe('clustered score');
  expect(grouped.brier!.method).toBe('cluster bootstrap');
  for (const name of ['roc_auc', 'brier', 'log_loss', 'accuracy']) {
    for (const key of ['interval', 'difference_interval'] as const) {
      const ratio = width(grouped[name]![key]!) / width(single[name]![key]!);
      expect(ratio).toBeGreaterThan(0.85);
      expect(ratio).toBeLessThan(1.15);
      expect(width(naive[name]![key]!) / width(single[name]![key]!)).toBeLessThan(0.45);
    }
  }
  // DeLong's own numbers know no groups.
  expect(grouped.roc_auc!.delong).toEqual(naive.roc_auc!.delong);
});

test('confidence outside of (0.5, 1) is refused', () => {
  for (const confidence of [0.5, 1, Number.NaN]) {
    expect(() => judge(strong, { policy: policy({ confidence }) })).toThrow(RangeError);
  }
});

test('a holdout of very many rows gets fewer replicates, and the verdict says so', () => {
  const labels = Array.from({ length: 500_000 }, (_, i) => i % 2);
  const predicted = labels.map((label, i) => label + (i % 7));
  const rows = regression(labels, predicted);
  const verdict = decide({ candidate: rows, policy: { ...defaultGate('regression'), floor: false } });
  expect(verdict.notes).toEqual(['Bootstrap intervals use 200 replicates of 500,000 rows.']);
  expect(judge(strong, { replicates: 2000 }).notes).toEqual([]);
});
