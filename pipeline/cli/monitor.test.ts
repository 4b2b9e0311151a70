import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { doctored } from './doctored.fixture.ts';
import { killServices, ServiceProcess, smallRecords } from './serving.fixture.ts';
import { inDays, monitoredProject, newLabels } from './small-monitor.fixture.ts';
import { smallData } from './small-project.fixture.ts';

/*
 * Looks at production on this machine: what they say before and after labels come, and what decay starts.
 */

afterAll(killServices);

const ledger = '.mlops/ledger/small';
type Absent = { name: string; absent: boolean };
type Workspace = ReturnType<typeof monitoredProject>;
const asked = async (project: Workspace, ...args: string[]) => {
  const finished = await project.mlops(...args, '--json');
  return { ...finished, said: JSON.parse(finished.stdout) };
};
const look = (project: Workspace, ...args: string[]) => asked(project, 'monitor', ...args);
const promoted = async (project: Workspace, ...args: string[]) => {
  expect((await asked(project, 'run', '--mode', 'promote', ...args)).said.promoted).toBe(true);
};

describe('a model that stays good', () => {
  const project = monitoredProject();

  beforeAll(() => promoted(project));

  test('cannot be told while no window is over', async () => {
    const { code, said } = await look(project);
    expect(code).toBe(0);
    expect(said).toMatchObject({
      model: 'small',
      package: 'small/1',
      finding: 'cannot tell',
      status: 'succeeded',
    });
    expect(said.reason).toMatch(/No window is complete/);
    expect(said.blind.join(' ')).toMatch(/No labels/);
    expect(existsSync(said.page)).toBe(true);
  });

  test('is compared with training first, and waits for its labels', async () => {
    const { said, stderr } = await look(project, '--at', inDays(2));
    expect(said.finding).toBe('cannot tell');
    expect(said.reason).toMatch(/No labels are due before/);
    expect(said.evidence.find(({ kind }: { kind: string }) => kind === 'scores')).toMatchObject({
      outcome: 'pass',
      n: 400,
    });
    // Nothing has come since the look before.
    expect(stderr).not.toContain('Summarise');
  });

  test('is healthy once its labels are in, and a look says so for people too', async () => {
    const { said } = await look(project, '--at', inDays(5), '--fail-on', 'decayed,watch');
    expect(said.finding).toBe('healthy');
    const labels = said.evidence.find(({ kind }: { kind: string }) => kind === 'labels');
    expect(labels).toMatchObject({ name: 'roc_auc', outcome: 'pass' });
    expect(labels.n).toBeGreaterThan(50);
    expect(said.retrain).toMatchObject({ started: false });
    const { stdout } = await project.mlops('monitor', '--at', inDays(5));
    expect(stdout).toMatch(/^ {2}HEALTHY {2}/);
    expect(stdout).toMatch(/Evidence of decay: ROC AUC +No alarm/);
    expect(stdout).toMatch(/It cannot see\n/);
  });

  test('labels that come late change metrics, and never what was judged', async () => {
    const history = () => {
      const folder = `${ledger}/monitoring/small/current`;
      const last = Math.max(...readdirSync(project.path(folder)).map((name) => Number.parseInt(name, 10)));
      const { uri } = JSON.parse(project.read(folder, `${last}.json`));
      return JSON.parse(project.read(`.mlops/s3/${uri.slice('s3://'.length)}`)).history;
    };
    const before = history();
    // The columns that the release kept are those that training left.
    const [{ summary }] = before.windows;
    expect(summary.columns.map(({ name, absent }: Absent) => [name, absent])).toEqual([
      ['x', false],
      ['noise', false],
      ['group', false],
    ]);
    project.write({ 'truth.csv': newLabels(400, 'true').split('\n').slice(0, -40).join('\n') });
    await look(project, '--at', inDays(6));
    expect(history().detectors).toEqual(before.detectors);
    expect(history().alarms).toEqual([]);
    expect(history().sources).toEqual(before.sources);
  });

  test('the table and the history have every look', async () => {
    const { said } = await asked(
      project,
      'query',
      "select finding, count(*) as looks from monitoring where kind = 'scores' group by finding order by finding",
    );
    expect(said.rows).toEqual([
      { finding: 'cannot tell', looks: 1 },
      { finding: 'healthy', looks: 3 },
    ]);
    const { said: told } = await asked(project, 'history');
    expect(told.looks.map(({ finding }: { finding: string }) => finding)).toEqual([
      'healthy',
      'healthy',
      'healthy',
      'cannot tell',
      'cannot tell',
    ]);
    expect((await project.mlops('history')).stdout).toMatch(/healthy +small\/1/);
  });

  test('a look of an earlier time changes nothing that was judged', async () => {
    const { code, said } = await look(project, '--at', inDays(3));
    expect([code, said.finding]).toEqual([0, 'healthy']);
    expect(said.notes.join(' ')).toMatch(/A look before was of .*, which is later than this one/);
  });

  test('mlops gc leaves what the next look needs', async () => {
    expect((await project.mlops('gc', '--age', '0', '--count', '1')).code).toBe(0);
    const { said } = await look(project, '--at', inDays(7));
    expect([said.status, said.finding]).toEqual(['succeeded', 'healthy']);
  });
});

