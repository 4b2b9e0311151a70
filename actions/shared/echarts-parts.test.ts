import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { build } from 'esbuild';
import { renderHtml } from '../../pipeline/report/html.ts';
import { multiclassRun, regressionRun, sampleReport } from '../../pipeline/report/report.fixture.ts';
import { repository } from '../../pipeline/repository.ts';
import { bundling } from '../build.ts';

test('a bundle draws what the whole library draws', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'mlops-charts-'));
  await build({
    ...bundling,
    entryPoints: [join(repository, 'pipeline/report/html.ts')],
    outdir: folder,
    outExtension: { '.js': '.mjs' },
  });
  const reports = [sampleReport(), multiclassRun(), regressionRun()];
  const script =
    "const { renderHtml } = await import('./html.mjs');" +
    'const reports = JSON.parse(await new Response(process.stdin).text());' +
    'process.stdout.write(JSON.stringify(reports.map(renderHtml)))';
  const drawn = execFileSync(process.execPath, ['--input-type=module', '-e', script], {
    cwd: folder,
    input: JSON.stringify(reports),
    maxBuffer: 1e8,
  });
  await rm(folder, { recursive: true });
  expect(JSON.parse(drawn.toString())).toEqual(reports.map(renderHtml));
});
