import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals';
import { Workspace } from '../pipeline/cli/cli.fixture.ts';
import type { Report } from '../pipeline/report/report.ts';
import { FakeGitHub } from './shared/fake-github.fixture.ts';
import { builtAction, type Finished, type Step } from './shared/runner.fixture.ts';

/*
 * No text that a workflow publishes shows the cells or groups of a sensitive column, a group of few rows, or a row's id.
 * The sample model is run by the bundled actions on data in which these are words of their own.
 */

jest.setTimeout(300_000);
const sha = 'a'.repeat(40);
const env = {
  GITHUB_REPOSITORY: 'octo/attrition',
  GITHUB_RUN_ID: '77',
  GITHUB_EVENT_NAME: 'pull_request',
  GITHUB_SHA: sha,
};
const head = { sha, ref: 'feature', repo: { full_name: 'octo/attrition' } };
const event = { pull_request: { number: 7, head, base: { ref: 'main', sha } } };

const workspace = Workspace.sample();
const actions = {
  run: await builtAction('run-pipeline'),
  gate: await builtAction('gate-promotion'),
  post: await builtAction('post-report'),
};
let github: FakeGitHub;
beforeAll(async () => {
  github = await FakeGitHub.start();
  github.addPullRequest({ number: 7, head: sha, branch: 'feature' });
});
afterAll(() => github.stop());

/** Words that stand in the data alone. */
const secrets = /zz(belief|few|id)/;

function data(change: (fields: string[], n: number) => string[] = (fields) => fields): string {
  const rows = Array.from({ length: 800 }, (_, n) => {
    const x = ((n * 48_271) % 1000) / 250 - 2;
    const belief = ['zzbeliefone', 'zzbelieftwo', 'zzbeliefthree'][(n * 7) % 3] ?? '';
    const region = n % 60 === 0 ? 'zzfew' : n % 2 === 0 ? 'north' : 'south';
    const noise = (((n * 7919) % 997) / 997 - 0.5) * 3;
    const y = x + noise + (belief === 'zzbeliefone' ? 0.7 : 0) > 0.5 ? 'yes' : 'no';
    return change([`zzid${n}`, x.toFixed(3), belief, region, y], n).join(',');
  });
  return ['id,x,Belief,Region,y', ...rows, ''].join('\n');
}

const config = `project: privacy
problem: binary
data:
  source: data.csv
  target: y
  positive: "yes"
  row_id: id
  slices: [Belief, Region]
  sensitive: [Belief]
report: { min_group: 20 }
training: { hyperparameters: { C: 1 } }
gate:
  champion: { rule: non_inferior, margin: 0.2 }
  slices: { metric: roc_auc, max_drop: 0, min_positives: 2, inconclusive: hold }
`;

/** Runs one job of a workflow (run-pipeline, gate-promotion, post-report) and returns all that it shows or uploads, by place. */
async function published(mode: 'evaluate' | 'promote', set = '') {
  const step = (more: Partial<Step>): Step => ({ cwd: workspace.folder, env, event, ...more });
  const ran = await actions.run.main(step({ with: { mode, set } }));
  const run = ran.outputs.run ?? '';
  const gated =
    ran.outputs.status === 'succeeded'
      ? await actions.gate.main(step({ with: { run, promote: String(mode === 'promote') } }))
      : null;
  const withGitHub = { ...env, GITHUB_API_URL: github.url, GITHUB_WORKFLOW: 'Pull request' };
  const posted = await actions.post.main(
    step({
      env: withGitHub,
      with: { run, verdict: gated?.outputs.verdict ?? '', token: 'ghs_16C7e42F292c6912E7710c838347Ae178B4a' },
    }),
  );
  const folder = join(workspace.folder, '.mlops/runs', ran.outputs.execution ?? '');
  const files = readdirSync(folder, { withFileTypes: true }).filter(
    (entry) => entry.isFile() && /\.(json|html|md)$/.test(entry.name),
  );
  const shown = (name: string, { log, summary, outputs }: Finished) => [
    [`log of ${name}`, log],
    [`summary of ${name}`, summary],
    [`outputs of ${name}`, JSON.stringify(outputs)],
  ];
  const places = Object.fromEntries([
    ...shown('run-pipeline', ran),
    ...(gated ? shown('gate-promotion', gated) : []),
    ...shown('post-report', posted),
    // The workflows upload files of these kinds from this folder, and none from the folders below it.
    ...files.map(({ name }) => [name, readFileSync(join(folder, name), 'utf8')]),
    ['GitHub', JSON.stringify([github.comments(7), github.checks])],
  ]) as Record<string, string>;
  const report = JSON.parse(readFileSync(join(workspace.folder, run), 'utf8')) as Report;
  return { ran, gated, posted, places, report, execution: ran.outputs.execution ?? '' };
}

