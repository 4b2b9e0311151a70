import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { beforeAll, expect, test } from '@jest/globals';
import type { Verdict } from '../gate/verdict.ts';
import type { Replay } from '../run/account/replay.ts';
import type { Workspace } from './cli.fixture.ts';
import { behave, smallProject } from './small-project.fixture.ts';

/*
 * Four recorded runs: the first champion; a better-than-nothing model that is worse than it, rejected; one that takes
 * its place; one whose holdout is another, so that it is compared on the rows that both may be judged by.
 */

const workspace = smallProject();

beforeAll(async () => {
  const run = async (...args: string[]) => {
    const { code, stdout, stderr } = await workspace.mlops('run', '--mode', 'promote', '--json', ...args);
    if (code !== 0) throw new Error(stderr);
    return JSON.parse(stdout).verdict.outcome;
  };
  const outcomes = [
    await run(),
    await run(...behave({ weight: -1 })),
    await run(...behave({ weight: 0.8 })),
    await run('--set', 'data.holdout=0.4'),
  ];
  expect(outcomes).toEqual(['promote', 'reject', 'promote', 'promote']);
}, 120_000);

async function replayOf(from: Workspace, ...args: string[]): Promise<Replay> {
  const { code, stdout, stderr } = await from.mlops('gate', '--json', '--replay', ...args);
  expect([code, stderr]).toEqual([0, '']);
  return JSON.parse(stdout);
}

const stored = (from: Workspace, execution: string, file: string) =>
  from.path('.mlops/s3/mlops/small/runs/small', execution, file);

test('under the policy of the time every verdict comes out again, to the last digit', async () => {
  const { runs, judged, changes } = await replayOf(workspace, '20');
  expect([judged, changes]).toEqual([4, []]);
  for (const { execution, after } of runs) {
    const verdict: Verdict = JSON.parse(readFileSync(stored(workspace, execution, 'verdict.json'), 'utf8'));
    expect(after).toEqual(verdict);
  }
  // The last run left out rows that its champion was trained on: the replay does too.
  const [last, third] = runs;
  expect(last?.after?.n).toBeLessThan(160);
  expect(last?.champion).toBe(third?.package);
});

test('a stricter policy: who would change, why, and a table that marks them', async () => {
  const edited = ['--set', 'gate.thresholds.roc_auc.min=0.99'];
  const { code, stdout } = await workspace.mlops('gate', '--replay', '20', ...edited);
  expect(code).toBe(0);
  const lines = stdout.split('\n');
  expect(lines[0]).toMatch(/^ +execution +started +package +champion +then +now +why$/);
  const rows = lines.slice(1, 5).map((line) => line.split(/\s{2,}/));
  const outcomes = rows.map(([mark, , , name, champion, before, after]) => [
    mark,
    name,
    champion,
    before,
    after,
  ]);
  expect(outcomes).toEqual([
    ['*', 'small/4', 'small/3', 'promote', 'reject'],
    ['*', 'small/3', 'small/1', 'promote', 'reject'],
    ['', 'small/2', 'small/1', 'reject', 'reject'],
    ['*', 'small/1', 'none', 'promote', 'reject'],
  ]);
  expect(stdout).toContain('3 of 4 would change: 3 promote -> reject.');
  expect(rows[1]?.at(-1)).toBe('fails threshold roc_auc');
  expect(stdout).toMatch(/: ROC AUC is \.\d+, below the lowest that passes, \.990\./);
});

test('only the last N, newest first', async () => {
  const { runs } = await replayOf(workspace, '2');
  expect(runs.map((run) => run.package)).toEqual(['small/4', 'small/3']);
});

test('the number of looks is the one of the time', async () => {
  const set = ['gate.champion={ rule: superior }', 'gate.reuse=correct'];
  const { runs } = await replayOf(workspace, '20', ...set.flatMap((value) => ['--set', value]));
  const third = runs.find((run) => run.package === 'small/3')?.after;
  expect(third?.holdout_uses).toBe(3);
  expect(third?.checks.find(({ name }) => name === 'champion')?.confidence).toBeCloseTo(1 - 0.05 / 12, 12);
  expect(third?.outcome).toBe('hold');
});

