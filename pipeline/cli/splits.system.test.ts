import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Report } from '../report/report.ts';
import type { Workspace } from './cli.fixture.ts';
import { behave, smallConfig, smallProject } from './small-project.fixture.ts';

/*
 * data.split through whole runs: which rows are on which side, what happens when data grow, the comparison with the
 * champion or a baseline, and the looks.
 */

/** Ten rows a day of 90 persons. A row's `x` is its own, by which its side is known later. */
function row(n: number) {
  const x = (((n * 48_271) % 100_003) / 25_000 - 2).toFixed(5);
  const day = new Date(Date.UTC(2024, 0, 1 + Math.floor(n / 10))).toISOString().slice(0, 10);
  const y = Number(x) + Math.sin(n * 12.9) > 0 ? 'yes' : 'no';
  return { id: `r${n}`, x, noise: n % 17, person: `p${(n * 7919) % 90}`, day, y };
}

const rowOf = new Map(Array.from({ length: 1000 }, (_, n) => [row(n).x, row(n)]));

/** The rows from `from` to before `to`, as CSV. */
const rows = (from: number, to: number) =>
  [
    'id,x,noise,person,day,y',
    ...Array.from({ length: to - from }, (_, at) => Object.values(row(from + at)).join(',')),
    '',
  ].join('\n');

function project(split: string, data = rows(0, 600)): Workspace {
  const workspace = smallProject();
  const before = '  row_id: id\n  slices: [group]\n  features_exclude: [group]\n';
  expect(smallConfig).toContain(before);
  const config = smallConfig.replace(before, `  row_id: id\n  split: ${split}\n`);
  writeFileSync(workspace.path('mlops.yaml'), config);
  writeFileSync(workspace.path('data.csv'), data);
  return workspace;
}

/** A run's report, and the rows of both sides as its jobs got them. */
async function run(workspace: Workspace, ...args: string[]) {
  const { code, stdout, stderr } = await workspace.mlops('run', '--json', ...args);
  if (code !== 0) throw new Error(`${stdout}\n${stderr}`);
  const told = JSON.parse(stdout);
  const report = JSON.parse(readFileSync(told.report.json, 'utf8')) as Report;
  const s3 = '.mlops/s3/mlops/small';
  const events = workspace.read('.mlops/runs', told.execution, 'events.jsonl').trim().split('\n');
  const channel = events
    .map((line) => JSON.parse(line))
    .find(({ type, resource }) => type === 'TaskStarted' && /createTrainingJob/.test(resource))
    .parameters.InputDataConfig[0].DataSource.S3DataSource.S3Uri.replace('s3://mlops/small', s3);
  // The training file has the target first, then x.
  const train = workspace.read(channel, 'train.csv').trim().split('\n');
  const holdout = workspace
    .read(s3, `runs/small/${told.execution}/candidate.csv`)
    .trim()
    .split('\n')
    .slice(1);
  const byId = new Map([...rowOf.values()].map((one) => [one.id, one]));
  return {
    report,
    verdict: told.verdict,
    package: told.package,
    train: train.map((line) => rowOf.get(line.split(',')[1] ?? '') ?? line).map(known),
    holdout: holdout.map((line) => byId.get(line.split(',')[0] ?? '') ?? line).map(known),
  };
}

function known(found: ReturnType<typeof row> | string): ReturnType<typeof row> {
  if (typeof found === 'string') throw new Error(`no row of the data: ${found}`);
  return found;
}

const areApart = <T>(one: Set<T>, other: Set<T>) => [...one].every((item) => !other.has(item));
const areWithin = <T>(some: Set<T>, all: Set<T>) => [...some].every((item) => all.has(item));
const persons = (of: { person: string }[]) => new Set(of.map(({ person }) => person));
const ids = (of: { id: string }[]) => new Set(of.map(({ id }) => id));