const leaks = (places: Record<string, string>): string[] =>
  Object.entries(places).flatMap(([name, text]) =>
    [...text.matchAll(new RegExp(`.{0,60}${secrets.source}.{0,60}`, 'g'))].map(
      ([found]) => `${name}: ${found}`,
    ),
  );

test('a run and its promotion, a hold on a group of a sensitive column: they decide, and are not shown', async () => {
  writeFileSync(workspace.path('mlops.yaml'), config);
  writeFileSync(workspace.path('data.csv'), data());
  const first = await published('promote');
  expect(first.gated?.outputs).toMatchObject({ outcome: 'promote', promoted: 'true' });
  expect(leaks(first.places)).toEqual([]);

  const held = await published('evaluate', 'training.hyperparameters.C=0.001');
  expect(Object.keys(held.places)).toEqual(
    expect.arrayContaining(['report.json', 'report.html', 'verdict.json', 'GitHub', 'log of run-pipeline']),
  );
  expect(held.places.GitHub).toMatch(/slices of sensitive columns/);
  expect(leaks(held.places)).toEqual([]);
  const { verdict, explanation, notes } = held.report;
  expect(verdict?.outcome).toBe('hold');
  expect(verdict?.slices.map(({ column, value }) => `${column}=${value}`)).toEqual([
    'Region=north',
    'Region=south',
  ]);
  expect(verdict?.checks.map(({ name }) => name)).toEqual(
    expect.arrayContaining(['slices Region=north', 'slices of sensitive columns', 'slices of few rows']),
  );
  expect(explanation?.features.map(({ name }) => name)).toEqual(['x', 'Region=north', 'Region=south']);
  expect(notes).toContain(
    'Only the private report has slices of sensitive columns, slices of fewer than 20 rows, features of such columns and groups.',
  );
});

/** Releases the champion on rows of a file, and returns all that the workflow shows or uploads, by place. */
async function released(rows: string) {
  writeFileSync(
    workspace.path('mlops.yaml'),
    config.replace('  target: y\n', '  target: y\n  scoring: new.csv\n'),
  );
  writeFileSync(workspace.path('new.csv'), rows);
  const on = {
    cwd: workspace.folder,
    env: { ...env, GITHUB_API_URL: github.url, GITHUB_WORKFLOW: 'Release' },
    event,
  };
  const ran = await actions.run.main({ ...on, with: { machine: 'release' } });
  const posted = await actions.post.main({
    ...on,
    with: { release: ran.outputs.run ?? '', token: 'ghs_16C7e42F292c6912E7710c838347Ae178B4a' },
  });
  const read = (path = '') => (path === '' ? '' : workspace.read(path));
  return {
    ran,
    places: {
      log: ran.log + posted.log,
      summaries: ran.summary + posted.summary,
      outputs: JSON.stringify(ran.outputs),
      result: read(ran.outputs.run),
      page: read(ran.outputs.page),
      GitHub: JSON.stringify(github.comments(7)),
    },
  };
}

test('a release, one whose rows break their contract, and what laying them out warns of: neither cells nor ids', async () => {
  const rows = (change?: (fields: string[], n: number) => string[]) =>
    data((fields, n) => (change?.(fields, n) ?? fields).slice(0, 4)).replace(/^.*$/m, 'id,x,Belief,Region');
  const well = await released(rows());
  expect(well.ran.code).toBe(0);
  expect(well.places.GitHub).toContain('800 predictions');
  expect(well.places.page).toContain('800 predictions');
  expect(leaks(well.places)).toEqual([]);
  // A category that training never saw, in a sensitive column and in another.
  const unseen = await released(
    rows((fields, n) =>
      n % 50 === 0 ? [fields[0] ?? '', fields[1] ?? '', 'zzbeliefnew', 'zzfewnew'] : fields,
    ),
  );
  expect(unseen.ran.code).toBe(0);
  expect(leaks(unseen.places)).toEqual([]);
  const broken = await released(
    rows((fields, n) => (n > 400 ? ['zzid1', 'zzfew', ...fields.slice(2)] : fields)),
  );
  expect(broken.ran.outputs.status).toBe('failed');
  expect(broken.places.GitHub).toContain('Release failed in Lay out rows');
  expect(leaks(broken.places)).toEqual([]);
});

