import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { expect, test } from '@jest/globals';
import { renderComment, renderSummary } from './markdown.ts';
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

// GitHub-flavoured Markdown by the parser that comes with mermaid.
const require = createRequire(createRequire(import.meta.url).resolve('mermaid'));
const { marked } = (await import(pathToFileURL(require.resolve('marked')).href)) as {
  marked: { parse: (text: string) => string };
};

const states: [string, Report][] = [
  ['promote', sampleReport()],
  ['hold', heldRun()],
  ['reject', rejectedRun()],
  ['first run', firstRun()],
  ['failed', failedRun()],
  ['not enforced', unenforcedRun()],
  ['all reused', reusedRun()],
  ['multiclass', multiclassRun()],
  ['regression', regressionRun()],
];

test('the first line is the marker and the next the verdict with its reason', () => {
  const [marker, heading, , why] = renderComment(heldRun()).split('\n');
  expect(marker).toBe('<!-- mlops-report:attrition -->');
  expect(heading).toBe('## 🟡 Hold: attrition');
  expect(why).toContain('Inconclusive: ROC AUC is between .047 worse and .009 better');
});

test('a promote shows each metric of both models with differences and intervals', () => {
  const text = renderComment(sampleReport());
  expect(text).toContain('| Metric | Candidate | Champion | Difference |');
  expect(text).toContain(
    '| **ROC AUC** · primary | **.855** <sub>[.797,&nbsp;.905]</sub> | .843 <sub>[.783,&nbsp;.896]</sub> | +.012 <sub>[−.011,&nbsp;+.035]</sub> |',
  );
  expect(text).toContain('**−.021** better');
  expect(text).toContain('Promoted: attrition/7 is the champion now.');
  expect(text).toContain('2 of 7 steps reused, saving 5.1 s');
});

test('a reject leads with what failed', () => {
  const text = renderComment(rejectedRun());
  expect(text).toContain('## 🔴 Reject: attrition');
  expect(text).toContain('### Checks: 3 fail, 4 pass, 1 not judged');
  expect(text.indexOf('.721 is below .750')).toBeLessThan(text.indexOf('Checks that pass'));
});

test('a first run says that there is nothing to compare with and has no empty columns', () => {
  const text = renderComment(firstRun());
  expect(text).toContain('there was no champion to compare with');
  expect(text).toContain('| Metric | Candidate |\n');
  expect(text).not.toContain('| Champion |');
  expect(text).not.toContain('What changed');
});

test('that there was no champion is said once', () => {
  for (const outcome of ['promote', 'hold', 'reject'] as const) {
    const report = firstRun();
    if (report.verdict === null) throw new Error('a first run has a verdict');
    report.verdict.outcome = outcome;
    if (outcome !== 'promote') report.verdict.reason = 'A threshold is not met.';
    expect(renderComment(report).match(/there was no champion/gi)).toHaveLength(1);
  }
});

test('other problems have no empty column, and classes their labels', () => {
  expect(renderComment(sampleReport())).toContain('| Slice | n | Positive | Candidate | Champion |');
  expect(renderComment(regressionRun())).toContain(
    '| Slice | n | Candidate | Champion | Difference | Check |',
  );
  const text = renderComment(multiclassRun());
  expect(text).toContain('line "Barolo" [');
  // What a quoted Mermaid string may not hold is told in the caption alone.
  expect(text).toContain('line "class 3" [');
  expect(text).toMatch(/Barolo blue, Grignolino orange, Barbera d’Alba green/);
  expect(text).toMatch(/\*\*Barolo\*\*\n\n\| Feature \| Candidate \| Champion \|\n.*\n\| <code>proline/);
});

test("a regression's residuals are those of both models, all rows of each", () => {
  const text = renderComment(regressionRun());
  const points = (kind: string) =>
    (new RegExp(`${kind} \\[(.*)\\]`).exec(text)?.[1] ?? '').split(', ').map(Number);
  for (const kind of ['bar "candidate"', 'line "champion"'])
    expect(points(kind).reduce((a, b) => a + b, 0)).toBeCloseTo(100, 0);
  expect(text).toContain('candidate blue bars, champion orange');
});

test('a failed run names the step, the error, the last lines and what to try', () => {
  const text = renderComment(failedRun());
  expect(text).toContain('## ❌ Failed in Train: attrition');
  expect(text).toContain('could not convert string to float');
  expect(text).toContain('    model.fit(features, target)');
  expect(text).toContain('**What to try:**');
  expect(text).toContain('No model was promoted.');
});

test('a verdict that nobody is held to says so above the numbers', () => {
  const text = renderComment(unenforcedRun());
  expect(text).toContain('> [!WARNING]\n> **Not enforced');
  expect(text.indexOf('Not enforced')).toBeLessThan(text.indexOf('| Metric |'));
});

test('a run that reused everything says what that saved', () => {
  expect(renderComment(reusedRun())).toContain('Nothing ran again: all 7 steps were reused, saving 22 s');
});

test('a baseline is not called a champion', () => {
  const report = sampleReport();
  if (report.champion !== null) report.champion.origin = 'baseline';
  const text = renderComment(report);
  expect(text).toContain('| Metric | Candidate | Baseline | Difference |');
  expect(text).toContain('Changed since the baseline');
});