describe('a model that decays', () => {
  const project = monitoredProject('triggers: { decay: true }\n').write({
    'truth.csv': newLabels(400, 'other'),
  });

  beforeAll(() => promoted(project));

  test('starts no run with the rows that it was trained on, nor where that is not wanted', async () => {
    const first = await look(project, '--at', inDays(5), '--no-retrain', '--fail-on', 'decayed');
    expect([first.code, first.said.finding]).toEqual([3, 'decayed']);
    expect(first.said.retrain).toMatchObject({
      started: false,
      why: expect.stringContaining('without a run'),
    });
    const again = await look(project, '--at', inDays(6));
    expect([again.code, again.said.finding]).toEqual([0, 'decayed']);
    expect(again.said.retrain.why).toMatch(/are those that small\/1 was trained on/);
  });

  test('starts one run in mode promote, and the next look starts none for the same package', async () => {
    project.write({ 'data.csv': smallData(500) });
    const { code, said } = await look(project, '--at', inDays(7));
    expect(code).toBe(0);
    expect(said.retrain.started).toBe(true);
    const { run } = said.retrain;
    expect(run).toMatchObject({ model: 'small', status: 'succeeded', package: 'small/2' });
    const report = JSON.parse(project.read(`.mlops/runs/${run.execution}/report.json`));
    expect(report.run.trigger).toMatch(/decay/);
    expect(report.notes.join(' ')).toMatch(/Decay was found in predictions from .* data\.split by time/);
    const claims = readdirSync(project.path(`${ledger}/retrain/small`));
    expect(claims).toHaveLength(1);
  });

  test('what was promoted is watched from then on', async () => {
    const { said } = await look(project, '--at', inDays(8));
    // The labels are the other ones for its predictions too, but a run was started lately.
    expect(said).toMatchObject({ package: 'small/2', finding: 'decayed', retrain: { started: false } });
    expect(said.retrain.why).toMatch(/are those that small\/2 was trained on/);
    project.write({ 'data.csv': smallData(600) });
    const later = await look(project, '--at', inDays(9));
    expect(later.said.retrain.why).toMatch(/monitoring\.decay\.cool_down/);
    const { said: told } = await asked(project, 'history');
    expect(told.looks.filter(({ retrain }: { retrain: boolean }) => retrain)).toHaveLength(1);
  });
});

test('what the prediction service was asked is counted once, and gets its labels', async () => {
  const project = monitoredProject();
  await promoted(project);
  const service = await ServiceProcess.start(project);
  await service.until(({ release }) => release !== null);
  const records = smallRecords(project).slice(0, 60);
  expect((await service.ask({ records })).status).toBe(200);
  await service.stop();
  const scored = ({ evidence }: { evidence: { kind: string; n: number }[] }) =>
    evidence.find(({ kind }) => kind === 'scores')?.n;
  // The service's last lines are on the disk two seconds later.
  await new Promise((resume) => setTimeout(resume, 2_100));
  expect(scored((await look(project, '--at', inDays(2))).said)).toBe(460);
  const again = await look(project, '--at', inDays(5));
  expect(scored(again.said)).toBe(460);
  expect(again.said.finding).toBe('healthy');
});

test('two looks at once: one of them moves the history, the other one says that it came too late', async () => {
  const project = monitoredProject();
  await promoted(project);
  const finished = await Promise.all(
    [1, 2].map(() => project.start('monitor', '--at', inDays(5), '--json').finished),
  );
  expect(finished.map(({ code }) => code)).toEqual([0, 0]);
  const said = finished.map(({ stdout }) => JSON.parse(stdout));
  expect(said.map(({ status }) => status)).toEqual(['succeeded', 'succeeded']);
  const folder = project.path(`${ledger}/monitoring/small/current`);
  // One after the other they are two versions, at once a single one.
  const moved = said.filter(({ superseded }) => !superseded);
  expect(readdirSync(folder)).toHaveLength(moved.length);
  expect(moved.length).toBeGreaterThanOrEqual(1);
});