test('an anchor that the policy did not name then: its own scores, where they are of the same rows', async () => {
  const { runs, judged } = await replayOf(workspace, '20', '--set', 'gate.anchor.package=small/1');
  const anchorOf = (name: string) =>
    runs.find((run) => run.package === name)?.after?.checks.find((check) => check.name === 'anchor');
  expect(anchorOf('small/2')).toMatchObject({ outcome: 'fail' });
  expect(anchorOf('small/3')).toMatchObject({ outcome: 'pass' });
  expect(judged).toBe(4);

  const other = await replayOf(workspace, '20', '--set', 'gate.anchor.package=small/4');
  expect(other.judged).toBe(1);
  expect(other.runs[1]?.problem).toMatch(
    /candidate\.csv: line \d+, column row_id: got "r\d+", expected a row of/,
  );
  const unknown = await replayOf(workspace, '1', '--set', 'gate.anchor.package=small/9');
  expect(unknown.runs[0]?.problem).toBe('anchor small/9: not in the registry');
});

test('scores that are gone or unreadable are told, and the other runs judged', async () => {
  const copy = workspace.copy();
  const { runs } = await replayOf(copy, '20');
  const [fourth = '', third = '', second = '', first = ''] = runs.map((run) => run.execution);
  rmSync(stored(copy, fourth, 'candidate.csv'));
  const champion = readFileSync(stored(copy, third, 'champion.csv'), 'utf8').split('\n');
  champion[6] = champion[6]?.replace(/,[01],[^,]+/, ',1,NaN') ?? '';
  writeFileSync(stored(copy, third, 'champion.csv'), champion.join('\n'));
  rmSync(stored(copy, second, 'evidence.json'));

  const { judged, runs: replayed } = await replayOf(copy, '20');
  expect(judged).toBe(1);
  expect(replayed.map(({ execution, problem }) => [execution, problem])).toEqual([
    [fourth, `s3://mlops/small/runs/small/${fourth}/candidate.csv: no such object`],
    [third, expect.stringMatching(/champion\.csv: line 7, column score: got "NaN", expected/)],
    [second, `s3://mlops/small/runs/small/${second}/evidence.json: no such object`],
    [first, null],
  ]);
  const { stdout } = await copy.mlops('gate', '--replay', '20');
  expect(stdout).toContain('0 of 1 would change. 3 runs cannot be judged again.');
  expect(stdout).toContain(
    `?        cannot be judged again: s3://mlops/small/runs/small/${fourth}/candidate.csv`,
  );
});

test('no run yet', async () => {
  const fresh = smallProject();
  expect(await replayOf(fresh, '20')).toMatchObject({ runs: [], judged: 0, changes: [] });
  const { stdout } = await fresh.mlops('gate', '--replay', '20');
  expect(stdout).toBe('No run has been judged yet: start one with `npm start`.\n');
});

test.each([
  [[], /^got neither --candidate nor --replay, expected /],
  [['--replay', '3', '--candidate', 'a.csv'], /^got both --replay and score files, expected one/],
  [['--replay', '3', '--champion', 'a.csv'], /^got both --replay and score files, expected one/],
  [['--replay', '0'], /^--replay: got "0", expected a number of runs: a whole number of at least 1/],
  [['--replay', 'many'], /^--replay: got "many", expected a number of runs/],
  [['--replay', '3', '--config', 'none.yaml'], /^none\.yaml: no such file/],
  [['--replay', '3', '--set', 'gate.primary=roc'], /^--set gate\.primary: got "roc"/],
])('bad arguments: %j', async (args, message) => {
  const { code, stderr } = await workspace.mlops('gate', ...args);
  expect([code, stderr]).toEqual([2, expect.stringMatching(message)]);
});