test('on a laptop: the terminal and --json show no more, and the private report shows all', async () => {
  const plain = await workspace.mlops('run', '--set', 'training.hyperparameters.C=0.01');
  const json = await workspace.mlops('report', '--json');
  const other = await workspace.mlops('history');
  const replay = await workspace.mlops('gate', '--replay', '2', '--json');
  for (const { stdout, stderr } of [plain, json, other, replay])
    expect(leaks({ stdout, stderr })).toEqual([]);
  const page = /^Private report, not to be published: (.*)$/m.exec(plain.stdout)?.[1] ?? '';
  expect(page).toMatch(/\/private\/report\.html$/);
  for (const secret of ['zzbeliefone', 'zzfew', 'This page is private'])
    expect(workspace.read(page)).toContain(secret);
});

test('data that break their contract, and a program that prints rows: where, not what', async () => {
  // A repeated row id, and a label that fails: two messages that quote cells.
  writeFileSync(
    workspace.path('data.csv'),
    data((fields, n) => (n === 500 ? ['zzid3', ...fields.slice(1)] : fields)),
  );
  const repeated = await published('evaluate');
  expect(repeated.report.failure?.cause).toMatch(
    /data.csv: line 502: column id: got an id again \(first at line 5\)/,
  );
  expect(leaks(repeated.places)).toEqual([]);

  const split = 'data.split={ by: time, column: Belief }';
  writeFileSync(workspace.path('data.csv'), data());
  const timed = await published('evaluate', `${split}\ndata.slices=[Region]`);
  expect(timed.report.failure?.cause).toMatch(
    /column Belief: got a value that data.sensitive hides, expected a/,
  );
  expect(leaks(timed.places)).toEqual([]);
  const validated = await workspace.mlops('validate', '--set', split, '--set', 'data.slices=[Region]');
  expect(validated.code).toBe(2);
  expect(leaks({ stdout: validated.stdout, stderr: validated.stderr })).toEqual([]);

  writeFileSync(workspace.path('data.csv'), data());
  const program = workspace.path('model/src/sample_model/train.py');
  const whole = readFileSync(program, 'utf8');
  writeFileSync(
    program,
    whole.replace(
      /^def main\(.*$/m,
      (line) => `${line}\n    raise ValueError("cannot use zzbeliefone of zzid3")`,
    ),
  );
  const failed = await published('evaluate');
  writeFileSync(program, whole);
  expect(failed.report.failure).toMatchObject({
    step: 'Train',
    cause: expect.stringMatching(/^The reason may quote the data/),
    log: [],
  });
  expect(leaks(failed.places)).toEqual([]);
});

test('a sensitive column that is not there: the nearest is named, with a script too', async () => {
  writeFileSync(workspace.path('data.csv'), data());
  const misspelt = ['--set', 'data.sensitive=[Believe]'];
  const { code, stderr } = await workspace.mlops('validate', ...misspelt);
  expect([code, stderr]).toEqual([
    2,
    'data.csv: data.sensitive: got "Believe", expected a column of the header; did you mean "Belief"?\n',
  ]);
  const target = await workspace.mlops('validate', '--set', 'data.sensitive=[y]');
  expect(target.stderr).toMatch(/data\.sensitive: got "y", which is data\.target/);
  writeFileSync(workspace.path('prepare.py'), 'def transform(frame):\n    return frame\n');
  const { stdout } = await workspace.mlops('run', ...misspelt, '--set', 'prepare.script=prepare.py');
  expect(stdout.replaceAll(/\s+/g, ' ')).toMatch(
    /FAILED IN PREPARE .*data\.sensitive names the column "Believe", which is not there; the nearest is "Belief"/,
  );
  rmSync(workspace.path('prepare.py'));
});
