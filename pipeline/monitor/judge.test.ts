import { describe, expect, test } from '@jest/globals';
import { Random } from '../statistics/random.ts';
import { backTest } from './back-test.ts';
import type { Finding } from './finding.ts';
import { emptyHistory, type History } from './history.ts';
import { judge } from './judge.ts';
import type { Look } from './look.ts';
import {
  drawRows,
  labelledOf,
  lookAt,
  type Rows,
  referenceFrom,
  settings,
  summaryOf,
  type World,
  weekStart,
  windowOf,
} from './production.fixture.ts';

const random = new Random(2024);
const holdout = drawRows(1000, random);
const reference = referenceFrom(holdout, random);

/** Weeks of 500 predictions, the later ones from another world. */
const weeksOf = (
  count: number,
  { change = count, world = {}, rows = 500 }: { change?: number; world?: World; rows?: number } = {},
): Rows[] => Array.from({ length: count }, (_, week) => drawRows(rows, random, week >= change ? world : {}));

/** A look at the end of each week. */
async function play(
  weeks: readonly Rows[],
  changes: (week: number) => Partial<Look> & { name?: string } = () => ({}),
) {
  let history = emptyHistory();
  const findings: Finding[] = [];
  for (const week of weeks.keys()) {
    const judged = await judge(history, lookAt(week, weeks, reference, changes(week)));
    history = judged.history;
    findings.push(judged.finding);
  }
  return { history, findings, last: findings.at(-1)! };
}

const outcomes = ({ evidence }: Finding) =>
  Object.fromEntries(evidence.map(({ kind, name, outcome }) => [`${kind} ${name}`, outcome]));

test('a healthy model: cannot tell until labels are due, then healthy, with its card', async () => {
  const { findings, history, last } = await play(weeksOf(9));
  expect(findings[0]).toMatchObject({
    finding: 'cannot tell',
    reason: 'No labels are due before 2026-01-19 00:00 UTC.',
  });
  for (const { finding, reason } of findings.slice(1)) expect([finding, reason]).toEqual(['healthy', reason]);
  expect(outcomes(last)).toEqual({
    'scores score': 'pass',
    'column income': 'pass',
    'column city': 'pass',
    'missing income': 'pass',
    'missing city': 'pass',
    'categories city': 'pass',
    'estimate roc_auc': 'pass',
    'labels roc_auc': 'pass',
    'breach roc_auc': 'pass',
  });
  expect(history.alarms).toEqual([]);
  expect(history.windows.map(({ labels }) => labels.state)).toEqual([
    ...new Array<string>(8).fill('mature'),
    'not yet',
  ]);
  expect(last.blind).toContain(
    'No mature labels of predictions after 2026-03-02 00:00 UTC: a relation that changed since would not show.',
  );
  expect(last.card.budget).toMatchObject({
    drift: { false_alarms_per_year: 0.05, judged: 9, spent: expect.closeTo(1 - 0.95 ** (9 / 52.17857), 6) },
    labels: { mean_labels_between_false_alarms: 20_000, read: 4000 },
  });
  expect(last.card.smallest).toEqual([
    expect.stringMatching(
      /^A shift of the scores with a stability index of \.[23]\d* is found in the 500 rows/,
    ),
    expect.stringMatching(/^Had ROC AUC been \.(6|70)\d* or lower since the first of 4,000 labels/),
  ]);
  for (const { summary, labels } of history.windows.slice(0, 8)) {
    expect(labels).toMatchObject({ count: summary.rows, read: summary.rows, late: 0, version: 1, bad: 0 });
    expect(Object.keys(labels.metrics).sort()).toEqual(
      ['accuracy', 'brier', 'f1', 'log_loss', 'precision', 'recall', 'roc_auc'].sort(),
    );
  }
});

