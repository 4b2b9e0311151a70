import { appendFileSync, existsSync, readdirSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { expect, test } from '@jest/globals';
import { type Running, stackTrace, type Workspace } from './cli.fixture.ts';
import { behave, smallData, smallProject } from './small-project.fixture.ts';

interface Event {
  event: string;
  [fact: string]: unknown;
}

const eventsOf = (stdout: string): Event[] =>
  stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Event);

const told = (running: Running, event: string) => () =>
  eventsOf(running.stdout.replace(/\n[^\n]*$/, '\n')).some((one) => one.event === event);
const count = (running: Running, event: string) =>
  eventsOf(running.stdout.replace(/[^\n]*$/, '')).filter((one) => one.event === event).length;

/** A small project with an empty folder beside it. */
function project(): Workspace {
  return smallProject().write({ 'in/.keep': '' });
}

const [header = '', ...lines] = smallData().trim().split('\n');
const part = (from: number, to: number) => `${[header, ...lines.slice(from, to)].join('\n')}\n`;
const watch = (workspace: Workspace, ...args: string[]) =>
  workspace.start('watch', 'in', '--quiet', '300ms', '--json', ...args);
const runsOf = (workspace: Workspace): string[] =>
  existsSync(workspace.path('.mlops/ledger/small/run/small'))
    ? readdirSync(workspace.path('.mlops/ledger/small/run/small'))
    : [];

test('files that land together start one run; what lands meanwhile starts one more; the same data none', async () => {
  const workspace = project();
  const watching = watch(workspace);
  await watching.until(told(watching, 'watching'));
  for (let index = 0; index < 40; index++)
    workspace.write({ [`in/day=${index % 4}/part-${index}.csv`]: part(index * 8, index * 8 + 8) });
  await watching.until(() => watching.stderr.includes('Prepare ...'));
  // While the first run goes on, and by rename, as programs do that write elsewhere first.
  workspace.write({ 'later.csv': part(320, 400) });
  renameSync(workspace.path('later.csv'), workspace.path('in/day=0/later.csv'));
  await watching.until(() => count(watching, 'ended') === 2);
  const events = eventsOf(watching.stdout);
  expect(
    events.filter(({ event }) => event === 'landed').map(({ files, landed }) => [files, landed]),
  ).toEqual([
    [40, 40],
    [41, 1],
  ]);
  const ended = events.filter(({ event }) => event === 'ended');
  expect(ended.map(({ code, run }) => [code, (run as { status: string }).status])).toEqual([
    [0, 'succeeded'],
    [0, 'succeeded'],
  ]);
  // The same bytes again, with another time, and a file that vanishes and comes back.
  workspace.write({ 'in/day=0/later.csv': part(320, 400) });
  await watching.until(told(watching, 'same'));
  rmSync(workspace.path('in/day=0/later.csv'));
  workspace.write({ 'in/day=0/later.csv': part(320, 400) });
  await watching.until(() => count(watching, 'same') === 2);
  watching.process.kill('SIGINT');
  expect((await watching.finished).code).toBe(130);
  expect(runsOf(workspace)).toHaveLength(2);
  const records = await workspace.mlops('history', '--json');
  const [newest] = JSON.parse(records.stdout).runs;
  expect(newest).toMatchObject({
    mode: 'promote',
    trigger: { kind: 'data', reason: '1 file landed in in' },
    data: { source: 'in' },
  });

  const again = await watch(workspace, '--once').finished;
  expect([again.code, eventsOf(again.stdout).map(({ event }) => event)]).toEqual([
    0,
    expect.arrayContaining(['watching', 'same']),
  ]);
  expect(runsOf(workspace)).toHaveLength(2);
});

