import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import type { PowerPlan } from '../report/power.ts';
import { stackTrace } from './cli.fixture.ts';
import { smallProject } from './small-project.fixture.ts';

const workspace = smallProject();
const plan = async (...args: string[]): Promise<PowerPlan & { html: string }> => {
  const { code, stdout, stderr } = await workspace.mlops('power', '--json', ...args);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
};
const needed = (plan: PowerPlan): number => plan.needed?.rows ?? Number.NaN;
const refused = async (...args: string[]): Promise<string> => {
  const { code, stdout, stderr } = await workspace.mlops('power', ...args);
  expect([code, stdout]).toEqual([2, '']);
  expect(stderr).not.toMatch(stackTrace);
  return stderr;
};

test('before any run it says what to start', async () => {
  expect(await refused()).toMatch(/no run has been judged yet.*`npm start`/);
});

describe('after one run', () => {
  beforeAll(async () => {
    expect(await workspace.mlops('run', '--mode', 'promote')).toMatchObject({ code: 0 });
  });

  test('the spread is of one model, and the correlation that it assumes is said', async () => {
    const cautious = await plan('--margin', '0.01');
    expect(cautious).toMatchObject({ basis: 'candidate alone', correlation: 0.5, margin: 0.01, lead: 0 });
    expect(cautious.notes.join()).toContain('--correlation');
    const alike = await plan('--margin', '0.01', '--correlation', '0.9');
    // The variance of a difference is 2 (1 - r) times that of one model.
    const ratio = needed(cautious) / needed(alike);
    expect(Math.abs(ratio - 5)).toBeLessThan(0.2);
  });
});

describe('after a run that compared two models', () => {
  let today: PowerPlan & { html: string };
  beforeAll(async () => {
    // Another weight of its one feature ranks alike, so the second model listens to the noise too.
    const programs = 'model/src/small/programs.py';
    const own = workspace.read(programs);
    const edited = own.replace(
      'float(line.split(",")[0])',
      '(float(line.split(",")[0]) + float(line.split(",")[1]))',
    );
    expect(edited).not.toBe(own);
    writeFileSync(workspace.path(programs), edited);
    const { code } = await workspace.mlops('run', '--mode', 'promote');
    expect(code).toBe(0);
    today = await plan();
  });

  test('the spread is of their difference', () => {
    expect(today).toMatchObject({
      basis: 'candidate and champion',
      correlation: null,
      metric: 'roc_auc',
      rule: 'non_inferior',
      margin: 0.05,
      confidence: 0.95,
      power: 0.8,
    });
    expect(today.needed?.data_rows).toBe(Math.ceil(needed(today) / 0.2));
    const share = (today.today.positives ?? Number.NaN) / today.today.rows;
    const positives = today.needed?.positives ?? Number.NaN;
    expect(Math.abs(positives - share * needed(today))).toBeLessThanOrEqual(0.5);
  });

  test('it asks what the verdict asks: the power of both is the same', async () => {
    const { stdout } = await workspace.mlops('report', '--json');
    const { power } = JSON.parse(stdout).verdict;
    expect(today.today.chance).toBeCloseTo(power.equal_passes, 10);
  });

  test('half the margin needs about four times the rows; more power and confidence need more', async () => {
    const [fine, finer] = [await plan('--margin', '0.01'), await plan('--margin', '0.005')];
    expect(needed(finer) / needed(fine)).toBeGreaterThan(3.6);
    expect(needed(finer) / needed(fine)).toBeLessThan(4.1);
    expect(needed(await plan('--power', '0.95'))).toBeGreaterThan(needed(today));
    expect(needed(await plan('--confidence', '0.99'))).toBeGreaterThan(needed(today));
    expect(needed(await plan('--lead', '0.02'))).toBeLessThan(needed(today));
  });

  test('other metrics, a share as margin, and superior', async () => {
    const loss = await plan('--metric', 'log_loss', '--margin', '5%');
    expect(loss.margin).toBeGreaterThan(0);
    expect(needed(loss)).toBeGreaterThan(0);
    const superior = await plan('--set', 'gate.champion.rule=superior');
    expect(superior).toMatchObject({ margin: 0, lead: 0.05 });
  });

  test('terminal and page show today, the need and the curve', async () => {
    const { code, stdout } = await workspace.mlops('power');
    expect(code).toBe(0);
    expect(stdout).toContain(`For 80 % a holdout of ${needed(today).toLocaleString('en-US')} rows`);
    expect(stdout).toMatch(/█+·* {2}today/);
    expect(stdout).toMatch(/Page: \.mlops\/power\/small\.html/);
    const page = readFileSync(today.html, 'utf8');
    expect(page).toContain('<svg viewBox');
    expect(page).toContain(`${needed(today).toLocaleString('en-US')} rows`);
    expect(page).not.toMatch(/<script|http:\/\/(?!www\.w3\.org)/);
  });

  test('what cannot be planned is refused with what was expected', async () => {
    expect(await refused('--margin', '0')).toMatch(
      /--margin: got a margin of 0, expected .*gate\.champion\.margin/,
    );
    expect(await refused('--lead=-0.1')).toMatch(/lead of -0\.1 with a margin of 0\.05/);
    expect(await refused('--metric', 'rmse')).toMatch(/--metric: got "rmse", expected one of roc_auc/);
    expect(await refused('--margin', 'wide')).toMatch(/number/);
    expect(await refused('--power', '1')).toMatch(/above 0 and below 1/);
    expect(await refused('--set', 'gate.champion.rule=superior', '--lead', '0')).toMatch(
      /--lead: got 0, expected/,
    );
  });

  test('scores that are gone are said, and older ones used', async () => {
    const other = workspace.copy();
    const { execution } = JSON.parse((await workspace.mlops('report', '--json')).stdout).run;
    rmSync(other.path('.mlops/s3/mlops/small/runs/small', execution, 'candidate.csv'));
    const { code, stdout } = await other.mlops('power', '--json');
    expect(code).toBe(0);
    const older: PowerPlan = JSON.parse(stdout);
    expect(older.run).not.toBe(execution);
    expect(older.notes.join()).toContain(`run ${execution}`);
  });
});
