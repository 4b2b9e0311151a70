import { expect, test } from '@jest/globals';
import { renderHtml } from './html.ts';
import { renderComment, renderSummary } from './markdown.ts';
import { parseReport } from './parse-report.ts';
import { sampleReport } from './report.fixture.ts';
import type { Report } from './report.ts';

/* The longest lists that a report may hold; parse-report.test.ts has the others. */

const many = <T>(n: number, make: (i: number) => T): T[] => Array.from({ length: n }, (_, i) => make(i));

test.each<[string, (report: Report) => void]>([
  [
    'features of as many classes',
    ({ explanation }) => {
      if (explanation)
        explanation.features = many(100_000, (i) => ({ name: `f${i}`, value: i, class: `c${i}` }));
    },
  ],
  [
    'changes',
    (report) => {
      report.changes = many(80_000, (i) => ({ what: 'code', path: `p${i}`, from: null, to: null }));
    },
  ],
])('as many %s as there may be are rendered within the limits of GitHub', (_, grow) => {
  const report = sampleReport();
  grow(report);
  const read = parseReport(JSON.stringify(report));
  expect(renderComment(read).length).toBeLessThanOrEqual(65_536);
  expect(Buffer.byteLength(renderSummary(read))).toBeLessThanOrEqual(1_048_576);
  expect(renderHtml(read)).toContain('</html>');
});