test('account ids, regions and the query of a signed address stay out of a comment', () => {
  const report = sampleReport();
  report.run.execution = 'arn:aws:states:us-east-1:123456789012:execution:train:7-1';
  if (report.candidate !== null)
    report.candidate.image = `123456789012.dkr.ecr.eu-west-1.amazonaws.com/attrition@sha256:${'ab'.repeat(32)}`;
  report.notes = ['Stored at https://b.s3.amazonaws.com/k?X-Amz-Credential=AKIA&X-Amz-Signature=abc'];
  const text = renderComment(report);
  expect(text).not.toContain('123456789012');
  expect(text).not.toContain('X-Amz');
  expect(text).toContain('execution:\u200btrain:7-1');
  expect(text).toContain('attrition@\u200bsha256:abababababab…');
});

test.each(states)('%s: the same report gives the same text, and leaves the report as it was', (_, report) => {
  const before = JSON.stringify(report);
  expect(renderComment(report)).toBe(renderComment(report));
  expect(JSON.stringify(report)).toBe(before);
});

test.each(HOSTILE_TEXTS.map((text) => [text]))('harmless: %j', (hostile) => {
  for (const text of [renderComment(hostileRun(hostile)), renderSummary(hostileRun(hostile))]) {
    expect(text.startsWith('<!-- mlops-report:')).toBe(true);
    expect(text.split('-->')[0]).not.toContain('\n');
    const html = marked.parse(text);
    const tags = new Set([...html.matchAll(/<([a-z][a-z0-9]*)/g)].map(([, tag]) => tag));
    const ours =
      'a blockquote br code details em h2 h3 li p pre span strong sub summary table tbody td th thead tr ul'.split(
        ' ',
      );
    expect([...tags].filter((tag) => !ours.includes(tag ?? ''))).toEqual([]);
    expect(html).not.toMatch(/<[a-z][^>]*\son[a-z]+=/);
    for (const [, target] of html.matchAll(/<a href="([^"]*)"/g))
      expect(target).toMatch(/^https?:\/\/[^\s<>|]+$/);
    // Nothing links but the links section, which has what the report calls links.
    expect((html.match(/<a /g) ?? []).length).toBeLessThanOrEqual(2);
    const seen = outsideCodeBlocks(html);
    expect(seen).not.toMatch(/@[\w-]/);
    expect(seen).not.toMatch(/#\d/);
    expect(seen).not.toMatch(/\bGH-\d/i);
    expect(seen).not.toMatch(/:\/\/|www\./);
    for (const table of html.matchAll(/<table>(.*?)<\/table>/gs)) {
      const columns = (row: string) => (row.match(/<t[hd]\b/g) ?? []).length;
      const rows = (table[1] ?? '').match(/<tr>.*?<\/tr>/gs) ?? [];
      expect(new Set(rows.map(columns)).size).toBe(1);
    }
    expect((html.match(/<details/g) ?? []).length).toBe((html.match(/<\/details>/g) ?? []).length);
    // One fenced block for each plot and one for the log.
    expect((html.match(/<pre>/g) ?? []).length).toBe((html.match(/language-mermaid/g) ?? []).length + 1);
    for (const [, source] of html.matchAll(/language-mermaid">(.*?)<\/code>/gs))
      expect(source).toMatch(/^[\w\s:.,"#[\]&;|-]+$/);
  }
});

test('500 slices, long texts and long logs fit into a comment, and what matters most is kept', () => {
  const text = renderComment(crowded());
  expect(text.length).toBeLessThanOrEqual(65_536);
  expect(text).toContain('## 🔴 Reject');
  expect(text).toContain('**ROC AUC**');
  expect(text).toContain('Calibration slope');
  expect(text).toContain('needle in the failed check');
  expect(text).toContain('more slices, in the full report');
  const html = marked.parse(text);
  expect((html.match(/<details/g) ?? []).length).toBe((html.match(/<\/details>/g) ?? []).length);
});

test('the longest texts everywhere still fit', () => {
  for (const filler of ['*', '$', '漢', 'x`', '<']) {
    const report = hostileRun(filler.repeat(20_000));
    const { verdict } = crowded();
    const log = new Array(5000).fill(filler.repeat(2000));
    const full = { ...report, verdict, failure: report.failure && { ...report.failure, log } };
    expect(renderComment(full).length).toBeLessThanOrEqual(65_536);
    expect(Buffer.byteLength(renderSummary(full))).toBeLessThanOrEqual(1_048_576);
  }
});

test('a summary has the rows that a comment has no room for, opened', () => {
  const text = renderSummary(crowded());
  expect(text).toContain('<code>value-499</code>');
  expect(text).toContain('<details open>');
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1_048_576);
});

/** 500 slices and checks with long texts; the one check that failed is the last. */
function crowded(): Report {
  const report = rejectedRun();
  if (report.verdict === null) throw new Error('a reject has a verdict');
  const [slice] = report.verdict.slices;
  const [check] = report.verdict.checks;
  if (slice === undefined || check === undefined) throw new Error('the sample has slices and checks');
  const many = Array.from({ length: 500 }, (_, i) => i);
  report.verdict.slices = many.map((i) => ({ ...slice, column: 'a long column name', value: `value-${i}` }));
  report.verdict.checks = [
    ...many.map((i) => ({
      ...check,
      name: `slices a long column name=value-${i}`,
      outcome: 'pass' as const,
      detail: 'a long detail '.repeat(30),
    })),
    { ...check, outcome: 'fail', detail: 'needle in the failed check' },
  ];
  report.notes = many.map((i) => `note ${i} ${'and so on '.repeat(40)}`);
  return report;
}

function outsideCodeBlocks(html: string): string {
  return html
    .replace(/<pre>.*?<\/pre>/gs, '')
    .replace(/<!--.*?-->/gs, '')
    .replace(/<a href="[^"]*">/g, '')
    .replace(/&#(\d+);/g, (_, code) => String.fromCodePoint(Number(code)));
}