test('a changed relation decays, and the estimates before labels do not see it', async () => {
  const { findings, history, last } = await play(weeksOf(14, { change: 6, world: { slope: 0.4 } }));
  const first = findings.findIndex(({ finding }) => finding === 'decayed');
  expect(first).toBeGreaterThan(6);
  expect(first).toBeLessThan(10);
  for (const { finding } of findings.slice(first)) expect(finding).toBe('decayed');
  expect(history.alarms.filter(({ kind }) => kind === 'decay')).toHaveLength(1);
  expect(history.alarms[0]).toMatchObject({
    kind: 'decay',
    finding: 'decayed',
    at: weekStart(first + 1),
    package: 'p1',
    evidence: [{ kind: 'labels', outcome: 'alarm' }],
  });
  expect(last.next[0]).toContain('Train again');
  expect(outcomes(last)).toMatchObject({ 'scores score': 'pass', 'estimate roc_auc': 'pass' });
  // The record shows what the estimates missed.
  const record = Object.fromEntries(backTest(history).map((line) => [line.metric, line]));
  expect(record.roc_auc!.windows).toBe(13);
  expect(record.roc_auc!.held).toBeLessThan(9);
});

test('other rows are a drift of the scores and of the column that moved, and no decay', async () => {
  const { findings, last, history } = await play(weeksOf(9, { change: 5, world: { mean: 0.7 } }));
  expect(findings.slice(5).map(({ finding }) => finding)).toEqual(new Array(4).fill('watch'));
  expect(last.reason).toBe('2 things changed: the distribution of score, column income.');
  expect(outcomes(last)).toMatchObject({
    'scores score': 'alarm',
    'column city': 'pass',
    'labels roc_auc': 'pass',
  });
  expect(last.next).toEqual([expect.stringContaining('income'), expect.stringContaining('Drift alone')]);
  expect(history.alarms).toHaveLength(4);
  expect(history.alarms.every(({ kind, finding }) => kind === 'drift' && finding === 'watch')).toBe(true);
});

describe('a look', () => {
  test('again changes nothing, and one before the last is one of the last one’s time', async () => {
    const weeks = weeksOf(4);
    const { history, last } = await play(weeks);
    const again = await judge(history, lookAt(3, weeks, reference));
    expect(again).toEqual({ history, finding: last });
    const back = await judge(history, { ...lookAt(2, weeks, reference), labelled: [] });
    expect(back).toEqual({ history, finding: last });
  });

  test('survives JSON, so that the next one goes on where it ended', async () => {
    const weeks = weeksOf(5);
    let kept = emptyHistory();
    for (const week of weeks.keys())
      kept = JSON.parse(JSON.stringify((await judge(kept, lookAt(week, weeks, reference))).history));
    expect(kept).toEqual((await play(weeks)).history);
  });

  test('adds rows of new sources to a window, and refuses a mix of counted and new ones', async () => {
    const weeks = weeksOf(2);
    const half = (week: number, from: number): Rows => ({
      column: weeks[week]!.column.slice(from, from + 250),
      scores: weeks[week]!.scores.slice(from, from + 250),
      labels: weeks[week]!.labels.slice(from, from + 250),
    });
    const parts = [0, 250].map((from) => windowOf(half(0, from), 0, reference));
    const look = (summary: Look['summary']) => lookAt(0, weeks, reference, { summary });
    const first = await judge(emptyHistory(), { ...look(summaryOf([parts[0]!], ['b'])), at: weekStart(0.5) });
    const both = await judge(first.history, look(summaryOf([parts[1]!], ['a'])));
    const whole = await judge(
      emptyHistory(),
      look(summaryOf([windowOf(weeks[0]!, 0, reference)], ['a', 'b'])),
    );
    expect(both.history.sources).toEqual(['a', 'b']);
    expect(both.history.windows[0]!.summary.scores[0]!.counts).toEqual(
      whole.history.windows[0]!.summary.scores[0]!.counts,
    );
    expect(both.finding.evidence[0]!.value).toBeCloseTo(whole.finding.evidence[0]!.value!, 12);
    await expect(judge(both.history, look(summaryOf([parts[0]!], ['b', 'c'])))).rejects.toThrow(
      'the summary has rows of b, which an earlier look counted, and of c, which is new',
    );
  });

  test('at no time, or with labels of a window that nobody predicted in, is refused', async () => {
    const weeks = weeksOf(2);
    await expect(judge(emptyHistory(), lookAt(0, weeks, reference, { at: 'soon' }))).rejects.toThrow(
      'at soon',
    );
    await expect(
      judge(emptyHistory(), lookAt(0, weeks, reference, { labelled: [labelledOf(weeks[1]!, 1)] })),
    ).rejects.toThrow('labels came for the window of p1 from 2026-01-12 00:00 UTC, which has no predictions');
  });
});

