import { expect, test } from '@jest/globals';
import { expectHarmless, nasty } from './harmless.fixture.ts';
import {
  bareRelease,
  endpointRelease,
  firstRelease,
  hostileRelease,
  multiclassRelease,
  regressionRelease,
  rollbackRelease,
  sampleRelease,
  serverlessRelease,
} from './release.fixture.ts';
import { renderReleaseMarkdown } from './release-markdown.ts';
import type { ReleaseReport } from './release-report.ts';
import { renderReleaseTerminal } from './release-terminal.ts';
import { HOSTILE_TEXTS } from './report.fixture.ts';

/*
 * A release in a terminal and in GitHub Markdown.
 */

const pages = {
  page: '.mlops/releases/attrition/r1/page.html',
  private: '.mlops/releases/attrition/r1/private.html',
};
const terminal = (release: ReleaseReport, columns = 120) =>
  renderReleaseTerminal(release, pages, { color: false, columns });

const states: [string, () => ReleaseReport][] = [
  ['release', sampleRelease],
  ['first', firstRelease],
  ['rollback', rollbackRelease],
  ['endpoint', endpointRelease],
  ['serverless', serverlessRelease],
  ['bare', bareRelease],
  ['multiclass', multiclassRelease],
  ['regression', regressionRelease],
];

test.each(states)('%s: both renderings are whole', (_, release) => {
  for (const shown of [terminal(release()), renderReleaseMarkdown(release())])
    expect(shown).not.toMatch(/NaN|undefined|Infinity|\n\n\n|null/);
});

test('the terminal ends with lines to copy: the query and the pages', () => {
  expect(terminal(sampleRelease())).toBe(
    `  RELEASED  200 predictions by attrition/3: 46 Yes, 154 No; 5 decisions changed since the last release.

  - 2 rows of 202 could not be read and have no prediction.
  - JobRole: 3 rows have categories that training never saw.
  - Released because attrition/3 was promoted by run train-20261127-181204.
  - One group of Department has fewer than 10 rows and is not shown.

  200 predictions: npx mlops query "select * from predictions_current limit 10"
  page: .mlops/releases/attrition/r1/page.html
  with rows by id: .mlops/releases/attrition/r1/private.html
`,
  );
  // A path is never wrapped, however narrow the terminal.
  expect(terminal(sampleRelease(), 40)).toContain(`  with rows by id: ${pages.private}\n`);
  const none = renderReleaseTerminal(
    endpointRelease(),
    { page: null, private: null },
    { color: false, columns: 80 },
  );
  expect(none).not.toMatch(/page|query/);
});

test('of several models, the query asks for this one', () => {
  expect(terminal(sampleRelease({ project: 'people' }))).toContain(
    `npx mlops query "select * from predictions_current where model = 'attrition' limit 10"`,
  );
});

test('a rollback says from what, to what and why, and what was reused', () => {
  const release = rollbackRelease();
  for (const shown of [terminal(release), renderReleaseMarkdown(release)]) {
    expect(shown).toContain(
      'Back from attrition/3 to attrition/2: attrition/3 scores night shifts too high.',
    );
    expect(shown).toContain('Nothing was predicted again');
  }
  expect(renderReleaseTerminal(release, pages, { color: true, columns: 80 })).toContain(
    '\u001b[33mROLLED BACK',
  );
});

test('the section has counts, changes, groups and links', () => {
  const section = renderReleaseMarkdown(sampleRelease(), [
    { label: 'Page of the release', url: 'https://github.com/o/r/actions/runs/1/artifacts/2' },
    { label: 'release-attrition', url: '.mlops/page.html' },
  ]);
  expect(section).toContain('### 🚀 Released: attrition');
  expect(section).toContain('| Yes | 46 <sub>23 %</sub> | 47 |');
  expect(section).toContain('Changed: No → Yes: 2, Yes → No: 3');
  expect(section).toContain('| Department: Sales | 60 | 25 % | 23.3 % |');
  expect(section).toContain(
    '[Page of the release](<https://github.com/o/r/actions/runs/1/artifacts/2>) · release-attrition\n',
  );
  expect(renderReleaseMarkdown(firstRelease())).toContain('| Decision | Now |\n');
});

test('neither shows cells of rows, sensitive columns, accounts or regions', () => {
  const release = sampleRelease({ privacy: { sensitive: ['Gender'], min_group: 50, row_id: null } });
  for (const shown of [terminal(release), renderReleaseMarkdown(release)])
    expect(shown).not.toMatch(/n\/a\?|Astronaut|2024-01-02|Gender|Divorced/);
  for (const shown of [terminal(endpointRelease()), renderReleaseMarkdown(endpointRelease())])
    expect(shown).not.toMatch(/111111111111|eu-central-1/);
});

test.each(HOSTILE_TEXTS.map((text) => [text]))('the section only shows texts from users: %j', (hostile) => {
  const { release } = hostileRelease(hostile);
  const section = renderReleaseMarkdown(release, [{ label: hostile, url: '' }]);
  // Mentions, references, addresses and markup would need these.
  expect(section.replaceAll('\u200b', '')).not.toMatch(/<(?!\/?(details|summary|sub|code|span)>|https?:)/);
  expect(section).not.toMatch(/@\w|(?<!&)#\d|www\.|(?<!<)https:\/\/|\]\(/);
  const rows = (text: string) => text.split('\n').filter((line) => line.startsWith('|')).length;
  const plain = hostileRelease('harmless').release;
  expect(rows(section)).toBe(rows(renderReleaseMarkdown(plain, [])));
});

test('neither holds what a terminal or a log would obey', () => {
  const { release } = hostileRelease(nasty);
  expectHarmless(renderReleaseMarkdown(release, [{ label: nasty, url: nasty }]), { markdown: true });
  const shown = renderReleaseTerminal(release, { page: nasty, private: nasty }, { color: true, columns: 80 });
  // What prints it also guards against workflow commands (cleanOutput).
  expectHarmless(shown.replaceAll('##[', ''), { colors: true });
});

test('long lists are cut and counted', () => {
  const release = multiclassRelease();
  const { predictions } = release;
  if (predictions === null) throw new Error('the fixture has predictions');
  predictions.summary.decisions = Array.from({ length: 30 }, (_, i) => ({
    label: `c${i}`,
    rows: 7,
    previous_rows: null,
  }));
  const notes = Array.from({ length: 30 }, (_, i) => `Note ${i}.`);
  const section = renderReleaseMarkdown({ ...release, notes });
  expect(section).toContain('<sub>and 10 more decisions, on the page</sub>');
  expect(section).toMatch(/<sub>and 1\d more notes, on the page<\/sub>/);
  expect(terminal({ ...release, notes })).toMatch(/and 2\d more notes, on the page/);
});
