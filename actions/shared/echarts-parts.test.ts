import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import {
  emptyMonitor,
  healthyMonitor,
  multiclassMonitor,
  regressionMonitor,
  sampleMonitor,
} from '../../pipeline/report/monitor.fixture.ts';
import { multiclassRun, regressionRun, sampleReport } from '../../pipeline/report/report.fixture.ts';
import { repository } from '../../pipeline/repository.ts';
import { bundling } from '../build.ts';

test.each([
  [
    'html.ts',
    'renderHtml',
    async () => (await import('../../pipeline/report/html.ts')).renderHtml,
    () => [sampleReport(), multiclassRun(), regressionRun()],
  ],
  [
    'monitor-html.ts',
    'monitorHtml',
    async () => (await import('../../pipeline/report/monitor-html.ts')).monitorHtml,
    () => [sampleMonitor(), emptyMonitor(), healthyMonitor(), multiclassMonitor(), regressionMonitor()],
  ],
] as const)('a bundle of %s draws what the whole library draws', async (file, name, load, make) => {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-charts-'));
  await build({
    ...bundling,
    entryPoints: [join(repository, 'pipeline/report', file)],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
  });
  // As JSON both get the same.
  const reports = JSON.parse(JSON.stringify(make())) as never[];
  const script =
    `const { ${name} } = await import('./${file.replace('.ts', '.mjs')}');` +
    'const reports = JSON.parse(await new Response(process.stdin).text());' +
    `process.stdout.write(JSON.stringify(reports.map((report) => ${name}(report))))`;
  const drawn = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    input: JSON.stringify(reports),
    maxBuffer: 1e8,
  });
  await rm(folder, { recursive: true });
  const whole = (await load()) as (report: never) => string;
  expect(JSON.parse(drawn.toString())).toEqual(reports.map((report) => whole(report)));
});
