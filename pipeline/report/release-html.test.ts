import { expect, test } from '@jest/globals';
import { expectHarmless, nasty, olderCommand } from './harmless.fixture.ts';
import {
  bareRelease,
  endpointRelease,
  firstRelease,
  hostileRelease,
  multiclassRelease,
  regressionRelease,
  regressionRows,
  reusedRelease,
  rollbackRelease,
  sampleRelease,
  sampleRows,
  serverlessRelease,
} from './release.fixture.ts';
import { releaseHtml } from './release-html.ts';
import { HOSTILE_TEXTS } from './report.fixture.ts';

const pages: [string, () => string][] = [
  ['release', () => releaseHtml(sampleRelease())],
  ['private copy', () => releaseHtml(sampleRelease(), sampleRows())],
  ['first', () => releaseHtml(firstRelease())],
  ['reused', () => releaseHtml(reusedRelease())],
  ['rollback', () => releaseHtml(rollbackRelease())],
  ['endpoint', () => releaseHtml(endpointRelease())],
  ['serverless', () => releaseHtml(serverlessRelease())],
  ['bare', () => releaseHtml(bareRelease(), { version: 1, rows: [] })],
  ['multiclass', () => releaseHtml(multiclassRelease())],
  ['regression', () => releaseHtml(regressionRelease(), regressionRows())],
];

const textOf = (page: string): string =>
  page
    .replace(/<style>.*?<\/style>/s, '')
    .replaceAll('<wbr>', '')
    .replace(/<[^>]+>/g, ' ')
    .replaceAll('&nbsp;', ' ')
    .replace(/\s+/g, ' ');