describe('it cannot tell', () => {
  const reasonOf = async (look: Look, history: History = emptyHistory()) => {
    const { finding } = await judge(history, look);
    expect(finding.finding).toBe('cannot tell');
    return finding.reason;
  };
  const weeks = weeksOf(3);

  test('without a package, a reference, predictions or a complete window', async () => {
    expect(await reasonOf(lookAt(0, weeks, reference, { current: null }))).toContain(
      'No package is released',
    );
    expect(await reasonOf(lookAt(0, weeks, null, { shape: reference }))).toContain('p1 has no reference');
    expect(await reasonOf(lookAt(0, weeks, reference, { summary: summaryOf([], []) }))).toBe(
      'p1 has made no predictions yet.',
    );
    expect(await reasonOf(lookAt(0, weeks, reference, { at: weekStart(0.5) }))).toBe(
      'No window is complete: the first one ends on 2026-01-12 00:00 UTC.',
    );
  });

  test('from one row, or too few', async () => {
    for (const rows of [1, 39]) {
      const few = [drawRows(rows, random)];
      expect(await reasonOf(lookAt(0, few, reference))).toMatch(
        /^The score cannot be compared: .* do not fill two bins/,
      );
    }
  });

  test('from a window without rows', async () => {
    const none = [drawRows(0, random)];
    expect(await reasonOf(lookAt(0, none, reference))).toBe('p1 has made no predictions yet.');
  });

  test('while labels that are due do not come, or only some', async () => {
    const { history, last } = await play(weeks, () => ({ labelled: [] }));
    expect(last).toMatchObject({
      finding: 'cannot tell',
      reason:
        'The window from 2026-01-12 00:00 UTC should have its labels since 2026-01-26 00:00 UTC: no labels came.',
      blind: expect.arrayContaining([
        'No labels yet: a changed relation between columns and label would not show.',
      ]),
    });
    expect(history.windows[0]!.labels).toMatchObject({ state: 'not yet', why: 'no labels came', version: 0 });
    const some = [labelledOf(weeks[1]!, 1, 'p1', 100)];
    expect(await reasonOf(lookAt(2, weeks, reference, { labelled: some }), history)).toContain(
      'only 20 % of the predictions in one tenth of the scores have a label, and 50 % is asked for.',
    );
  });

  test('from labels of one class', async () => {
    const one = weeks.map((rows) => ({ ...rows, labels: new Uint8Array(rows.labels.length) }));
    const { last } = await play(one);
    expect(last.finding).toBe('cannot tell');
    expect(last.reason).toContain('500 usable labels and none that roc_auc could be told from');
  });
});

describe('labels', () => {
  test('that are early are no sample: nothing is measured and nothing read before they are due', async () => {
    const weeks = weeksOf(1);
    const { history } = await judge(
      emptyHistory(),
      lookAt(0, weeks, reference, { labelled: [labelledOf(weeks[0]!, 0)] }),
    );
    expect(history.windows[0]!.labels).toMatchObject({
      state: 'not yet',
      why: 'labels are due on 2026-01-19 00:00 UTC',
      count: 500,
      read: null,
      metrics: {},
    });
    expect(history.detectors).toEqual({});
  });

  test('that are late recompute the window and never reach the detectors', async () => {
    const weeks = weeksOf(3);
    const some = await play(weeks, (week) =>
      week === 1 ? { labelled: [labelledOf(weeks[0]!, 0, 'p1', 400)] } : week === 2 ? { labelled: [] } : {},
    );
    const before = some.history.windows[0]!;
    expect(before.labels).toMatchObject({ state: 'mature', count: 400, read: 400, late: 0, version: 1 });
    const { history } = await judge(
      some.history,
      lookAt(2, weeks, reference, { labelled: [labelledOf(weeks[0]!, 0)] }),
    );
    expect(history.windows[0]!.labels).toMatchObject({ count: 500, read: 400, late: 100, version: 2 });
    expect(history.windows[0]!.labels.metrics.roc_auc!.n).toBe(500);
    expect(history.detectors).toEqual(some.history.detectors);
  });

  test('without a score are counted and left out', async () => {
    const weeks = weeksOf(2);
    const { history } = await play(weeks, (week) => ({
      ...(week === 1
        ? {
            read: async () => ({
              scores: weeks[0]!.scores.with(3, Number.NaN),
              labels: Float64Array.from(weeks[0]!.labels),
            }),
          }
        : {}),
    }));
    expect(history.windows[0]!.labels).toMatchObject({
      count: 500,
      bad: 1,
      metrics: { roc_auc: { n: 499 } },
    });
  });

  test('are read anew by other detectors where the limit was changed', async () => {
    const weeks = weeksOf(4);
    const stricter = { ...settings, decay: { ...settings.decay!, min: 0.75 } };
    const { history } = await play(weeks, (week) => (week === 3 ? { settings: stricter } : {}));
    expect(history.detectors.p1).toMatchObject({
      limit: 0.75,
      state: { limit: 0.25, labels: expect.closeTo(500, 6) },
    });
  });
});

