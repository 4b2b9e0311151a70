import { readdirSync, writeFileSync } from 'node:fs';
import { beforeAll, describe, expect, test } from '@jest/globals';
import { PROGRAM_PLACES } from '../backends/embedded/images/model-folder.ts';
import { type Finished, stackTrace, type Workspace } from './cli.fixture.ts';
import { behave, smallConfig, smallData, smallProject } from './small-project.fixture.ts';

/*
 * What goes wrong: told in a sentence, with the exit code of its kind, and never in the way of the next run.
 */

const workspace = smallProject();
const champion = 'small/1';

beforeAll(async () => {
  const { code, stderr } = await workspace.mlops('run', '--mode', 'promote');
  expect([code, stderr]).toEqual([0, expect.stringContaining('✓ Promote')]);
});

/** The champion still stands, and the run is in the ledger as what it was. */
async function expectSound(workspace: Workspace, status: string): Promise<void> {
  const { stdout } = await workspace.mlops('history', '--json');
  const history = JSON.parse(stdout);
  expect(history.champion.package).toBe(champion);
  expect(history.runs[0]).toMatchObject({ status, promoted: false });
}

const told = ({ stdout, stderr }: Finished): string => `${stdout}\n${stderr}`.replace(/\s+/g, ' ');

describe('bad input', () => {
  const cases: [what: string, args: string[], message: string | RegExp][] = [
    [
      'a wrong type',
      ['--set', 'data.holdout=high'],
      '--set data.holdout: got "high", expected a number above 0 and below 1',
    ],
    [
      'a missing data file',
      ['--data', 'none.csv'],
      '--set data.source: got "none.csv", where nothing was found; expected a file, or a folder with files',
    ],
    [
      'an empty place in the storage',
      ['--data', 's3://bucket'],
      'mlops.yaml: data.source: got "s3://bucket", where nothing was found; expected at least one object',
    ],
    [
      'a missing target',
      ['--set', 'data.target=z'],
      /data\.csv: data\.target: got "z", expected a column of the header/,
    ],
    [
      'a missing script',
      ['--set', 'prepare.script=none.py'],
      '--set prepare.script: got "none.py", where nothing was found; expected a Python file',
    ],
    [
      'a missing model folder',
      ['--set', 'model.context=none'],
      `--set model.context: got "none", where nothing was found; expected a folder with train and serve: ${PROGRAM_PLACES}`,
    ],
    [
      'a misspelt model folder',
      ['--set', 'model.context=modle'],
      `expected a folder with train and serve: ${PROGRAM_PLACES}; did you mean "model"?`,
    ],
    [
      'a misspelt data file',
      ['--data', 'dta.csv'],
      'expected a file, or a folder with files; did you mean "data.csv"?',
    ],
    [
      'a misspelt configuration',
      ['--config', 'mlop.yaml'],
      'mlop.yaml: no such file; --config names another; did you mean "mlops.yaml"?',
    ],
    [
      'data outside the project',
      ['--data', '../../etc/passwd'],
      /--set data\.source: got "\.\.\/\.\.\/etc\/passwd", which leads out of the project, to \S*\/etc\/passwd; expected a path inside it, or the absolute path/,
    ],
    [
      'a folder as a script',
      ['--set', 'prepare.script=model'],
      '--set prepare.script: got "model", which is a folder; expected a Python file',
    ],
    [
      'a ready image, which needs Docker',
      ['--image', `model@sha256:${'0'.repeat(64)}`],
      /model\.image: got model@sha256:0+/,
    ],
    ['an unknown option', ['--moed', 'promote'], "unknown option '--moed' (Did you mean --mode?)"],
    [
      'an unknown mode',
      ['--mode', 'fast'],
      "argument 'fast' is invalid. Allowed choices are evaluate, promote",
    ],
    [
      'an outcome nobody has',
      ['--fail-on', 'no'],
      '--fail-on: got "no", expected reject, hold, or reject,hold',
    ],
    ['a configuration that is not there', ['--config', 'none.yaml'], 'none.yaml: no such file'],
  ];
  test.each(cases)('%s is told, exit 2', async (_what, args, message) => {
    const run = await workspace.mlops('run', ...args);
    if (typeof message === 'string') expect(told(run)).toContain(message);
    else expect(told(run)).toMatch(message);
    expect(run.code).toBe(2);
    expect(told(run)).not.toMatch(stackTrace);
  });

  test('a misspelt key: the nearest is named, all problems at once, --json too', async () => {
    const broken = smallConfig.replace('target: y', 'tarqet: y').replace('min: 0.6', 'min: high');
    writeFileSync(workspace.path('broken.yaml'), broken);
    const run = await workspace.mlops('run', '--config', 'broken.yaml', '--json');
    expect(run.code).toBe(2);
    expect(run.stderr).toMatch(
      /data\.tarqet: unknown key "tarqet"; did you mean "target"\? \(line 5, column 3\)/,
    );
    expect(run.stderr).toMatch(/gate\.thresholds\.roc_auc\.min: got "high".*\(line 15, column 33\)/);
    const { ok, error } = JSON.parse(run.stdout);
    expect([ok, error.name]).toEqual([false, 'ConfigError']);
    expect(run.stderr).toContain(error.message);
  });

  test('data that breaks its contract: file, line and column, before any job', async () => {
    const rows = smallData(20).trim().split('\n');
    writeFileSync(workspace.path('twice.csv'), `${[...rows, rows[1], rows[2]].join('\n')}\n`);
    const run = await workspace.mlops('run', '--data', 'twice.csv');
    expect(run.code).toBe(2);
    for (const message of [
      'twice.csv: line 22: column id: got an id again (first at line 2), expected unique row ids; if id names a person or thing with several rows, write data.split: { by: group, column: id } and leave data.row_id out',
      'twice.csv: line 23: column id: got an id again (first at line 3), expected unique row ids',
    ])
      expect(run.stdout.replace(/\s+/g, ' ')).toContain(message);
    expect(run.stderr).not.toContain('Prepare');
    await expectSound(workspace, 'failed');

    writeFileSync(workspace.path('empty.csv'), '');
    const empty = await workspace.mlops('run', '--data', 'empty.csv', '--json');
    expect(empty.code).toBe(2);
    expect(empty.stderr).toContain(
      'DataContractError: empty.csv: got an empty file, expected a header and rows',
    );
    expect(JSON.parse(empty.stdout)).toMatchObject({
      status: 'failed',
      verdict: null,
      package: null,
      failure: { step: 'Plan', error: 'DataContractError' },
    });
  });
});

