#!/usr/bin/env node
/** npm run demo:drift: plays weeks of a model in production through the real commands, with a clock of its own. */
import { spawn } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { Argument, Command, InvalidArgumentError } from 'commander';
import { header, type Person, peopleOf } from './people.ts';
import { type Story, type StoryName, stories } from './stories.ts';

const repository = resolve(import.meta.dirname, '../..');
const DAY = 86_400_000;
/** A Monday: windows of a week start on Mondays. */
const FIRST = Date.parse('2026-01-05T00:00:00Z');
/** How many weeks of labels a model is trained on. */
const REMEMBERED = 8;

interface Options {
  weeks: number;
  folder?: string;
}

/** What `mlops monitor --json` says. */
interface Look {
  finding: string | null;
  reason: string | null;
  page: string | null;
  retrain: { started: boolean; why: string; run: { verdict?: unknown; package?: string } | null };
}

const weeksOf = (text: string): number => {
  if (!/^\d{1,3}$/.test(text) || Number(text) < 1) throw new InvalidArgumentError('Expected 1 or more.');
  return Number(text);
};

await new Command('npm run demo:drift --')
  .description(
    `Plays weeks of a model in production: each week people are scored, labels come, and mlops monitor looks. Stories:\n${Object.entries(
      stories,
    )
      .map(([name, { about }]) => `  ${name}: ${about}`)
      .join('\n')}`,
  )
  .addArgument(new Argument('[story]').choices(Object.keys(stories)).default('sudden'))
  .option('--weeks <n>', 'how many weeks', weeksOf, 22)
  .option(
    '--folder <path>',
    'where to play; it is emptied (default: mlops-drift-STORY in the temporary folder)',
  )
  .action((name: StoryName, options: Options) => play(name, options))
  .parseAsync();