test('by group: a person is on one side for ever, and persons are counted', async () => {
  const workspace = project('{ by: group, column: person }');
  const first = await run(workspace, '--mode', 'promote');
  expect(areApart(persons(first.train), persons(first.holdout))).toBe(true);
  expect(persons(first.train).size + persons(first.holdout).size).toBe(90);

  writeFileSync(workspace.path('data.csv'), rows(0, 900));
  const second = await run(workspace, '--mode', 'promote');
  expect(persons(second.train)).toEqual(persons(first.train));
  expect(persons(second.holdout)).toEqual(persons(first.holdout));
  expect(areWithin(ids(first.holdout), ids(second.holdout))).toBe(true);
  // The champion saw none of them, so that each is compared; the look at the same persons' rows is another one.
  const { n, holdout_uses, metrics } = second.verdict;
  expect({ n, holdout_uses }).toEqual({ n: second.holdout.length, holdout_uses: 2 });
  expect(metrics.roc_auc).toMatchObject({ champion: expect.any(Number), method: 'clustered score' });
  expect(metrics.brier.method).toBe('cluster bootstrap');
  expect(second.report.data).toMatchObject({
    groups: persons(second.holdout).size,
    split: {
      by: 'group',
      column: 'person',
      groups: { train: persons(second.train).size, holdout: persons(second.holdout).size },
    },
  });
  const { stdout } = await workspace.mlops('report');
  expect(stdout.replaceAll(/\s+/g, ' ')).toContain(
    `Holdout: ${n} rows in ${persons(second.holdout).size} groups, `,
  );
});

test('by time: the newest rows, none of the embargo; newer data move the boundary, and the report says so', async () => {
  const workspace = project('{ by: time, column: day, embargo: 5d }');
  const first = await run(workspace, '--mode', 'promote');
  // 600 rows are 60 days: 12 of them are held out, and 5 before them are left out.
  expect(ids(first.holdout)).toEqual(ids(range(480, 600)));
  expect(ids(first.train)).toEqual(ids(range(0, 430)));
  expect(first.report.notes.join()).not.toMatch(/The holdout begins at/);

  writeFileSync(workspace.path('data.csv'), rows(0, 650));
  const second = await run(workspace);
  expect(ids(second.holdout)).toEqual(ids(range(520, 650)));
  expect(second.verdict.n).toBe(130);
  expect(second.report.notes).toContain(
    `The holdout begins at ${row(520).day}; that of the champion small/1 began at ${row(480).day}. It is always the newest 20 % of the data of a run.`,
  );

  // Fewer data: the champion was trained on the older of the rows that are the newest now.
  writeFileSync(workspace.path('data.csv'), rows(0, 500));
  const third = await run(workspace);
  expect(ids(third.holdout)).toEqual(ids(range(400, 500)));
  expect(third.verdict.n).toBe(70);
  expect(third.report.notes).toContain(
    "The champion small/1 was trained on 30 of the holdout's 100 rows: they are left out, 70 are compared.",
  );
});

const range = (from: number, to: number) => Array.from({ length: to - from }, (_, at) => row(from + at));

test('by file: no row of it is in training, and rows that moved to it are not compared with the champion', async () => {
  const workspace = project('{ by: file, source: kept.csv }');
  writeFileSync(workspace.path('kept.csv'), rows(600, 800));
  const first = await run(workspace, '--mode', 'promote');
  expect([ids(first.train), ids(first.holdout)]).toEqual([ids(range(0, 600)), ids(range(600, 800))]);

  writeFileSync(workspace.path('data.csv'), rows(0, 570));
  writeFileSync(workspace.path('kept.csv'), rows(570, 800));
  const second = await run(workspace);
  expect(areApart(ids(second.train), ids(second.holdout))).toBe(true);
  expect(second.verdict).toMatchObject({ n: 200, holdout_uses: 2 });
  expect(second.report.notes).toContain(
    "The champion small/1 was trained on 30 of the holdout's 230 rows: they are left out, 200 are compared.",
  );

  writeFileSync(workspace.path('data.csv'), rows(0, 571));
  const refused = await workspace.mlops('run');
  expect(refused.code).toBe(2);
  expect(refused.stdout.replaceAll(/\s+/g, ' ')).toContain(
    'kept.csv: line 2: column id: got an id, which is in the training data too (data.csv line 572)',
  );

  // All that is left of the holdout was trained on.
  writeFileSync(workspace.path('data.csv'), rows(0, 300));
  writeFileSync(workspace.path('kept.csv'), rows(300, 570));
  const { stdout } = await workspace.mlops('run');
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /FAILED IN GATE .* with none of the holdout's 270 rows left to compare on.*Try: Add rows that no model has seen/,
  );
  // By another split, the champion's own preparation leaves no row.
  const { stdout: hashed } = await workspace.mlops('run', '--set', 'data.split=hash');
  expect(hashed.replaceAll(/\s+/g, ' ')).toMatch(
    /FAILED IN GATE .* with none of the holdout's \d+ rows left to compare on.*Try: Add rows that no model has seen/,
  );
});

