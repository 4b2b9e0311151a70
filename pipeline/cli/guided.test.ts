import { appendFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Report } from '../report/report.ts';
import { smallProject } from './small-project.fixture.ts';

const settings = [
  'tuning={ strategy: random, max_jobs: 4, ranges: { weight: { min: 0.1, max: 3 } } }',
  'tuning.guided={ min_trials: 3 }',
].flatMap((setting) => ['--set', setting]);

test('the second run on like data is guided by the first, says so, and all trials can be asked by SQL', async () => {
  const workspace = smallProject();
  const run = async (...options: string[]) => {
    const { code, stdout, stderr } = await workspace.mlops('run', '--json', ...settings, ...options);
    if (code !== 0) throw new Error(stderr);
    const result = JSON.parse(stdout);
    const report: Report = JSON.parse(workspace.read(result.report.json));
    return { ...result, stderr, tuning: report.tuning };
  };
  const first = await run();
  expect(first.tuning.guidance).toMatchObject({ guide: null, why: expect.stringMatching(/^0 earlier/) });
  const best = first.tuning.trials.find(({ name }: { name: string }) => name === first.tuning.best);

  // Other rows: a copy of the data without the last of them.
  const [data = ''] = /source: (\S+?)[,}\s]/.exec(workspace.read('mlops.yaml'))?.slice(1) ?? [];
  const rows = workspace.read(data).trimEnd().split('\n').slice(0, -3);
  appendFileSync(workspace.path('other.csv'), `${rows.join('\n')}\n`);
  const second = await run('--data', 'other.csv');
  expect(second.stderr).toMatch(/✓ Tune first[\s\S]*✓ Tune guided[\s\S]*✓ Tune random/);
  const { guide, standing } = second.tuning.guidance;
  expect(guide).toMatchObject({ runs: 1, trials: 4, parts: { first: 1, guided: 2, random: 1 } });
  expect(guide.first).toEqual({ weight: best.hyperparameters.weight });
  expect(standing).toMatchObject({ runs: 1, guided: 3, random: 1, better: null });
  const trials: { guided: boolean; hyperparameters: Record<string, string> }[] = second.tuning.trials;
  expect(trials.map(({ guided }) => guided)).toEqual([true, true, true, false]);
  expect(trials[0]?.hyperparameters.weight).toBe(best.hyperparameters.weight);
  for (const { hyperparameters } of trials.slice(1, 3)) {
    expect(Number(hyperparameters.weight)).toBeGreaterThanOrEqual(Number(guide.ranges.weight.min));
    expect(Number(hyperparameters.weight)).toBeLessThanOrEqual(Number(guide.ranges.weight.max));
  }
  const told = await workspace.mlops('report', second.execution);
  expect(told.stdout.replaceAll(/\s+/g, ' ')).toContain('guided by 4 trials of 1 earlier run on like data');

  // More trials are known by now, which make no other model.
  const again = await run('--data', 'other.csv');
  expect([again.fingerprint, again.reused]).toEqual([second.fingerprint, expect.arrayContaining(['Tune'])]);
  expect(again.tuning).toEqual(second.tuning);

  const asked = await workspace.mlops('query', '@trials', '--json');
  expect(
    JSON.parse(asked.stdout).rows.map((row: Record<string, unknown>) => [
      row.execution,
      row.guided,
      row.trials,
    ]),
  ).toEqual([
    [second.execution, true, 3],
    [second.execution, false, 1],
    [first.execution, false, 4],
  ]);
}, 180_000);
