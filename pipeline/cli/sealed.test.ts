import { readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeAll, expect, test } from '@jest/globals';
import { formatValue } from '../format.ts';
import type { Verdict } from '../gate/verdict.ts';
import type { Report } from '../report/report.ts';
import type { Workspace } from './cli.fixture.ts';
import { behave, smallProject } from './small-project.fixture.ts';

/*
 * gate.reuse: sealed. A first champion, then a challenger that ranks rows as the champion does, so that superior holds it; then
 * one that passes, first evaluated, then promoted.
 */

const workspace = smallProject();
const sealed = ['--set', 'gate.reuse=sealed'];
const undecided = ['--set', 'gate.champion.rule=superior', ...behave({ weight: 0.9 })];
const better = behave({ weight: 1.1 });

interface Ran {
  execution: string;
  verdict: Verdict;
  promoted: boolean;
  stdout: string;
  report: Report;
}

async function run(...args: string[]): Promise<Ran> {
  const { code, stdout, stderr } = await workspace.mlops('run', '--json', ...sealed, ...args);
  if (code !== 0) throw new Error(stderr);
  const { report, ...told } = JSON.parse(stdout);
  return { ...told, stdout, report: JSON.parse(readFileSync(report.json, 'utf8')) };
}

const kept = (from: Workspace, folder: 'runs' | 'sealed', execution: string, file: string) =>
  from.path('.mlops/s3/mlops/small', folder, 'small', execution, file);
const readVerdict = (path: string): Verdict => JSON.parse(readFileSync(path, 'utf8'));

/** Files of the state but those of the seal, of what jobs read and write, and of champions of before. */
function shownFiles(execution: string): string[] {
  const folders = [`runs/${execution}`, 'ledger', `s3/mlops/small/runs/small/${execution}`];
  return folders.flatMap((folder) =>
    readdirSync(workspace.path('.mlops', folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => relative('', join(entry.parentPath, entry.name))),
  );
}

/** The values of a verdict as any page or file would write them. */
const numbersOf = ({ metrics }: Verdict): string[] =>
  Object.values(metrics).flatMap(({ candidate, difference }) => [
    ...[candidate, difference].filter((value) => value !== null && value !== 0).map((value) => String(value)),
    formatValue(candidate, 3),
  ]);

let champion: Ran;
beforeAll(async () => {
  champion = await run('--mode', 'promote');
}, 120_000);

test('a promotion shows everything', () => {
  expect(champion).toMatchObject({ promoted: true, verdict: { outcome: 'promote' } });
  expect(champion.verdict.sealed).toBeUndefined();
  expect(champion.verdict.metrics.roc_auc?.candidate).toBeGreaterThan(0.6);
  expect(champion.report.plots?.candidate.roc?.length).toBeGreaterThan(5);
  expect(readVerdict(kept(workspace, 'runs', champion.execution, 'verdict.json'))).toEqual(champion.verdict);
  expect(readFileSync(kept(workspace, 'runs', champion.execution, 'candidate.csv'), 'utf8')).toMatch(
    /^row_id,/,
  );
});

test('a hold is shown as not passed, and no file or page has a number of it', async () => {
  const held = await run(...undecided);
  const whole = readVerdict(kept(workspace, 'sealed', held.execution, 'verdict.json'));
  expect(whole.outcome).toBe('hold');
  expect(held.verdict).toMatchObject({
    outcome: 'reject',
    sealed: true,
    metrics: {},
    slices: [],
    smallest_detectable_difference: null,
    power: null,
    check_counts: { pass: 0, fail: 1, inconclusive: 0, not_judged: 0 },
  });
  expect(held.report.plots).toBeNull();
  const numbers = numbersOf(whole);
  expect(numbers.length).toBeGreaterThan(15);
  // They are found where they are shown.
  const open = readFileSync(kept(workspace, 'sealed', held.execution, 'verdict.json'), 'utf8');
  expect(open).toContain(numbers[0]);
  const { stdout: terminal } = await workspace.mlops('report', held.execution);
  const { stdout: history } = await workspace.mlops('history', '--json', '--package', 'small/2');
  const texts = shownFiles(held.execution).map((file) => readFileSync(file, 'utf8'));
  expect(texts.length).toBeGreaterThan(8);
  const precise = numbers.filter((number) => number.length > 8);
  for (const text of [held.stdout, terminal, history, ...texts])
    for (const number of precise) expect(text).not.toContain(number);
  const page = readFileSync(workspace.path('.mlops/runs', held.execution, 'report.html'), 'utf8')
    .replace(/<style>.*?<\/style>/s, '')
    .replace(/<svg.*?<\/svg>/gs, '');
  const comment = readFileSync(workspace.path('.mlops/runs', held.execution, 'report.md'), 'utf8');
  for (const text of [terminal, page, comment]) {
    expect(text).toMatch(/does not pass/i);
    for (const number of numbers)
      expect(text).not.toMatch(new RegExp(`(^|[\\s>])${number.replace('.', '\\.')}`, 'm'));
    expect(text).not.toMatch(/no champion to compare with/);
  }
  expect(() => readFileSync(kept(workspace, 'runs', held.execution, 'candidate.csv'))).toThrow('ENOENT');
});

test('one that passes is shown as passing, again by the same words, and opened when it is promoted', async () => {
  const evaluated = await run(...better);
  expect(evaluated.verdict).toMatchObject({ outcome: 'promote', sealed: true, metrics: {} });
  const replayed = await workspace.mlops('gate', '--json', '--replay', '1', '--set', 'gate.reuse=report');
  expect(JSON.parse(replayed.stdout).runs[0]).toMatchObject({
    after: null,
    problem: expect.stringContaining('gate.reuse was sealed'),
  });
  const again = await run(...better);
  expect(again.verdict).toEqual(evaluated.verdict);

  const promoted = await run(...better, '--mode', 'promote');
  expect(promoted.promoted).toBe(true);
  const { metrics, sealed: isSealed, holdout_uses, ...rest } = promoted.verdict;
  expect(isSealed).toBeUndefined();
  expect(metrics.roc_auc?.difference).not.toBeNull();
  // It is the same look: what was sealed is what is shown now.
  expect(holdout_uses).toBe(evaluated.verdict.holdout_uses);
  const whole = readVerdict(kept(workspace, 'sealed', evaluated.execution, 'verdict.json'));
  expect({ metrics, holdout_uses, ...rest }).toEqual(whole);
  expect(promoted.report.plots?.champion?.roc?.length).toBeGreaterThan(5);
  const opened = await workspace.mlops('gate', '--json', '--replay', '1', '--set', 'gate.reuse=report');
  expect(JSON.parse(opened.stdout).runs[0]).toMatchObject({ problem: null });
});

test('mlops gate says whether score files pass, and nothing else', async () => {
  const file = kept(workspace, 'runs', champion.execution, 'candidate.csv');
  const judged = await workspace.mlops('gate', '--candidate', file, ...sealed);
  expect(judged.code).toBe(0);
  expect(judged.stdout).toMatch(/^PROMOTE {2}The candidate passes\. gate\.reuse is sealed/);
  expect(judged.stdout).not.toMatch(/ROC AUC|\.\d\d\d/);
  const strict = [...sealed, '--set', 'gate.inconclusive=hold', '--set', 'gate.min_positives=1000'];
  const held = await workspace.mlops('gate', '--json', '--candidate', file, ...strict);
  expect([held.code, JSON.parse(held.stdout)]).toMatchObject([
    3,
    { outcome: 'reject', metrics: {}, sealed: true },
  ]);
});
