import { expect, test } from '@jest/globals';
import { renderHtml } from './html.ts';
import {
  failedRun,
  firstRun,
  HOSTILE_TEXTS,
  heldRun,
  hostileRun,
  multiclassRun,
  regressionRun,
  rejectedRun,
  reusedRun,
  sampleReport,
  unenforcedRun,
} from './report.fixture.ts';
import type { Report } from './report.ts';

const states: [string, () => Report][] = [
  ['promote', sampleReport],
  ['hold', heldRun],
  ['reject', rejectedRun],
  ['first run', firstRun],
  ['failed', failedRun],
  ['not enforced', unenforcedRun],
  ['all reused', reusedRun],
  ['multiclass', multiclassRun],
  ['regression', regressionRun],
];

test.each(states)('%s: the same report gives the same page, whatever was rendered before', (_, report) => {
  const first = renderHtml(report());
  renderHtml(sampleReport());
  expect(renderHtml(report())).toBe(first);
});

test.each(states)('%s: the page needs and allows nothing from outside', (_, report) => {
  const page = renderHtml(report());
  expect(page.slice(0, 500)).toContain(
    `content="default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"`,
  );
  expect(page.match(/<script|<link|<img|<iframe|\ssrc=|url\((?!#)|@import/i)).toBeNull();
});

test.each(states)('%s: the page can be found through by a screen reader', (_, report) => {
  const page = renderHtml(report());
  expect(page).toContain('<html lang="en">');
  expect((page.match(/<h1/g) ?? []).length).toBe(1);
  for (const landmark of ['<header', '<main', '<nav aria-label', '<footer']) expect(page).toContain(landmark);
  for (const [tag] of page.matchAll(/<th\b[^>]*>/g)) expect(tag).toMatch(/scope="(col|row)"/);
  for (const [svg] of page.matchAll(/<svg\b[^>]*>/g))
    expect(svg).toMatch(/role="img" aria-labelledby|aria-hidden/);
  const ids = [...page.matchAll(/\sid="([^"]+)"/g)].map(([, id]) => id);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, named] of page.matchAll(/aria-labelledby="([^"]+)"/g))
    for (const id of named?.split(' ') ?? []) expect(ids).toContain(id);
  for (const [, clip] of page.matchAll(/url\(#([^)]+)\)/g)) expect(ids).toContain(clip);
});

test('each state has its verdict, its reason and what it can show', () => {
  const text = (report: Report) =>
    renderHtml(report)
      .replace(/<style>.*?<\/style>/s, '')
      .replace(/<[^>]+>/g, ' ');
  expect(text(heldRun())).toMatch(/Hold\s+Inconclusive: ROC AUC is between \.047 worse and \.009 better/);
  expect(text(rejectedRun())).toMatch(/✗\s+fails\s+\.721 is below \.750/);
  expect(text(firstRun())).toContain('there was no champion to compare with');
  expect(text(firstRun())).not.toMatch(/>\s*Champion\s*</);
  expect(text(unenforcedRun())).toMatch(/Not enforced:\s+gate\.enforce\s+is false/);
  expect(text(reusedRun())).toContain('Nothing ran again: all 7 steps were reused, saving 22 s.');
  const failed = text(failedRun());
  expect(failed).toContain('Failed in Train');
  expect(failed).toContain('    model.fit(features, target)');
  expect(failed).toContain('What to try.');
});

test('a binary page has ROC, precision-recall, calibration and score charts of both models', () => {
  const page = renderHtml(sampleReport());
  for (const id of ['roc', 'pr', 'calibration', 'decision', 'distribution', 'tuning-search', 'tuning-1']) {
    const chart = page.match(new RegExp(`aria-labelledby="${id}-title.*?</svg>`, 's'))?.[0] ?? '';
    expect(chart).toContain('var(--candidate)');
    if (!id.startsWith('tuning')) expect(chart).toContain('var(--champion)');
  }
  expect(renderHtml(firstRun()).match(/aria-labelledby="roc-title.*?<\/svg>/s)?.[0]).not.toContain(
    '--champion',
  );
});

test('the decision curve tells the net benefit at the threshold of gate.costs, or at the share of positives', () => {
  const told = (report: Report) =>
    renderHtml(report).match(/<desc id="decision-desc">(.*?)<\/desc>/s)?.[1] ?? '';
  expect(told(sampleReport())).toMatch(
    /^At a threshold of \.167 the candidate&#39;s net benefit per row is \.\d{3}, the champion&#39;s \.\d{3}; .* has \.000\.$/,
  );
  const without = sampleReport();
  for (const model of [without.plots?.candidate, without.plots?.champion])
    if (model?.decision) model.decision.threshold = null;
  expect(told(without)).toMatch(/^At a threshold of \.161 /);
});

test('gaps between groups stand below the slices, each with its interval', () => {
  const page = renderHtml(sampleReport());
  const gaps = page.slice(page.indexOf('Gaps between groups</h3>'), page.indexOf('id="model-heading"'));
  expect(gaps).toMatch(
    /<small>Gender<\/small>Female less Male<\/th><td class="number strong">\+\.014<small>\[−\.116, \+\.140\]<\/small><\/td>/,
  );
  expect(gaps).not.toContain('Male less Female');
  expect(gaps).not.toContain('Human Resources less');
});

test('other problems have their own charts', () => {
  const multiclass = renderHtml(multiclassRun());
  expect(multiclass).toContain('id="roc-by-class-title"');
  expect(multiclass).toContain('<table class="confusion">');
  expect(multiclass).toContain('id="confidence-title"');
  const chart = (page: string, id: string) =>
    page.match(new RegExp(`aria-labelledby="${id}-title.*?</svg>`, 's'))?.[0] ?? '';
  // A curve of each class for both models, and the line of chance.
  expect(
    chart(multiclass, 'roc-by-class').match(/<path [^>]*fill="none"[^>]*stroke="var\(--class-/g),
  ).toHaveLength(6);
  const regression = renderHtml(regressionRun());
  expect(chart(regression, 'predicted-actual')).toContain('var(--champion)');
  expect(regression).toContain('id="predicted-actual-title"');
  expect(regression).toContain('id="residuals-title"');
  expect(regression).toContain('53.85');
});

test('coefficients are told by class, with the label of each', () => {
  const page = renderHtml(multiclassRun());
  const model = page.slice(page.indexOf('id="model-heading"'), page.indexOf('id="tuning-heading"'));
  expect([...model.matchAll(/<h3>(.*?)<\/h3>/g)].map(([, name]) => name)).toEqual([
    'Barbera d’Alba',
    'Barolo',
    'Grignolino',
  ]);
  expect(model.match(/>proline</g)).toHaveLength(3);
});

test('a table has no column that its problem has no number for', () => {
  const head = (report: Report) =>
    renderHtml(report).match(/<table class="slices[^>]*><thead>(.*?)<\/thead>/)?.[1] ?? '';
  expect(head(sampleReport())).toContain('>Positive<');
  expect(head(regressionRun())).toContain('>Candidate<');
  expect(head(regressionRun())).not.toContain('>Positive<');
});

test('the caption of slices promises an interval where there is one', () => {
  expect(renderHtml(regressionRun())).toContain(
    'RMSE by group, with its interval; the tick is the champion.',
  );
  const report = regressionRun();
  for (const slice of report.verdict?.slices ?? []) slice.interval = null;
  expect(renderHtml(report)).toContain('RMSE by group; the tick is the champion.');
});

test('what is worse says so where a phone has no room for the plot', () => {
  const page = renderHtml(sampleReport());
  expect(page).toContain('<small class="narrow better">better</small>');
  expect(page).toContain('<small class="narrow not-clear">better, not clear</small>');
  expect(renderHtml(rejectedRun())).toContain('<small class="narrow worse">worse</small>');
});

test('slices that pass are folded away, those that fail stand with the other checks', () => {
  const checks = (report: Report) =>
    renderHtml(report)
      .match(/id="checks-heading".*?<\/section>/s)?.[0]
      .split('<details>') ?? [];
  const [open, folded] = checks(rejectedRun());
  expect(open).toContain('slices MaritalStatus=Single');
  expect(open).toContain('threshold brier');
  expect(folded).toContain('2 slices pass');
  expect(folded).toContain('slices Gender=Male');
  expect(folded).not.toContain('MaritalStatus=Single');
});

test('a commit is cut as other hashes are', () => {
  const page = renderHtml(sampleReport());
  expect(page).toContain('title="2d34157c0ffee00112233445566778899aabbccd">2d34157c0ffe…</code>');
});

test('a run that costs nothing has no figure for it', () => {
  const free = sampleReport({ cost: { estimated_usd: 0, actual_usd: 0, note: 'Ran on this machine.' } });
  expect(renderHtml(free)).not.toContain('<dt>Cost</dt>');
  expect(renderHtml(free)).toContain('Ran on this machine.');
  expect(renderHtml(sampleReport())).toContain('<dt>Cost</dt>');
});

test.each(HOSTILE_TEXTS.filter((text) => text !== '').map((text) => [text]))(
  'no text can become markup: %j',
  (hostile) => {
    // The same report with a harmless text has exactly the same tags and attributes' names.
    const skeleton = (text: string) =>
      renderHtml(hostileRun(text))
        .replace(/<style>.*?<\/style>/s, '')
        .match(/<[a-z/!][^\s>]*|\s[a-z-]+="/gi)
        ?.filter((tag) => !/^<\/?(code|a)$|\s(href|rel|title)="/.test(tag))
        .join('');
    expect(skeleton(hostile)).toBe(skeleton('harmless'));
  },
);

test('only http and https become links', () => {
  const report = sampleReport({
    links: [
      'javascript:alert(1)',
      'data:text/html,x',
      ' jAvAscript:alert(1)',
      'file:///etc/passwd',
      'https://example.com/"x',
    ].map((url) => ({ label: 'a link', url })),
  });
  expect([...renderHtml(report).matchAll(/href="([^"#][^"]*)"/g)].map(([, target]) => target)).toEqual([
    'https://example.com/%22x',
  ]);
});