describe('columns', () => {
  const judgeWith = async (change: (window: ReturnType<typeof windowOf>) => ReturnType<typeof windowOf>) => {
    const weeks = weeksOf(1);
    const window = change(windowOf(weeks[0]!, 0, reference));
    return (await judge(emptyHistory(), lookAt(0, weeks, reference, { summary: summaryOf([window], ['r']) })))
      .finding;
  };

  test('that are gone are an alarm, and new ones cannot be compared', async () => {
    const finding = await judgeWith((window) => ({
      ...window,
      columns: [
        { ...window.columns[0]!, absent: true },
        { ...window.columns[1]!, name: 'town' },
      ],
    }));
    expect(finding.finding).toBe('watch');
    expect(outcomes(finding)).toMatchObject({
      'column income': 'alarm',
      'column city': 'cannot tell',
      'column town': 'cannot tell',
    });
    expect(finding.evidence.find(({ name }) => name === 'income')!.detail).toBe(
      'income is a column of training, and no file of this window has it.',
    );
  });

  test('with missing values or categories that training did not have are an alarm', async () => {
    const finding = await judgeWith((window) => ({
      ...window,
      columns: window.columns.map((column) =>
        column.type === 'number'
          ? { ...column, counts: column.counts.map((count) => Math.round(0.8 * count)), missing: 100 }
          : { ...column, counts: [270, 180], unseen: 50, examples: ['Wien'] },
      ),
    }));
    expect(outcomes(finding)).toMatchObject({
      'missing income': 'alarm',
      'missing city': 'pass',
      'categories city': 'alarm',
      'column income': 'pass',
      'scores score': 'pass',
    });
  });

  test('so are rows without a score', async () => {
    const finding = await judgeWith((window) => ({
      ...window,
      scores: window.scores.map((score) => ({ ...score, bad: 60 })),
    }));
    expect(outcomes(finding)).toMatchObject({ 'missing score': 'alarm' });
  });
});

test('an estimate that is surely beyond the limit is a reason to watch before any label', async () => {
  // Rows whose scores hardly differ can hardly be ranked, if scores mean what they meant.
  const narrow = drawRows(3000, random);
  const rows = { ...narrow, scores: narrow.scores.map((score) => 0.15 + 0.02 * score) };
  const look = lookAt(0, [rows], reference, { settings: { ...settings, drift: null } });
  const { finding } = await judge(emptyHistory(), look);
  expect(finding.finding).toBe('watch');
  expect(finding.reason).toBe('1 thing changed: estimated roc_auc.');
  expect(finding.blind).toContain('Drift is not watched: changed scores and columns would not show.');
});

test('with a tolerance the limit is below the interval of the holdout', async () => {
  const tolerant = { ...settings.decay!, min: undefined, tolerance: 0.02 };
  const { history } = await play(weeksOf(2), () => ({ settings: { ...settings, decay: tolerant as never } }));
  expect(history.detectors.p1!.limit).toBeCloseTo(reference.metrics.roc_auc!.interval![0] - 0.02, 12);
});

test('a package at the limit from the start is said to have breached it', async () => {
  const { last } = await play(weeksOf(16, { change: 0, world: { slope: 0.5 }, rows: 800 }));
  expect(outcomes(last)).toMatchObject({ 'breach roc_auc': 'alarm' });
});