test('a file that is still being written has to stand still; a marker that is written last needs no waiting', async () => {
  const workspace = project();
  const watching = workspace.start('watch', 'in', '--quiet', '1s', '--json', '--once');
  await watching.until(told(watching, 'watching'));
  const file = workspace.path('in/data.csv');
  for (let from = 0; from < 400; from += 20) {
    appendFileSync(file, `${from === 0 ? `${header}\n` : ''}${lines.slice(from, from + 20).join('\n')}\n`);
    await new Promise((resume) => setTimeout(resume, 100));
  }
  const { stdout, code } = await watching.finished;
  expect(code).toBe(0);
  const ended = eventsOf(stdout).filter(({ event }) => event === 'ended');
  expect(ended).toHaveLength(1);
  // The run had the whole file: nothing is new to the next one.
  const again = await watch(workspace, '--once').finished;
  expect(eventsOf(again.stdout).at(-1)).toMatchObject({ event: 'same' });

  const marked = project();
  const long = marked.start('watch', 'in', '--quiet', '60m', '--json', '--once');
  await long.until(told(long, 'watching'));
  marked.write({ 'in/data.csv': smallData() });
  marked.write({ 'in/_SUCCESS': '' });
  expect((await long.finished).code).toBe(0);
  expect(runsOf(marked)).toHaveLength(1);
});

test('rows to predict are released with the champion', async () => {
  const workspace = project();
  const rows = (from: number, to: number) =>
    part(from, to)
      .replace(/^r/gm, 'n')
      .replace(/,[^,\n]*$/gm, '');
  workspace.write({ 'in/new.csv': rows(0, 30) });
  const none = await watch(workspace, '--scoring', '--once').finished;
  expect([none.code !== 0, none.stderr]).toEqual([true, expect.not.stringMatching(stackTrace)]);
  expect((await workspace.mlops('run', '--mode', 'promote')).code).toBe(0);
  const first = await watch(workspace, '--scoring', '--once').finished;
  expect(first.code).toBe(0);
  expect(eventsOf(first.stdout).at(-1)).toMatchObject({
    event: 'ended',
    release: { status: 'succeeded', moved: true, package: 'small/1', predictions: { rows: 30 } },
  });
  const again = await watch(workspace, '--scoring', '--once').finished;
  expect(eventsOf(again.stdout).at(-1)).toMatchObject({ event: 'same' });
  workspace.write({ 'in/more.csv': rows(30, 50) });
  await watch(workspace, '--scoring', '--once').finished;
  const asked = await workspace.mlops('query', 'select count(*) as n from predictions_current', '--json');
  expect(JSON.parse(asked.stdout).rows).toEqual([{ n: 50 }]);
});

test('data that cannot be used end no watch, and better ones are taken', async () => {
  const workspace = project();
  const watching = watch(workspace);
  await watching.until(told(watching, 'watching'));
  workspace.write({ 'in/data.csv': 'id,x\nr1,2\n' });
  await watching.until(() => count(watching, 'ended') + count(watching, 'failed') === 1);
  expect(eventsOf(watching.stdout).at(-1)).toMatchObject({ code: 2 });
  workspace.write({ 'in/data.csv': smallData() });
  await watching.until(() => count(watching, 'ended') + count(watching, 'failed') === 2);
  expect(eventsOf(watching.stdout).at(-1)).toMatchObject({ event: 'ended', code: 0 });
  watching.process.kill('SIGTERM');
  await watching.finished;
});

test('Ctrl-C stops the run, whose jobs end', async () => {
  const workspace = project().write({ 'in/data.csv': smallData() });
  const watching = watch(workspace, ...behave({ train: 'slow' }));
  await watching.until(() => watching.stderr.includes('Train ...'));
  watching.process.kill('SIGINT');
  expect((await watching.finished).code).toBe(130);
  expect(await workspace.leftProcesses()).toEqual([]);
  expect(JSON.parse((await workspace.mlops('history', '--json')).stdout).runs[0].status).toBe('cancelled');
});

test.each([
  ['.', /"\.", which contains .*\.mlops; expected a folder apart/],
  ['.mlops/s3', /which lies in .*\.mlops/],
  ['link', /which lies in .*\.mlops/],
  ['nowhere', /where nothing was found; expected a folder/],
  ['data.csv', /which is no folder/],
])('refuses %s', async (folder, message) => {
  const workspace = project().write({ '.mlops/s3/x': '' });
  symlinkSync(workspace.path('.mlops/s3'), workspace.path('link'));
  const { code, stderr } = await workspace.mlops('watch', folder, '--once');
  expect(code).toBe(2);
  expect(stderr).toMatch(message);
});

test.each(['10', '1ms', '2h', 'soon'])('refuses a quiet time of %s', async (quiet) => {
  const { code, stderr } = await project().mlops('watch', 'in', '--quiet', quiet);
  expect([code, stderr]).toEqual([2, expect.stringContaining('Expected a time from 100ms to 60m')]);
});
