import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { makeWheel } from '../backends/embedded/images/python-context.fixture.ts';
import { repository } from '../repository.ts';
import { stackTrace, type Workspace } from './cli.fixture.ts';
import { smallProject } from './small-project.fixture.ts';

/*
 * docs/first-mistakes.md: each mistake is made in a project of its own, and the message that the page shows is seen.
 */

const programs = 'model/src/small/programs.py';

/** Replaces a text in a file of the project; it has to be there. */
function edit(workspace: Workspace, file: string, from: string, to: string): void {
  const text = workspace.read(file);
  expect(text).toContain(from);
  writeFileSync(workspace.path(file), text.replace(from, to));
}

const rename = (workspace: Workspace) => edit(workspace, 'mlops.yaml', "'quality=", "'accuracy=");

/** Makes the mistake; returns further options of the command, if it needs any. */
type Make = (workspace: Workspace) => string[] | undefined;
const edits =
  (...args: [file: string, from: string, to: string]): Make =>
  (workspace) => {
    edit(workspace, ...args);
    return undefined;
  };

/** The mistakes by the beginning of their row. */
const mistakes: [row: string, make: Make][] = [
  ['A key of mlops.yaml is misspelt', edits('mlops.yaml', 'target: y', 'tarqet: y')],
  ['`data.target` names no column', edits('mlops.yaml', 'target: y', 'target: Y')],
  ['`data.source` names no file', edits('mlops.yaml', 'source: data.csv', 'source: dta.csv')],
  ['`data.positive` is no label', edits('mlops.yaml', 'positive: "yes"', 'positive: "Yes"')],
  ['A label has a space at its end', edits('data.csv', ',yes\n', ',yes \n')],
  [
    '`train` never prints',
    (workspace) => {
      rename(workspace);
      return undefined;
    },
  ],
  [
    'The same, and `tuning.objective`',
    (workspace) => {
      rename(workspace);
      const objective = 'objective: { metric: quality, goal: maximize }';
      const ranges = 'ranges: { weight: { min: 1, max: 2 } }';
      return ['--set', `tuning={ strategy: random, ${objective}, max_jobs: 2, parallel_jobs: 2, ${ranges} }`];
    },
  ],
  [
    '`serve` answers two columns',
    (workspace) => {
      edit(workspace, programs, 'score + ",1,2"', '"%.6f,%s" % (1 - float(score), score)');
      return ['--set', 'training.hyperparameters.serve=wide'];
    },
  ],
  [
    '`requirements.txt` has no hashes',
    (workspace) => {
      const [line = ''] = makeWheel(workspace.folder, 'unlocked', 'value = 1\n').split(' --hash');
      writeFileSync(workspace.path('model/requirements.txt'), `${line}\n`);
      return undefined;
    },
  ],
  ['A syntax error', edits(programs, 'def train():', 'def train()')],
  [
    '`serve` listens on a port of its own',
    edits(programs, 'ThreadingHTTPServer(address, Handler)', 'ThreadingHTTPServer(("0.0.0.0", 0), Handler)'),
  ],
  ['The folder is in no git checkout', () => undefined],
  ['The same, with `--baseline main`', () => ['--baseline', 'main']],
  [
    'The path has spaces',
    (workspace) => {
      const folder = 'mein Projekt – Übung/例 1';
      mkdirSync(workspace.path(folder), { recursive: true });
      for (const name of ['mlops.yaml', 'data.csv', 'model'])
        renameSync(workspace.path(name), workspace.path(folder, name));
      renameSync(workspace.path(folder, 'data.csv'), workspace.path(folder, 'año 2024.csv'));
      edit(workspace, `${folder}/mlops.yaml`, 'source: data.csv', 'source: año 2024.csv');
      return ['--config', `${folder}/mlops.yaml`];
    },
  ],
];

interface Row {
  mistake: string;
  command: string;
  exit: number;
  /** What is seen, `…` for what differs. */
  message: string;
}

const page = readFileSync(join(repository, 'docs/first-mistakes.md'), 'utf8');
const rows = page.split('\n').flatMap((line): Row[] => {
  const [, mistake = '', command = '', exit = '', seen = ''] = line.split(/(?:^| )\|(?: |$)/);
  const message = /^`(.*)`$/.exec(seen)?.[1];
  return message === undefined ? [] : [{ mistake, command, exit: Number(exit), message }];
});

/** Holds where the text has all parts of the message in their order. */
const pattern = (message: string): RegExp =>
  new RegExp(
    message
      .split('…')
      .map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*?'),
  );

test('every row of the page has its mistake here', () => {
  expect(rows.map(({ mistake }) => mistake)).toEqual(
    mistakes.map(([begin]) => expect.stringMatching(pattern(begin))),
  );
});

describe('the message of', () => {
  test.each(mistakes)('%s ...', async (begin, make) => {
    const row = rows.find(({ mistake }) => mistake.startsWith(begin));
    if (row === undefined) throw new Error(`no row of the page begins with ${begin}`);
    const workspace = smallProject();
    const more = make(workspace) ?? [];
    const { code, stdout, stderr } = await workspace.mlops(row.command, ...more);
    const told = `${stderr}\n${stdout}`;
    expect(told.replace(/\s+/g, ' ')).toMatch(pattern(row.message));
    expect(told).not.toMatch(stackTrace);
    expect(code).toBe(row.exit);
  });
});
