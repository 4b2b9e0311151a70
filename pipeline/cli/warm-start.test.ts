import { rmSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Report } from '../report/report.ts';
import type { Workspace } from './cli.fixture.ts';
import { smallProject } from './small-project.fixture.ts';

const tuning =
  '{ strategy: random, parallel_jobs: 2, max_jobs: 3, ranges: { weight: { min: 0.1, max: 3 } } }';

async function run(workspace: Workspace, ...settings: string[]) {
  const { code, stdout, stderr } = await workspace.mlops(
    'run',
    '--json',
    ...[`tuning=${tuning}`, ...settings].flatMap((setting) => ['--set', setting]),
  );
  if (code !== 0) throw new Error(stderr);
  const result = JSON.parse(stdout);
  const report: Report = JSON.parse(workspace.read(result.report.json));
  const trials = report.tuning?.trials ?? [];
  const weights = trials.map(({ hyperparameters }) => hyperparameters.weight ?? '');
  const best = trials.find(({ name }) => name === report.tuning?.best);
  return { ...result, value: report, stderr, weights, best };
}

test('a tuning job starts from the best trials of earlier ones, whatever changed; the same run again is reused', async () => {
  const workspace = smallProject();
  const first = await run(workspace);
  expect(first.value.tuning).not.toHaveProperty('warm_start');
  expect(new Set(first.weights).size).toBe(3);

  const second = await run(workspace, 'tuning.warm_start=true', 'tuning.max_jobs=4');
  expect(second.value.tuning.warm_start).toEqual({ parents: 1, best: first.best.value });
  expect(second.stderr).toContain('Tune warm');
  expect(second.weights[0]).toBe(first.best.hyperparameters.weight);
  // Two of the parent's three come again, and nothing else that it has tried.
  expect(second.weights.filter((weight: string) => first.weights.includes(weight))).toHaveLength(2);

  const other = ['tuning.warm_start=true', 'training.hyperparameters.serve=marvellous', 'tuning.max_jobs=4'];
  const third = await run(workspace, ...other);
  expect(third.value.tuning.warm_start).toMatchObject({ parents: 2 });
  expect(third.weights[0]).toBe(second.best.hyperparameters.weight);

  // More parents are known by now, which make no other model.
  const again = await run(workspace, 'tuning.warm_start=true', 'tuning.max_jobs=4');
  expect([again.fingerprint, again.reused]).toEqual([second.fingerprint, expect.arrayContaining(['Tune'])]);
  expect(again.value.tuning.warm_start).toEqual(second.value.tuning.warm_start);

  const { stdout } = await workspace.mlops('report', second.execution);
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(/warm start: 1 parent, best known value \.\d+/);
}, 120_000);

test('a parent that is gone does not fail the run, which says that it began anew', async () => {
  const workspace = smallProject();
  await run(workspace);
  rmSync(workspace.path('.mlops/jobs/hyper-parameter-tuning-job'), { recursive: true });
  const { value } = await run(workspace, 'tuning.warm_start=true');
  expect(value.tuning).not.toHaveProperty('warm_start');
  expect(value.notes).toContainEqual(
    expect.stringMatching(
      /^No warm start: SageMaker refused the earlier tuning jobs \(.*: there is no such tuning job\)\.$/,
    ),
  );
}, 120_000);