async function play(name: StoryName, { weeks, folder }: Options): Promise<void> {
  const story: Story = stories[name];
  const place = preparedFolder(resolve(folder ?? join(tmpdir(), `mlops-drift-${name}`)));
  const mlops = (at: number, ...args: string[]) => run(place, at, args);
  say(`${name}: ${story.about}`);
  say(`in ${place}, with the clock at ${day(FIRST)} and on\n`);
  const people = new Map<number, Person[]>();
  for (let week = -REMEMBERED; week < weeks; week++) people.set(week, peopleOf(week, story));

  writeWeek(place, people.get(0));
  writeTruth(place, people, story, FIRST);
  writeLabelled(place, people, story, FIRST);
  const first = await mlops(FIRST - DAY, 'run', '--mode', 'promote', '--no-release', '--json');
  say(`training  ${day(FIRST - DAY)}  ${outcomeOf(first.verdict)}: ${first.package}`);
  let page: string | null = null;
  for (let week = 0; week < weeks; week++) {
    const start = FIRST + 7 * DAY * week;
    const end = start + 7 * DAY;
    writeWeek(place, people.get(week));
    await mlops(start + DAY, 'release', '--json');
    writeTruth(place, people, story, end);
    writeLabelled(place, people, story, end);
    const look = (await mlops(
      end,
      'monitor',
      '--at',
      new Date(end).toISOString(),
      '--json',
    )) as unknown as Look;
    page = look.page ?? page;
    say(`week ${String(week).padStart(2)}  to ${day(end)}  ${look.finding}: ${look.reason}`);
    const { started, run } = look.retrain;
    if (started) say(`  retrained: ${outcomeOf(run?.verdict)}, ${run?.package}`);
  }
  if (page !== null) say(`\nThe page: ${resolve(place, page)}`);
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** What the gate said, of a run's --json. */
function outcomeOf(verdict: unknown): string {
  const { outcome = 'no verdict' } = (verdict ?? {}) as { outcome?: string };
  return outcome;
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

/** An empty folder with the sample model, and with the Python environments that every checkout shares. */
function preparedFolder(place: string): string {
  if (existsSync(place) && !existsSync(join(place, 'mlops.yaml')))
    throw new Error(`${place}: got a folder that holds something else, expected none or one of this demo`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(join(place, 'data'), { recursive: true });
  cpSync(join(repository, 'fixtures/sample/model'), join(place, 'model'), {
    recursive: true,
    filter: (path) => !path.endsWith('/data'),
  });
  cpSync(join(import.meta.dirname, 'mlops.yaml'), join(place, 'mlops.yaml'));
  const environments = join(repository, '.mlops/environments');
  mkdirSync(environments, { recursive: true });
  mkdirSync(join(place, '.mlops'));
  symlinkSync(environments, join(place, '.mlops/environments'));
  return place;
}

/** The time from which the label of somebody of a week is known; null: never. */
function knownAt(week: number, leaves: boolean, story: Story): number | null {
  // Those before the first release are history that everybody knows.
  if (week < 0) return FIRST - DAY;
  const delay = story.labelDelay(leaves);
  return delay === null ? null : FIRST + 7 * DAY * (week + 1 + delay) - DAY;
}

function* labelled(people: ReadonlyMap<number, Person[]>, story: Story, at: number) {
  for (const [week, persons] of people)
    for (const { cells, leaves } of persons) {
      const known = knownAt(week, leaves, story);
      if (known !== null && known <= at) yield { week, cells, label: leaves ? 'Yes' : 'No', known };
    }
}

function writeWeek(place: string, persons: readonly Person[] = []): void {
  writeCsv(join(place, 'data/week.csv'), [header, ...persons.map(({ cells }) => cells)]);
}

function writeTruth(place: string, people: ReadonlyMap<number, Person[]>, story: Story, at: number): void {
  const rows = [...labelled(people, story, at)].filter(({ week }) => week >= 0);
  writeCsv(join(place, 'data/truth.csv'), [
    ['EmployeeNumber', 'Attrition', 'known_at'],
    ...rows.map(({ cells, label, known }) => [cells[0] ?? '', label, new Date(known).toISOString()]),
  ]);
}

/** The rows of the last weeks whose labels are all known: what a model is trained on. */
function writeLabelled(place: string, people: ReadonlyMap<number, Person[]>, story: Story, at: number): void {
  const rows = [...labelled(people, story, at)];
  const counts = new Map<number, number>();
  for (const { week } of rows) counts.set(week, (counts.get(week) ?? 0) + 1);
  const whole = [...counts]
    .filter(([week, count]) => count === people.get(week)?.length)
    .map(([week]) => week);
  const last = new Set(whole.sort((a, b) => a - b).slice(-REMEMBERED));
  writeCsv(join(place, 'data/labelled.csv'), [
    [...header, 'Attrition'],
    ...rows.filter(({ week }) => last.has(week)).map(({ cells, label }) => [...cells, label]),
  ]);
}

function writeCsv(file: string, rows: string[][]): void {
  writeFileSync(file, rows.map((row) => `${row.join(',')}\n`).join(''));
}

/** Runs `mlops ARGS` at a time, and gives what it says as JSON. */
async function run(cwd: string, at: number, args: string[]): Promise<Record<string, unknown>> {
  const shift = Math.round((at - Date.now()) / 1000);
  const child = spawn(process.execPath, [join(repository, 'pipeline/cli/mlops.ts'), ...args], {
    cwd,
    env: { ...process.env, MLOPS_CLOCK_SHIFT: String(shift) },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, err] = ['', ''].map(() => [] as string[]) as [string[], string[]];
  child.stdout.setEncoding('utf8').on('data', (text: string) => out.push(text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => err.push(text));
  const code = await new Promise((done) => child.on('close', done));
  const text = out.join('');
  if (code !== 0 || text === '')
    throw new Error(`mlops ${args.join(' ')} ended with ${code}:\n${err.join('')}${text}`);
  return JSON.parse(text);
}