describe('what is no look', () => {
  const project = monitoredProject();

  beforeAll(() => promoted(project));

  test.each([
    [['--at', 'tomorrow'], /Expected a time such as 2026-03-01/],
    [['--at', '2026-02-30'], /Expected a time/],
    [['--fail-on', 'healthy'], /--fail-on: got "healthy", expected decayed, watch/],
    [['--set', 'monitoring=off'], /monitoring: got off, expected a mapping/],
    [
      ['--set', 'monitoring.truth=nothing.csv'],
      /monitoring\.truth: got "nothing\.csv", where nothing was found/,
    ],
    [['--set', 'monitoring.truth=none'], /got decay without monitoring\.truth/],
  ])('%j', async (args, message) => {
    const { code, stdout, stderr } = await project.mlops('monitor', ...args);
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(message);
    expect(existsSync(project.path(`${ledger}/monitoring`))).toBe(false);
  });

  test('labels without a column fail it, and labels of no class are counted', async () => {
    const other = project.copy().write({ 'bad.csv': 'id,other\nn1,yes\n' });
    const failed = await look(other, '--set', 'monitoring.truth=bad.csv', '--at', inDays(5));
    expect([failed.code, failed.said.status, failed.said.finding]).toEqual([2, 'failed', null]);
    expect(failed.said.failure).toMatchObject({ step: 'Summarise', error: 'DataContractError' });
    expect(existsSync(other.path(`${ledger}/monitoring`))).toBe(false);
    other.write({ 'bad.csv': 'id,y\nn1,maybe\nn2,\nr0,yes\n' });
    const { said } = await look(other, '--set', 'monitoring.truth=bad.csv', '--at', inDays(5));
    expect(said.finding).toBe('cannot tell');
    const kept = `.mlops/s3/mlops/small/looks/small/${said.execution}/rows/summary/summary.json`;
    expect(JSON.parse(other.read(kept)).truth).toMatchObject({ rows: 3, bad: 2, unknown: 1, matched: 0 });
    expect(said.truth).toMatchObject({ rows: 3, bad: 2, unknown: 1, conflicts: 0, matched: 0 });
    const again = await other.mlops('monitor', '--set', 'monitoring.truth=bad.csv', '--at', inDays(6));
    expect(again.stdout).toContain('\n  Labels that do not count: 1 of no prediction, 2 not usable.\n');
  });

  test('a folder without files has no labels yet; labels that come to it later count', async () => {
    const other = project.copy();
    mkdirSync(other.path('labels'));
    const truth = ['--set', 'monitoring.truth=labels'];
    expect((await other.mlops('validate', ...truth)).code).toBe(0);
    expect((await asked(other, 'run', '--mode', 'promote', ...truth)).said.status).toBe('succeeded');
    const { code, said } = await look(other, ...truth, '--at', inDays(5));
    expect([code, said.finding]).toEqual([0, 'cannot tell']);
    expect(said.notes).toContain('monitoring.truth (labels) has no files yet: no labels are known.');
    other.write({ 'labels/a.csv': newLabels(400, 'true') });
    expect((await look(other, ...truth, '--at', inDays(6))).said.finding).toBe('healthy');
    const absent = await other.mlops('validate', '--set', 'monitoring.truth=nowhere');
    expect([absent.code, absent.stderr]).toEqual([
      2,
      expect.stringContaining('monitoring.truth: got "nowhere", where nothing was found'),
    ]);
  });

  test('a package of an earlier version has nothing to be compared with: never healthy', async () => {
    const older = project.copy();
    doctored(older, `${ledger}/package/small`, (found) => {
      const { reference: _, ...rest } = found;
      return rest;
    });
    const { said } = await look(older, '--at', inDays(5));
    expect(said.finding).toBe('cannot tell');
    expect(said.reason).toMatch(/reference/);
  });

  test('with data.sensitive a look says that drift of its columns is not watched, and which object is gone', async () => {
    const hidden = project.copy();
    const sensitive = ['--set', 'data.sensitive=[group]'];
    const { said } = await look(hidden, ...sensitive, '--at', inDays(5));
    expect(said.notes).toContainEqual(
      expect.stringMatching(/^Drift of the columns of data\.sensitive is not/),
    );
    expect(said.notes.join(' ')).not.toContain('group');
    const current = `${ledger}/monitoring/small/current`;
    const { uri } = JSON.parse(hidden.read(`${current}/1.json`));
    rmSync(hidden.path(`.mlops/s3/${uri.slice('s3://'.length)}`));
    const gone = await look(hidden, ...sensitive, '--at', inDays(6));
    expect(gone.said.failure).toMatchObject({
      error: 'NotFoundError',
      cause: `${uri}: no such object`,
      hint: expect.stringMatching(
        /^Nothing was judged\. Restore the object .* remove the record monitoring\/current/,
      ),
    });
    // What the hint says.
    rmSync(hidden.path(current), { recursive: true });
    expect((await look(hidden, ...sensitive, '--at', inDays(6))).said.status).toBe('succeeded');
  });

  test('a reference or a history that is not what was recorded fails it', async () => {
    const broken = project.copy();
    const runs = '.mlops/s3/mlops/small/runs/small';
    const [run = ''] = readdirSync(broken.path(runs));
    const path = `${runs}/${run}/reference.json`;
    const text = broken.read(path);
    rmSync(broken.path(path));
    broken.write({ [path]: text.replace('"version":1', '"version":1 ') });
    const changed = await look(broken, '--at', inDays(5));
    expect([changed.code, changed.said.failure.error]).toEqual([1, 'ArtifactChangedError']);
    broken.write({ [path]: text });
    expect((await look(broken, '--at', inDays(5))).said.finding).toBe('healthy');
    broken.write({ [`${ledger}/monitoring/small/current/1.json`]: '{' });
    const unreadable = await broken.mlops('monitor', '--at', inDays(6));
    expect(unreadable.code).toBe(1);
    expect(unreadable.stdout + unreadable.stderr).toMatch(/monitoring\/small/);
  });
});
