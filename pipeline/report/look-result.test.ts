import { expect, test } from '@jest/globals';
import { sampleLook } from './look-result.fixture.ts';
import { publishableLook, renderLookResult } from './look-result.ts';
import {
  emptyMonitor,
  healthyMonitor,
  hostileMonitor,
  multiclassMonitor,
  regressionMonitor,
  sampleMonitor,
  unlabelledMonitor,
} from './monitor.fixture.ts';
import type { MonitorReport } from './monitor-report.ts';
import { parseLookResult } from './parse-look-result.ts';

const reports: [string, MonitorReport][] = [
  ['decayed', sampleMonitor()],
  ['empty', emptyMonitor()],
  ['healthy', healthyMonitor()],
  ['without labels', unlabelledMonitor()],
  ['multiclass', multiclassMonitor()],
  ['regression', regressionMonitor()],
];

test.each(reports)('a look with its report comes back as it was written: %s', (_, report) => {
  const look = publishableLook(sampleLook(report.finding.finding, { report, reason: report.finding.reason }));
  const parsed = parseLookResult(JSON.stringify(look));
  expect(renderLookResult(parsed)).toBe(renderLookResult(look));
  expect(renderLookResult(parsed)).toContain('A run to replace the model');
  expect(parsed).toMatchObject({ finding: look.finding, retrain: look.retrain, package: look.package });
});

test.each([
  ['no version', { version: 2 }],
  ['another finding', { finding: 'fine' }],
  ['no retrain', { retrain: undefined }],
  ['a report of something else', { report: { version: 1 } }],
  ['a negative cool-down', { cool_down: -1 }],
])('%s is an error that says where', (_, change) => {
  const look = { ...sampleLook('healthy'), ...change };
  expect(() => parseLookResult(JSON.stringify(look))).toThrow(
    new RegExp(`^look: .*${Object.keys(change)[0]}`),
  );
});

test('a report with text in place of times is refused, whatever it says', () => {
  const report = hostileMonitor('<script>x</script>');
  expect(() => parseLookResult(JSON.stringify(sampleLook('healthy', { report })))).toThrow(
    /^look: report\.windows\.\d+\.start: got "<script>x<\/script>"/,
  );
});

test('the sentence of a look is that of the report that everybody may see', () => {
  const report = sampleMonitor();
  const sensitive = { ...report, privacy: { ...report.privacy, sensitive: ['zzsecret'] } };
  sensitive.finding = { ...sensitive.finding, reason: 'zzsecret drifted' };
  const look = publishableLook(sampleLook('watch', { report: sensitive, reason: 'zzsecret drifted' }));
  expect(JSON.stringify([look.reason, look.report?.finding.reason])).not.toContain('zzsecret');
});
