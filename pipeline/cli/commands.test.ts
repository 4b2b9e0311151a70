import { describe, expect, test } from '@jest/globals';
import { stackTrace } from './cli.fixture.ts';
import { smallProject } from './small-project.fixture.ts';

const workspace = smallProject();

describe('help', () => {
  test('names every command and the exit codes', async () => {
    const { code, stdout, stderr } = await workspace.mlops('--help');
    expect([code, stderr]).toEqual([0, '']);
    for (const name of ['run', 'gate', 'validate', 'definition', 'history', 'report'])
      expect(stdout).toMatch(new RegExp(`^ {2}${name} `, 'm'));
    expect(stdout).toContain('Exit codes: 0 done; 1 failed; 2 bad input');
  });

  test.each(['run', 'gate', 'validate', 'definition', 'history', 'report'])('of %s', async (name) => {
    const { code, stdout, stderr } = await workspace.mlops(name, '--help');
    expect([code, stderr]).toEqual([0, '']);
    expect(stdout).toContain(`Usage: mlops ${name}`);
    expect(stdout).toContain('--json');
  });

  test('a command or an argument too many is bad input', async () => {
    for (const args of [
      ['rum'],
      ['history', 'all'],
      ['report', 'one', 'two'],
      ['history', '--limit', 'some'],
    ]) {
      const { code, stdout, stderr } = await workspace.mlops(...args, '--json');
      expect(code).toBe(2);
      expect(stderr).toMatch(/^error: /);
      expect(stderr).not.toMatch(stackTrace);
      expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { message: expect.any(String) } });
    }
  });
});

test('a command says and ends the same in a process of its own', async () => {
  for (const args of [['--help'], ['rum', '--json'], ['definition', 'train']]) {
    const own = await workspace.start(...args).finished;
    expect(own).toEqual(await workspace.mlops(...args));
  }
});

describe('definition', () => {
  test('its help lists the machines', async () => {
    const { stdout } = await workspace.mlops('definition', '--help');
    expect(stdout.replace(/\s+/g, ' ')).toContain(
      'train, release or monitor (choices: "train", "release", "monitor")',
    );
  });

  test('release is Amazon States Language as JSON', async () => {
    const { code, stdout } = await workspace.mlops('definition', 'release');
    const document = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(document.States).toHaveProperty(document.StartAt);
    expect(document.States['Add partition'].Resource).toBe(
      'arn:aws:states:::aws-sdk:glue:batchCreatePartition',
    );
  });

  test('train is Amazon States Language as JSON', async () => {
    const { code, stdout } = await workspace.mlops('definition', 'train');
    const document = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(document.States).toHaveProperty(document.StartAt);
    expect(document.States.Train.Resource).toBe('arn:aws:states:::sagemaker:createTrainingJob.sync');
  });

  test('monitor is Amazon States Language as JSON', async () => {
    const { code, stdout } = await workspace.mlops('definition', 'monitor');
    const document = JSON.parse(stdout);
    expect(code).toBe(0);
    expect(document.States.Summarise.Resource).toBe('arn:aws:states:::sagemaker:createProcessingJob.sync');
  });

  test('what never was a machine exits 2', async () => {
    expect((await workspace.mlops('definition', 'trane')).code).toBe(2);
    expect((await workspace.mlops('definition')).code).toBe(2);
  });
});

describe('before any run', () => {
  test('history has none, and a report is of none', async () => {
    const history = await workspace.mlops('history', '--json');
    expect(JSON.parse(history.stdout)).toEqual({
      project: 'small',
      model: 'small',
      champion: null,
      released: null,
      releases: [],
      looks: [],
      runs: [],
      unreadable: [],
    });
    expect((await workspace.mlops('history')).stdout).toContain('No runs yet');
    const nobody = await workspace.mlops('report', 'nobody');
    expect([nobody.code, nobody.stderr]).toEqual([
      2,
      expect.stringContaining('run nobody: not in the ledger'),
    ]);
    for (const args of [['report'], ['report', 'last']]) {
      const { code, stderr } = await workspace.mlops(...args);
      expect([code, stderr]).toEqual([2, expect.stringContaining('no run yet: `mlops run` makes one')]);
    }
  });
});