describe('a model that fails', () => {
  test('train that exits 1: its sentence, the end of its log, a report; then a good run works', async () => {
    const run = await workspace.mlops('run', '--mode', 'promote', ...behave({ train: 'fail' }));
    expect(run.code).toBe(1);
    expect(told(run)).toContain(
      'FAILED IN TRAIN AlgorithmError: the data has no sense: weight 1, exit code: 1',
    );
    expect(run.stdout).toMatch(/^ *\| about to give up$/m);
    expect(run.stdout).toContain('No model was promoted.');
    expect(told(run)).not.toMatch(stackTrace);
    const page = /^Report: (.*)$/m.exec(run.stdout)?.[1] ?? '';
    expect(workspace.read(page)).toContain('the data has no sense');
    await expectSound(workspace, 'failed');

    const good = await workspace.mlops('run', '--json');
    expect(good.code).toBe(0);
    expect(JSON.parse(good.stdout)).toMatchObject({
      package: champion,
      reused: ['Prepare', 'Train', 'Score candidate'],
    });
  });

  test.each([
    ['training', [], behave({ train: 'slow' }), /FAILED IN TRAIN/],
    [
      'training',
      [
        '--set',
        'tuning={objective: {metric: quality, goal: maximize}, max_jobs: 1, parallel_jobs: 1, ranges: {weight: {min: 1, max: 2}}}',
      ],
      behave({ train: 'slow' }),
      /FAILED IN TUNE/,
    ],
    ['prepare', [], ['--set', 'prepare.script=slow.py'], /FAILED IN PREPARE/],
  ])('%s that runs too long: the limit and its line', async (part, more, slow, step) => {
    const own = workspace.copy();
    writeFileSync(own.path('slow.py'), 'import time\ndef transform(frame):\n    time.sleep(300)\n');
    const limited = `${smallConfig.replace('training:\n', `training:\n${part === 'training' ? '  max_runtime: 1s\n' : ''}`)}${part === 'prepare' ? 'prepare:\n  max_runtime: 1s\n' : ''}`;
    writeFileSync(own.path('mlops.yaml'), limited);
    const line = limited.split('\n').indexOf('  max_runtime: 1s') + 1;
    const run = await own.mlops('run', ...more, ...slow);
    expect(run.code).toBe(1);
    expect(told(run)).toMatch(step);
    expect(told(run)).toContain(
      `TimeLimitError: it ran longer than it may, and was stopped: mlops.yaml: ${part}.max_runtime: 1s (line ${line}, column 16)`,
    );
  });

  test('train without a sentence: the last line of its traceback', async () => {
    const run = await workspace.mlops('run', ...behave({ train: 'crash' }));
    expect(run.code).toBe(1);
    expect(told(run)).toContain("AlgorithmError: KeyError: 'no such column', exit code: 1");
    expect(run.stdout).toContain('| Traceback (most recent call last):');
  });

  test('every trial fails: why, once', async () => {
    const tuning =
      'tuning={strategy: random, objective: {metric: quality, goal: maximize}, max_jobs: 2, parallel_jobs: 2, ranges: {weight: {min: 1, max: 2}}}';
    const run = await workspace.mlops('run', '--set', tuning, ...behave({ train: 'fail' }));
    expect(run.code).toBe(1);
    expect(told(run)).toMatch(
      /FAILED IN TUNE AlgorithmError: the data has no sense: weight 1\.\d+, exit code: 1 \(none of 2 /,
    );
  });

  const answers: [serve: string, message: RegExp][] = [
    [
      'die',
      /FAILED IN SCORE CANDIDATE AlgorithmError: serve ended, exit code: 7 .*out of memory, so it says/,
    ],
    ['short', /AlgorithmError: .*expected one line for each of 73 records, found 72/],
    ['wide', /ModelOutputError: line 1 of the model's answers: got 3 columns .*, expected 1: score/],
    ['nan', /ScoreFileError: .*line 2, column score: got "nan", expected a probability from 0 to 1/],
    ['marker', /ScoreFileError: .*line 2, column score: got "error: bad record", expected a probability/],
  ];
  test.each(answers)('serve: %s fails closed', async (serve, message) => {
    const run = await workspace.mlops('run', '--mode', 'promote', ...behave({ serve }));
    expect(told(run)).toMatch(message);
    expect(run.code).toBe(1);
    expect(told(run)).not.toMatch(stackTrace);
    await expectSound(workspace, 'failed');
  });
});

test('a no is a result: exit 0, and 3 or 4 where --fail-on asks for it', async () => {
  const worse = behave({ weight: -1 });
  const reject = await workspace.mlops('run', '--mode', 'promote', ...worse);
  expect(reject.code).toBe(0);
  expect(reject.stdout).toContain('REJECT');
  await expectSound(workspace, 'succeeded');
  expect((await workspace.mlops('run', ...worse, '--fail-on', 'reject,hold')).code).toBe(3);
  expect((await workspace.mlops('run', ...worse, '--fail-on', 'hold')).code).toBe(0);
  const unsure = ['--set', 'gate.champion.margin=0.0001', '--set', 'tuning=', ...behave({ weight: 2 })];
  // Equal curves differ by nothing at all: only a change that must be seen is in doubt.
  const hold = [...unsure, '--set', 'gate.min_change={absolute: 0.005}'];
  expect((await workspace.mlops('run', ...hold, '--fail-on', 'reject,hold')).code).toBe(4);
  expect((await workspace.mlops('run', ...unsure, '--fail-on', 'reject,hold')).code).toBe(0);
});

test('two runs at once: both end well, one promotes', async () => {
  const fresh = smallProject();
  const runs = await Promise.all([1, 2].map(() => fresh.mlops('run', '--mode', 'promote', '--json')));
  const history = JSON.parse((await fresh.mlops('history', '--json')).stdout);
  expect(history.runs).toHaveLength(2);
  const promoted = runs.map(({ stdout }) => JSON.parse(stdout)).filter((run) => run.promoted);
  expect(promoted.map((run) => run.package)).toEqual([history.champion.package]);
  for (const { code, stdout, stderr } of runs) {
    // Runs that promote go one after the other.
    expect([code, JSON.parse(stdout).status]).toEqual([0, 'succeeded']);
    expect(stderr).not.toMatch(stackTrace);
  }
  const again = await fresh.mlops('run', '--mode', 'promote', '--json');
  expect(JSON.parse(again.stdout).reused).toEqual(['Prepare', 'Train', 'Score candidate']);
});

test.each(['file', 'link'])('a state folder that is a %s: said, without a stack', async (kind) => {
  const fresh = smallProject();
  const { rmSync, symlinkSync } = await import('node:fs');
  rmSync(fresh.path('.mlops/s3'), { recursive: true, force: true });
  if (kind === 'file') writeFileSync(fresh.path('.mlops/s3'), '');
  else symlinkSync('s3', fresh.path('.mlops/s3'));
  const run = await fresh.mlops('run');
  expect(run.code).toBe(1);
  expect(run.stderr).toContain(`expected free space and permission to write in ${fresh.path('.mlops')}`);
  expect(run.stderr).not.toMatch(stackTrace);
});

describe('stopped from outside', () => {
  const tuning = (jobs: number) => [
    '--set',
    `tuning={strategy: random, objective: {metric: quality, goal: maximize}, max_jobs: ${jobs}, parallel_jobs: 2, ranges: {weight: {min: 1, max: 2}}}`,
  ];
  const trials = (where: Workspace) => {
    const begun = where.processes().filter((line) => line.includes('time.sleep(300)'));
    return begun.length;
  };

  test.each(['SIGINT', 'SIGTERM'] as const)(
    '%s in the middle of tuning stops every job and is recorded',
    async (signal) => {
      const own = workspace.copy();
      const run = own.start('run', '--mode', 'promote', '--json', ...tuning(3), ...behave({ train: 'slow' }));
      await run.until(() => trials(own) > 0);
      run.process.kill(signal);
      const { code, stdout, stderr } = await run.finished;
      expect(await own.leftProcesses()).toEqual([]);
      expect(code).toBe(130);
      expect(JSON.parse(stdout)).toMatchObject({ status: 'cancelled', verdict: null, package: null });
      expect(stderr).toContain('Stopping the jobs ...');
      expect(stderr).not.toMatch(stackTrace);
      await expectSound(own, 'cancelled');

      const next = await own.mlops('run', '--mode', 'promote', '--json', ...tuning(2));
      expect(next.code).toBe(0);
      expect(JSON.parse(next.stdout)).toMatchObject({
        status: 'succeeded',
        promoted: true,
        reused: ['Prepare', 'Score champion'],
      });
    },
  );

  test('a run that promotes says whose lease it waits for, and goes on when that run is stopped', async () => {
    const own = workspace.copy();
    const first = own.start('run', '--mode', 'promote', ...behave({ train: 'slow' }));
    await first.until(() => first.stderr.includes('Train ...'));
    const second = own.start('run', '--mode', 'promote');
    await second.until(() =>
      /^Take lease: waiting for the lease held by \d{8}T[\w-]+, since \d\d:\d\d UTC \.\.\.$/m.test(
        second.stderr,
      ),
    );
    first.process.kill('SIGINT');
    expect((await first.finished).code).toBe(130);
    const { code, stderr } = await second.finished;
    expect(code).toBe(0);
    expect(stderr.match(/waiting for the lease/g)).toHaveLength(1);
  });

  test('killed in the middle: no child stays, the next run works and uses what was finished', async () => {
    const own = smallProject();
    const run = own.start('run', '--mode', 'promote', ...tuning(3), ...behave({ train: 'slow' }));
    await run.until(() => trials(own) > 0);
    run.process.kill('SIGKILL');
    await run.finished;
    expect(await own.leftProcesses()).toEqual([]);

    const next = await own.mlops('run', '--mode', 'promote', '--json', ...tuning(2));
    expect(next.code).toBe(0);
    expect(JSON.parse(next.stdout)).toMatchObject({
      package: 'small/1',
      promoted: true,
      reused: ['Prepare'],
    });
    const drafts = readdirSync(own.path('.mlops/ledger'), { recursive: true, encoding: 'utf8' });
    expect(drafts.filter((name) => name.endsWith('.json')).length).toBeGreaterThan(5);
  });
});
