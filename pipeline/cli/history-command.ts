import { Command, InvalidArgumentError, Option } from 'commander';
import type { Backend } from '../backends/backend.ts';
import { contextOf } from '../backends/open.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { InputError } from '../errors.ts';
import { formatSeconds, formatTime } from '../format.ts';
import {
  isOfCommit,
  type PackageStory,
  type RunSummary,
  runsOf,
  storyOf,
  summaryOf,
} from '../run/account/lineage.ts';
import { type Champion, championId, championKind, type StepContext } from '../steps/context.ts';
import { printJson } from './errors.ts';
import { home } from './home.ts';
import { table } from './table.ts';

export function historyCommand(): Command {
  return new Command('history')
    .description('The runs on this machine or of an environment on AWS, newest first, and the champion.')
    .addOption(new Option('--backend <name>', 'whose runs').choices(['embedded', 'aws']).default('embedded'))
    .option('--environment <name>', 'with --backend aws: which of environments in mlops.yaml')
    .option('--config <file>', 'the configuration, for the project', 'mlops.yaml')
    .addOption(
      new Option(
        '--package <name>',
        'one package: its run, commit, data, image and verdict, and what became of it',
      ).conflicts(['commit', 'limit']),
    )
    .option('--commit <sha>', 'only runs of this commit, with their packages', commitOf)
    .option('--limit <n>', 'how many', countOf, 20)
    .option('--json', 'print one JSON object on standard output')
    .action(history);
}

function countOf(text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Expected a whole number of at least 1.');
  return Number(text);
}

function commitOf(text: string): string {
  if (!/^[0-9a-f]{7,64}$/i.test(text))
    throw new InvalidArgumentError('Expected the first 7 or more digits of a commit.');
  return text;
}

interface HistoryOptions {
  backend: Backend['name'];
  environment?: string;
  config: string;
  package?: string;
  commit?: string;
  limit: number;
  json?: boolean;
}

async function history(options: HistoryOptions): Promise<void> {
  const { config } = await loadConfig(options.config);
  const { backend, environment = null } = options;
  const context = await contextOf({ backend, environment }, { config, home: home() });
  if (options.package !== undefined) return await tellPackage(options.package, config, context, options);
  const champion = (await context.ledger.get<Champion>(championKind, championId))?.value ?? null;
  const { commit } = options;
  const runs = (await runsOf(context))
    .map(summaryOf)
    .filter((run) => commit === undefined || isOfCommit(run, commit))
    .slice(0, options.limit);
  if (options.json) printJson({ project: config.project, champion, runs });
  else if (runs.length === 0)
    console.log(
      commit === undefined ? 'No runs yet: start one with `npm start`.' : `No runs of commit ${commit}.`,
    );
  else {
    console.log(`Champion: ${champion?.package ?? 'none'}\n`);
    for (const line of table([header, ...runs.map(rowOf)])) console.log(line);
  }
}

async function tellPackage(
  name: string,
  { project }: Config,
  context: StepContext,
  { json }: HistoryOptions,
): Promise<void> {
  const story = await storyOf(name, context);
  if (story === null) {
    const known = (await context.registry.list()).map((item) => item.name);
    throw new InputError(
      `--package: got ${JSON.stringify(name)}, expected one of the registry: ` +
        (known.length === 0
          ? 'it is empty'
          : `${known.slice(0, 5).join(', ')}${known.length > 5 ? ', ...' : ''}`),
    );
  }
  if (json) return printJson({ project, ...story });
  const { made_by } = story;
  const rows = [
    ['package', `${story.package.name} (${statusOf(story)})`],
    ['run', story.package.execution],
    ['commit', made_by === null ? 'not in the ledger any more' : commitText(made_by)],
    ['started by', made_by ? [made_by.trigger.kind, made_by.trigger.actor].filter(Boolean).join(', ') : ''],
    ['data', `${story.package.data.source} ${story.package.data.version}`],
    ['image', story.package.image],
    ['artifact', story.package.artifact],
    ['verdict', `${story.package.outcome}${made_by?.reason ? `: ${made_by.reason}` : ''}`],
    ['compared with', made_by?.champion ?? 'nothing'],
    ['champion in', story.compared_in.length === 0 ? 'no comparison' : story.compared_in.join(', ')],
  ];
  for (const line of table(rows)) console.log(line);
  console.log('\nRuns that came to it:\n');
  for (const line of table([header, ...story.runs.map(rowOf)])) console.log(line);
}

const statusOf = ({ is_champion, package: { status } }: PackageStory): string =>
  is_champion ? 'the champion' : status === 'Approved' ? 'champion before' : 'in the registry';

function commitText({ trigger: { commit, ref, dirty } }: RunSummary): string {
  if (commit === null) return 'none: not in a git checkout';
  return `${commit}${ref === null ? '' : ` (${ref})`}${dirty ? ', with changes that no commit has' : ''}`;
}

const header = ['execution', 'started', 'took', 'outcome', 'package', 'commit', ''];

function rowOf(run: RunSummary): string[] {
  const seconds = (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000;
  return [
    run.execution,
    formatTime(run.started_at),
    formatSeconds(seconds),
    run.status === 'succeeded' ? (run.outcome ?? '') : run.status,
    run.package ?? '',
    run.trigger.commit?.slice(0, 7) ?? '',
    run.promoted ? 'promoted' : '',
  ];
}
