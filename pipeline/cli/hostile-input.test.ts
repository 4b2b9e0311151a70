import { readFileSync, writeFileSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import type { Finished } from './cli.fixture.ts';
import { smallConfig, smallData, smallProject } from './small-project.fixture.ts';

/*
 * Names, labels and values of a user's files, and what a model prints, may hold what a terminal obeys, what hides or
 * reorders text, and commands of GitHub Actions. None of it is printed as it is.
 */

const sequence = '\u001b[31m\u001b[2J';
const bidi = '\u202e';
const command = '::add-mask::yes';
const older = '##[add-mask]yes';
const nasty = `x${sequence}${bidi}\u009b5m\r${older}`;

function expectHarmless({ stdout, stderr }: Finished): void {
  for (const text of [stdout, stderr]) {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is looked for
    expect(text).not.toMatch(/[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\u200b\ufeff]/);
    expect(text).not.toMatch(/^\s*::|##\[/m);
  }
}

test.each([[[]], [['--json']]])(
  'what is wrong with files of odd names is told in harmless text %j',
  async (json) => {
    const workspace = smallProject();
    const header = smallData(60).replace('noise', `"${nasty}"`);
    writeFileSync(workspace.path(`${command}${bidi}.csv`), header);
    const yaml = `data.source=${JSON.stringify(`${command}${bidi}.csv`)}`;
    const attempts = [
      ['validate', '--set', yaml, '--set', `data.target=${JSON.stringify(`x${bidi}${older}`)}`],
      ['validate', '--set', yaml, '--set', `data.positive=${JSON.stringify(`${command}${bidi}`)}`],
      ['validate', '--config', `${bidi}${older}${sequence}.yaml`],
      ['validate', '--set', `${nasty}=1`],
      ['validate', '--set', `data.${bidi}${older}=1`],
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
      expectHarmless(finished);
    }
    writeFileSync(workspace.path('odd.yaml'), `${smallConfig}"${bidi}${older}": 1\n`);
    const finished = await workspace.mlops('validate', '--config', 'odd.yaml', ...json);
    expect([finished.code, finished.stderr]).toEqual([2, expect.stringContaining('unknown key')]);
    expectHarmless(finished);
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
  const rows = smallData(120).replaceAll(',a,', `,"${command}${bidi}${older}",`);
  writeFileSync(workspace.path('data.csv'), rows.replace('noise', `"noise${bidi}${older}"`));
  for (const args of [['run', '--set', 'gate.slices.min_positives=1'], ['run', '--json'], ['history']]) {
    const finished = await workspace.mlops(...(args as [string]));
    expect([finished.code, finished.stderr]).toEqual([0, expect.anything()]);
    expectHarmless(finished);
  }
  const fail = ['run', '--set', 'training.hyperparameters.train=fail'];
  for (const args of [fail, [...fail, '--json'], ['report', 'last'], ['report', 'last', '--json']]) {
    const finished = await workspace.mlops(...(args as [string]));
    expect(finished.stdout).toContain('add-mask');
    expectHarmless(finished);
  }
});