test.each(pages)(
  '%s: the page needs and allows nothing from outside, and is the same each time',
  (_, make) => {
    const page = make();
    expect(page.slice(0, 500)).toContain(`content="default-src 'none'; style-src 'unsafe-inline'`);
    expect(page.match(/<script|<link|<img|<iframe|\ssrc=|url\((?!#)|@import/i)).toBeNull();
    expect(page).not.toMatch(/NaN|undefined|Infinity/);
    expect(make()).toBe(page);
  },
);

test.each(pages)('%s: the page can be found through by a screen reader', (_, make) => {
  const page = make();
  expect((page.match(/<h1/g) ?? []).length).toBe(1);
  for (const landmark of ['<header', '<main', '<nav aria-label', '<footer']) expect(page).toContain(landmark);
  for (const [tag] of page.matchAll(/<th\b[^>]*>/g)) expect(tag).toMatch(/scope="(col|row)"/);
  for (const [svg] of page.matchAll(/<svg\b[^>]*>/g))
    expect(svg).toMatch(/role="img" aria-labelledby|aria-hidden/);
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, named] of page.matchAll(/aria-labelledby="([^"]+)"/g))
    for (const id of named?.split(' ') ?? []) expect(ids).toContain(id);
  for (const [, target] of page.matchAll(/href="#([^"]+)"/g)) expect(ids).toContain(target);
});

test('the headline says what was released and what changed', () => {
  const headline = (page: string) => textOf(page.match(/<h1.*?<\/section>/s)?.[0] ?? '');
  expect(headline(releaseHtml(sampleRelease()))).toContain(
    'Released 200 predictions by attrition/3: 46 Yes, 154 No; 5 decisions changed since the last release.',
  );
  expect(headline(releaseHtml(firstRelease()))).toContain('46 Yes, 154 No. It is the first release.');
  expect(headline(releaseHtml(rollbackRelease()))).toMatch(
    /^ Rolled back 200 predictions by attrition\/2: .* Back from attrition\/3 to attrition\/2: attrition\/3 scores night shifts too high\. Nothing was predicted again: these are the predictions of release release-20261120-090112-77b0/,
  );
  expect(headline(releaseHtml(multiclassRelease()))).toContain(
    '90 Barbera d’Alba, 70 Barolo, 40 Grignolino; 4 decisions changed since the last release, of the 180 rows in both.',
  );
  expect(headline(releaseHtml(regressionRelease()))).toContain(
    '200 predictions by houses/2: 261,400 on average; 254,900 in the last release.',
  );
});

test('an endpoint has no predictions: the page is its card, without account and region', () => {
  const page = textOf(releaseHtml(endpointRelease()));
  expect(page).toContain(
    'attrition/3 answers requests now, on an endpoint. It takes the place of attrition/2.',
  );
  expect(page).toContain('Model card');
  expect(page).not.toContain('By group');
  expect(page).not.toMatch(/111111111111|eu-central-1/);
  expect(textOf(releaseHtml(serverlessRelease()))).toContain(
    'attrition/3 answers requests now, on a serverless endpoint. It is the first release.',
  );
  const idle = sampleRelease({ predictions: null });
  expect(textOf(releaseHtml(idle))).toContain('There are no rows to predict: data.scoring names none.');
});

test('many classes are cut, the rest is counted', () => {
  const release = multiclassRelease();
  const { predictions } = release;
  if (predictions === null) throw new Error('the fixture has predictions');
  predictions.summary.decisions = Array.from({ length: 9 }, (_, i) => ({
    label: `class ${i}`,
    rows: 20 - i,
    previous_rows: null,
  }));
  expect(textOf(releaseHtml(release))).toContain(
    '20 class 0, 19 class 1, 18 class 2, 17 class 3, 70 of 5 other classes;',
  );
});

test('without rows the page has aggregates alone: no id, no cell, no sensitive column, no small group', () => {
  const release = sampleRelease({
    privacy: { sensitive: ['Gender'], min_group: 50, row_id: 'EmployeeNumber' },
    notes: ['Gender has a new category.', 'All is well.'],
  });
  const { predictions } = release;
  if (predictions === null) throw new Error('the fixture has predictions');
  predictions.unseen.push({ column: 'Gender', rows: 1, examples: ['Other'] });
  predictions.summary.factors.push({ name: 'Gender_Male', rows: 90, mean_absolute: 0.1, mean: 0.1 });
  const open = releaseHtml(release);
  const shown = textOf(open);
  for (const cell of ['n/a?', 'Astronaut', '2024-01-02', 'Female', 'Gender_Male', 'Divorced', 'new category'])
    expect(shown).not.toContain(cell);
  // DistanceFromHome is among the strongest of 22 rows only.
  expect(open).not.toContain('DistanceFromHome</th>');
  expect(open).not.toContain('id="rows"');
  expect(open).not.toContain('Private copy');
  expect(shown).toContain('2 rows of 202 could not be read and have no prediction.');
  expect(shown).toContain('JobRole: 3 rows have categories that training never saw.');
  expect(shown).toContain('Single');
  expect(shown).toContain('All is well.');
  // Only kept_from_model names the column.
  expect(shown.match(/Gender/g)).toHaveLength(1);

  const whole = textOf(releaseHtml(release, sampleRows()));
  for (const cell of ['n/a?', 'Astronaut', '2024-01-02', 'Female', 'Gender_Male', 'Divorced', 'Private copy'])
    expect(whole).toContain(cell);
});

test('the private copy shows each row with its decision, what changed and why, in three orders', () => {
  const page = releaseHtml(sampleRelease(), {
    version: 1,
    rows: [
      {
        row_id: '10',
        score: 0.9,
        decision: 'Yes',
        previous_decision: 'Yes',
        contributions: [{ name: 'OverTime', value: 1.25 }],
      },
      { row_id: '9', score: 0.4, decision: 'Yes', previous_decision: 'No', contributions: [] },
      { row_id: '100', score: null, decision: null, previous_decision: null, contributions: [] },
    ],
  });
  const rows = [...page.matchAll(/<tr style="([^"]*)">(.*?)<\/tr>/g)];
  expect(rows.map(([, style]) => style)).toEqual([
    '--by-score:0;--by-id:1;--by-change:1',
    '--by-score:1;--by-id:0;--by-change:0',
    '--by-score:2;--by-id:2;--by-change:2',
  ]);
  expect(textOf(rows[0]?.[2] ?? '')).toContain('10 .900 Yes OverTime +1.250');
  expect(textOf(rows[1]?.[2] ?? '')).toContain('9 .400 Yes was No');
  expect(page).toContain('Changed first (1)');
  // Without a changed decision there is no such order.
  expect(releaseHtml(regressionRelease(), regressionRows())).not.toContain('id="by-change"');
});

test('changed decisions stand as from and to; a release without changes says so', () => {
  const page = releaseHtml(sampleRelease());
  expect(page).toMatch(/No <span aria-label="became" class="how">→<\/span> Yes<\/th>/);
  const same = sampleRelease();
  if (same.predictions !== null) same.predictions.summary.flips = { compared: 200, changes: [] };
  expect(textOf(releaseHtml(same))).toContain('no decision changed since the last release');
  expect(textOf(releaseHtml(same))).toContain('None: every decision is as it was.');
  if (same.predictions !== null) same.predictions.summary.flips = { compared: 0, changes: [] };
  expect(textOf(releaseHtml(same))).toContain('no row was in the last release');
});

test('the chart of scores has both releases and the threshold, or only what there is', () => {
  const chart = (page: string) => page.match(/aria-labelledby="scores-title.*?<\/svg>/s)?.[0] ?? '';
  const both = chart(releaseHtml(sampleRelease()));
  for (const color of ['--candidate', '--champion', '--reference']) expect(both).toContain(color);
  expect(both).toContain('The mean of 200 rows is .182; in the last release it was .184.');
  expect(chart(releaseHtml(firstRelease()))).not.toContain('--champion');
  expect(chart(releaseHtml(regressionRelease()))).not.toContain('--reference');
  const none = sampleRelease();
  if (none.predictions !== null) none.predictions.summary.score = null;
  expect(chart(releaseHtml(none))).toBe('');
});

test('the card tells where the model comes from, and says what nobody has stated', () => {
  const card = textOf(releaseHtml(sampleRelease()).match(/id="card".*/s)?.[0] ?? '');
  for (const told of [
    'Shows how a pipeline ranks employees',
    'No decision about a single person without a human',
    'ROC AUC .855 [.797, .905]',
    'Promote. Not worse than the champion by .030 in ROC AUC',
    'Holdout 255 rows, 41 positive',
    'Settings C 0.312, encoding onehot',
    'Image mlops/model@sha256:9f86d081884c…',
    'Fingerprint 2c26b46b68ff…',
    'Commit 2d34157c0ffe…',
    '10 features',
    'Kept from the model Gender , MaritalStatus , Age',
  ])
    expect(card).toContain(told);
  const bare = textOf(releaseHtml(bareRelease()));
  expect(bare).toContain('Not stated. model.intended_use of mlops.yaml says it.');
  expect(bare).toContain('None stated. model.limits of mlops.yaml lists them.');
  expect(bare).not.toContain('Metrics on the holdout');
});

test.each(HOSTILE_TEXTS.filter((text) => text !== '').map((text) => [text]))(
  'no text can become markup: %j',
  (hostile) => {
    const skeleton = (text: string) => {
      const { release, rows } = hostileRelease(text);
      return releaseHtml(release, rows)
        .replace(/<style>.*?<\/style>/s, '')
        .match(/<[a-z/!][^\s>]*|\s[a-z-]+="/gi)
        ?.filter((tag) => !/^<\/?(code|wbr)$|^<wbr>|\stitle="/.test(tag))
        .join('');
    };
    expect(skeleton(hostile)).toBe(skeleton('harmless'));
  },
);

test('no text keeps what hides or reorders the page', () => {
  const { release, rows } = hostileRelease(nasty);
  // A workflow command means nothing in a page; what prints one guards against it (cleanOutput).
  expectHarmless(releaseHtml(release, rows).replaceAll(olderCommand, ''));
});
