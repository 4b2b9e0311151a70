import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { bidi, command, expectHarmless, nasty, olderCommand, sequence } from '../report/harmless.fixture.ts';
import type { Finished } from './cli.fixture.ts';
import { behave, smallConfig, smallData, smallProject } from './small-project.fixture.ts';

/*
 * Names, labels and values of a user's files, and what a model prints, may hold what a terminal obeys, what hides or
 * reorders text, and commands of GitHub Actions. None of it is printed as it is.
 */

function expectPrintedHarmless({ stdout, stderr }: Finished): void {
  for (const text of [stdout, stderr]) expectHarmless(text);
}

test.each([[[]], [['--json']]])(
  'what is wrong with files of odd names is told in harmless text %j',
  async (json) => {
    const workspace = smallProject();
    const header = smallData(60).replace('noise', `"${nasty}"`);
    writeFileSync(workspace.path(`${command}${bidi}.csv`), header);
    const yaml = `data.source=${JSON.stringify(`${command}${bidi}.csv`)}`;
    const attempts = [
      ['validate', '--set', yaml, '--set', `data.target=${JSON.stringify(`x${bidi}${olderCommand}`)}`],
      ['validate', '--set', yaml, '--set', `data.positive=${JSON.stringify(`${command}${bidi}`)}`],
      ['validate', '--config', `${bidi}${olderCommand}${sequence}.yaml`],
      ['validate', '--set', `${nasty}=1`],
      ['validate', '--set', `data.${bidi}${olderCommand}=1`],
      ['run', '--set', yaml, '--set', `data.target=${JSON.stringify(`x${bidi}`)}`],
      ['run', `--${sequence}${bidi}`],
      ['gate', '--candidate', workspace.path(`${command}${bidi}.csv`)],
      ['history', '--package', nasty],
      ['report', nasty],
    ];
    for (const [name = '', ...args] of attempts) {
      const finished = await workspace.mlops(name, ...args, ...json);
      expect(finished.code).toBe(2);
      expect(finished.stdout + finished.stderr).not.toBe('');
      expectPrintedHarmless(finished);
    }
    writeFileSync(workspace.path('odd.yaml'), `${smallConfig}"${bidi}${olderCommand}": 1\n`);
    const finished = await workspace.mlops('validate', '--config', 'odd.yaml', ...json);
    expect([finished.code, finished.stderr]).toEqual([2, expect.stringContaining('unknown key')]);
    expectPrintedHarmless(finished);
  },
);

test('what a failed model printed, and columns of a run, are told in harmless text', async () => {
  const workspace = smallProject();
  const source = workspace.path('model/src/small/programs.py');
  const program = readFileSync(source, 'utf8');
  const shout = JSON.stringify(`${command}\n${nasty}\n  ${command}`);
  writeFileSync(
    source,
    program.replace('print("about to give up", flush=True)', `print(${shout}, flush=True)`),
  );
  const rows = smallData(120).replaceAll(',a,', `,"${command}${bidi}${olderCommand}",`);
  writeFileSync(workspace.path('data.csv'), rows.replace('noise', `"noise${bidi}${olderCommand}"`));
  for (const args of [['run', '--set', 'gate.slices.min_positives=1'], ['run', '--json'], ['history']]) {
    const finished = await workspace.mlops(...(args as [string]));
    expect([finished.code, finished.stderr]).toEqual([0, expect.anything()]);
    expectPrintedHarmless(finished);
  }
  const fail = ['run', '--set', 'training.hyperparameters.train=fail'];
  for (const args of [fail, [...fail, '--json'], ['report', 'last'], ['report', 'last', '--json']]) {
    const finished = await workspace.mlops(...(args as [string]));
    expect(finished.stdout).toContain('add-mask');
    expectPrintedHarmless(finished);
  }
});

test('reasons, branches and a damaged state are told in harmless text', async () => {
  const workspace = smallProject();
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b.c', ...args], { cwd: workspace.folder });
  git('init', '--quiet', '--initial-branch', `b${bidi}\u009b31m`);
  git('add', '.');
  git('commit', '--quiet', '--message', nasty);
  const told = [
    await workspace.mlops('run', '--mode', 'promote', '--reason', `${nasty}\n${command}`),
    await workspace.mlops('run', '--baseline', `b${bidi}\u009b31m`),
    await workspace.mlops('history', '--package', 'small/1'),
  ];
  expect(told.map(({ code }) => code)).toEqual([0, 0, 0]);
  expect(told[2]?.stdout).toMatch(/^commit .* \(b\)/m);
  // A record that is not JSON, and a file of an odd name where records are.
  const ledger = workspace.path('.mlops/ledger/small');
  const [run = ''] = readdirSync(join(ledger, 'run/small'));
  writeFileSync(join(ledger, 'run/small', run, '9.json'), `{"${nasty}`);
  mkdirSync(join(ledger, 'run/small', `${nasty.replaceAll('/', '')}`));
  writeFileSync(join(ledger, 'run/small', nasty, '1.json'), `{"${nasty}`);
  for (const args of [['doctor'], ['history'], ['report', 'last'], ['gate', '--replay', '3']]) {
    const text = await workspace.mlops(...(args as [string]));
    expect(text.stdout + text.stderr).not.toBe('');
    told.push(text, await workspace.mlops(...(args as [string]), '--json'));
  }
  for (const finished of told) expectPrintedHarmless(finished);
});

test('what a server printed before it died is told in harmless text', async () => {
  const workspace = smallProject();
  const source = workspace.path('model/src/small/programs.py');
  const shout = JSON.stringify(`${command}\n${nasty}\n  ${command}`);
  const program = readFileSync(source, 'utf8');
  writeFileSync(source, program.replace('"out of memory, so it says"', shout));
  const finished = await workspace.mlops('run', ...behave({ serve: 'die' }));
  expect([finished.code, finished.stdout]).toEqual([1, expect.stringContaining('add-mask')]);
  expectPrintedHarmless(finished);
});
