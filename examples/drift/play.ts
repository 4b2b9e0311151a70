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
const REMEMBERED = 4;

interface Options {
  weeks: number;
  first: number;
  folder?: string;
}

/** What `mlops monitor --json` says. */
interface Look {
  finding: string | null;
  reason: string | null;
  page: string | null;
  retrain: { started: boolean; why: string; run: { verdict?: unknown; package?: string } | null };
}

const wholeFrom = (least: number) => (text: string) => {
  if (!/^\d{1,3}$/.test(text) || Number(text) < least)
    throw new InvalidArgumentError(`Expected a whole number from ${least} to 999.`);
  return Number(text);
};
const [weekOf, weeksOf] = [wholeFrom(0), wholeFrom(1)];

async function play(name: StoryName, { weeks, first, folder }: Options): Promise<void> {
  const story: Story = stories[name];
  const place = preparedFolder(resolve(folder ?? join(tmpdir(), `mlops-drift-${name}`)));
  const begin = startOf(first);
  say(`${name}: ${story.about}`);
  say(`in ${place}, with the clock at ${day(begin)} and on\n`);
  const people = new Map<number, Person[]>();
  for (let week = first - REMEMBERED; week < first + weeks; week++) people.set(week, peopleOf(week, story));
  const data = new Data(place, people, story, first);

  data.write(first, begin);
  const trained = await run(place, begin - DAY, ['run', '--mode', 'promote', '--no-release', '--json']);
  say(`training  ${day(begin - DAY)}  ${outcomeOf(trained.verdict)}: ${trained.package}`);
  let page: string | null = null;
  for (let week = first; week < first + weeks; week++) {
    const end = startOf(week + 1);
    data.write(week, startOf(week));
    await run(place, startOf(week) + DAY, ['release', '--json']);
    data.write(week, end);
    const asked = ['monitor', '--at', new Date(end).toISOString(), '--json'];
    const look = (await run(place, end, asked)) as unknown as Look;
    page = look.page ?? page;
    say(`week ${String(week).padStart(2)}  to ${day(end)}  ${look.finding}: ${look.reason}`);
    const { started, why, run: retrained } = look.retrain;
    if (started) say(`  retrained: ${outcomeOf(retrained?.verdict)}, ${retrained?.package}`);
    else if (look.finding === 'decayed') say(`  ${why}`);
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

/** The start of a week. */
function startOf(week: number): number {
  return FIRST + 7 * DAY * week;
}

/** The files of the project as they are at a time. */
class Data {
  readonly #place: string;
  readonly #people: ReadonlyMap<number, Person[]>;
  readonly #story: Story;
  readonly #first: number;

  constructor(place: string, people: ReadonlyMap<number, Person[]>, story: Story, first: number) {
    this.#place = place;
    this.#people = people;
    this.#story = story;
    this.#first = first;
  }

  /** Writes the people of a week, and the labels that are known at a time. */
  write(week: number, at: number): void {
    const known = [...this.#knownAt(at)];
    this.#csv('week.csv', [header, ...(this.#people.get(week) ?? []).map(({ cells }) => cells)]);
    this.#csv('truth.csv', [
      ['EmployeeNumber', 'Attrition', 'known_at'],
      ...known
        .filter((label) => label.week >= this.#first)
        .map(({ cells, label, since }) => [cells[0] ?? '', label, new Date(since).toISOString()]),
    ]);
    const last = new Set(this.#wholeWeeks(known).slice(-REMEMBERED));
    this.#csv('labelled.csv', [
      [...header, 'Attrition'],
      ...known.filter((label) => last.has(label.week)).map(({ cells, label }) => [...cells, label]),
    ]);
  }

  *#knownAt(at: number): Generator<{ week: number; cells: string[]; label: string; since: number }> {
    for (const [week, persons] of this.#people)
      for (const { cells, leaves } of persons) {
        const since = this.#since(week, leaves);
        if (since !== null && since <= at) yield { week, cells, label: leaves ? 'Yes' : 'No', since };
      }
  }

  /** The time from which a label is known; null: never. Those from before the first release are history. */
  #since(week: number, leaves: boolean): number | null {
    if (week < this.#first) return startOf(this.#first) - DAY;
    const delay = this.#story.labelDelay(leaves);
    return delay === null ? null : startOf(week + 1 + delay) - DAY;
  }

  /** Weeks of which every label is known, ascending: early labels are no sample to train on. */
  #wholeWeeks(known: readonly { week: number }[]): number[] {
    const counts = new Map<number, number>();
    for (const { week } of known) counts.set(week, (counts.get(week) ?? 0) + 1);
    return [...counts]
      .filter(([week, count]) => count === this.#people.get(week)?.length)
      .map(([week]) => week)
      .sort((a, b) => a - b);
  }

  #csv(name: string, rows: string[][]): void {
    writeFileSync(join(this.#place, 'data', name), rows.map((row) => `${row.join(',')}\n`).join(''));
  }
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
    '--first <n>',
    'the first of them; the four weeks before it are what the first model is trained on',
    weekOf,
    0,
  )
  .option(
    '--folder <path>',
    'where to play; it is emptied (default: mlops-drift-STORY in the temporary folder)',
  )
  .action((name: StoryName, options: Options) => play(name, options))
  .parseAsync();