describe('nothing is healthy that was not judged', () => {
  const drifted = { mean: 1.2 };

  test('an alarm of any window that a look judged, whatever its last window shows', async () => {
    const weeks = [drawRows(500, random, drifted), drawRows(500, random)];
    const both = {
      ...lookAt(1, weeks, reference),
      summary: summaryOf(
        weeks.map((rows, week) => windowOf(rows, week, reference)),
        ['release-0', 'release-1'],
      ),
    };
    const { finding, history } = await judge(emptyHistory(), both);
    expect(finding.finding).toBe('watch');
    expect(finding.evidence).toContainEqual(
      expect.objectContaining({ kind: 'scores', outcome: 'alarm', window: history.alarms[0]?.window }),
    );
  });

  test('rows that came after their window was judged: it is judged again, and an alarm stays', async () => {
    const weeks = weeksOf(2);
    const { history } = await play(weeks);
    expect(history.alarms).toEqual([]);
    const late = {
      ...lookAt(1, weeks, reference),
      at: weekStart(3),
      labelled: [],
      summary: summaryOf([windowOf(drawRows(1000, random, drifted), 1, reference)], ['late']),
    };
    const more = await judge(history, late);
    expect(more.finding.finding).toBe('watch');
    expect(more.history.windows[1]).toMatchObject({ judged: weekStart(3), judgements: 2 });
    expect(more.history.alarms).toHaveLength(1);
    expect(more.finding.card.budget.drift?.judged).toBe(3);
    const calm = {
      ...late,
      at: weekStart(4),
      summary: summaryOf([windowOf(drawRows(50_000, random), 1, reference)], ['later']),
    };
    expect((await judge(more.history, calm)).history.alarms).toEqual(more.history.alarms);
  });

  test('another limit than the one that labels were read for', async () => {
    const weeks = weeksOf(4);
    const { history, last } = await play(weeks);
    expect(last.finding).toBe('healthy');
    const decay = { ...settings.decay!, min: 0.99 };
    const changed = { ...lookAt(3, weeks, reference, { settings: { ...settings, decay } }), labelled: [] };
    const { finding } = await judge(history, changed);
    expect(finding).toMatchObject({
      finding: 'cannot tell',
      reason:
        'Labels were read for ROC AUC .720, which is no longer what is watched: those of later windows count for ROC AUC .990.',
    });
  });

  test('labels that tell nothing for three windows, and windows that never got any', async () => {
    const weeks = weeksOf(6).map((rows, week) =>
      week < 2 ? rows : { ...rows, labels: rows.labels.map(() => 0) },
    );
    const { findings } = await play(weeks);
    expect(findings[1]?.finding).toBe('healthy');
    expect(findings[5]).toMatchObject({
      finding: 'cannot tell',
      reason: expect.stringContaining('The last 3 windows have labels that tell nothing'),
    });
    const never = await play(weeksOf(5), (week) => (week === 2 ? { labelled: [] } : {}));
    expect(never.last.finding).toBe('healthy');
    expect(never.last.blind).toContain(
      `1 window never got enough labels, the first from 2026-01-12 00:00 UTC: how the model did there does not show.`,
    );
  });

  test('a release whose predictions are gone, and settings that watch nothing', async () => {
    const weeks = weeksOf(3);
    const { history } = await play(weeks);
    const look = { ...lookAt(2, weeks, reference), labelled: [], gone: 'release-9' };
    expect((await judge(history, look)).finding).toMatchObject({
      finding: 'cannot tell',
      reason: 'The predictions of release release-9, which readers see, are gone and were never counted.',
    });
    const off = { ...look, gone: null, settings: { ...settings, drift: null, decay: null } };
    expect((await judge(history, off)).finding.finding).toBe('cannot tell');
  });

  test('a decay alarm speaks of the limit that it was raised for', async () => {
    const weeks = weeksOf(14, { change: 4, world: { slope: 0.4 } });
    const { history, last } = await play(weeks);
    const decay = { ...settings.decay!, metric: 'accuracy' as const, min: 0.5 };
    const changed = { ...lookAt(13, weeks, reference, { settings: { ...settings, decay } }), labelled: [] };
    const { finding } = await judge(history, changed);
    expect([finding.finding, finding.reason]).toEqual(['decayed', last.reason]);
  });
});