test('by a hash of the row id: rows stay on their side; another split leaves out what the champion saw', async () => {
  const workspace = project('hash');
  const first = await run(workspace, '--mode', 'promote');
  writeFileSync(workspace.path('data.csv'), rows(0, 900));
  const second = await run(workspace);
  expect(areWithin(ids(first.holdout), ids(second.holdout))).toBe(true);
  expect(areWithin(ids(first.train), ids(second.train))).toBe(true);
  expect(second.verdict.n).toBe(second.holdout.length);

  const grouped = await run(workspace, '--set', 'data.split={ by: group, column: person }');
  const unseen = grouped.holdout.filter(({ id }) => !ids(first.train).has(id));
  expect(grouped.verdict.n).toBe(unseen.length);
  expect(grouped.report.notes).toContain(
    'The champion small/1 was not made with this split by person: it may have been trained on other rows of the groups that are compared, which counts in its favour.',
  );
  const timed = await run(workspace, '--set', 'data.split={ by: time, column: day }');
  expect(timed.report.notes).toContain(
    "The champion small/1 was not made with a split by day: it may have been trained on rows as new as the holdout's, which counts in its favour.",
  );
});

test('without row_id: an added column moves rows, which is said; what the champion saw is still known', async () => {
  const workspace = project('hash');
  const config = workspace.read('mlops.yaml').replace('  row_id: id\n', '  exclude: [id]\n');
  writeFileSync(workspace.path('mlops.yaml'), config);
  await workspace.mlops('run', '--mode', 'promote');
  const wider = rows(0, 600).replaceAll(
    /^(.+)$/gm,
    (line) => `${line},${line.startsWith('id') ? 'new' : '1'}`,
  );
  writeFileSync(workspace.path('data.csv'), wider);
  const { stdout } = await workspace.mlops('run', '--json');
  const { verdict, report } = JSON.parse(stdout);
  const { data, notes } = JSON.parse(readFileSync(report.json, 'utf8')) as Report;
  expect(notes).toContainEqual(expect.stringContaining('a column that is added to the data'));
  // A fifth of the new holdout was in the old one.
  expect(verdict.n / (data?.holdout.rows ?? 0)).toBeGreaterThan(0.1);
  expect(verdict.n / (data?.holdout.rows ?? 0)).toBeLessThan(0.35);
  expect(notes).toContainEqual(expect.stringMatching(/left out: \d+ that it was trained on/));
});

test.each([
  ['{ by: group, column: person }'],
  ['{ by: time, column: day, embargo: 5d }'],
  ['{ by: file, source: kept.csv }'],
])('--baseline, split %s: the other commit is trained on its side of the rows alone', async (split) => {
  const workspace = project(split);
  writeFileSync(workspace.path('kept.csv'), rows(600, 800));
  const git = (...args: string[]) => execFileSync('git', ['-C', workspace.folder, ...args]);
  git('init', '--quiet');
  git('add', 'mlops.yaml', 'data.csv', 'kept.csv', 'model');
  git('-c', 'user.name=Ada', '-c', 'user.email=ada@example.com', 'commit', '--quiet', '-m', 'base');
  const { verdict, report, holdout } = await run(workspace, '--baseline', 'HEAD', ...behave({ weight: 0.5 }));
  expect(report.notes).toContainEqual(expect.stringMatching(/^Compared with the baseline HEAD \(/));
  // The baseline chose nothing: it is no look, and it saw no row of the holdout.
  expect(verdict).toMatchObject({ n: holdout.length, holdout_uses: 1 });
  expect(report.notes.join()).not.toMatch(/trained on|in its favour/);
});
