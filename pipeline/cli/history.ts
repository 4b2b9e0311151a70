import type { Backend } from '../backends/backend.ts';
import { openContext } from '../backends/open.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import { InputError, UnreadableRecordError } from '../errors.ts';
import { formatCountOf, formatSeconds, formatTime } from '../format.ts';
import type { LeftOut } from '../ports.ts';
import {
  isOfCommit,
  type LookSummary,
  lookSummaryOf,
  looksOf,
  type PackageStory,
  type ReleaseSummary,
  type RunSummary,
  releaseSummaryOf,
  releasesOf,
  runsOf,
  storyOf,
  summaryOf,
} from '../run/account/lineage.ts';
import { type Champion, championId, championKind, type StepContext } from '../steps/context.ts';
import { currentId, type Pointer, pointerKind } from '../steps/release/records.ts';
import { home } from './home.ts';
import { sayLeftOut } from './left-out.ts';
import { print, printJson } from './print.ts';
import { table } from './table.ts';

interface HistoryOptions {
  backend: Backend['name'];
  environment?: string;
  config: string;
  model?: string;
  package?: string;
  commit?: string;
  limit: number;
  json?: boolean;
}

/** `mlops history`. */
export async function history(options: HistoryOptions): Promise<void> {
  const { config } = await loadConfig(options.config, options);
  const context = await openContext(config, options, home());
  if (options.package !== undefined) return await tellPackage(options.package, config, context, options);
  const unreadable: string[] = [];
  const leftOut: LeftOut = (record) => {
    unreadable.push(record.message);
    sayLeftOut(record);
  };
  const champion = await championOf(context, leftOut);
  const { commit } = options;
  const runs = (await runsOf(context, leftOut))
    .map(summaryOf)
    .filter((run) => commit === undefined || isOfCommit(run, commit))
    .slice(0, options.limit);
  const releases = (await releasesOf(context, leftOut))
    .map(releaseSummaryOf)
    .filter((release) => commit === undefined || isOfCommit(release, commit))
    .slice(0, options.limit);
  const looks = (await looksOf(context, leftOut))
    .map(lookSummaryOf)
    .filter((look) => commit === undefined || isOfCommit(look, commit))
    .slice(0, options.limit);
  const pointer = (await context.ledger.get<Pointer>(pointerKind, currentId))?.value ?? null;
  // Nobody may take it for a project without a champion.
  if (champion === 'unreadable') process.exitCode = 1;
  if (options.json)
    printJson({
      project: config.project,
      model: config.name,
      champion: champion === 'unreadable' ? null : champion,
      released: pointer,
      runs,
      releases,
      looks,
      unreadable,
    });
  else if (runs.length === 0)
    print(commit === undefined ? 'No runs yet: start one with `npm start`.' : `No runs of commit ${commit}.`);
  else {
    print(`Champion: ${champion === 'unreadable' ? champion : (champion?.package ?? 'none')}`);
    print(`Released: ${pointer === null ? 'nothing' : `${pointer.package} (release ${pointer.release})`}\n`);
    const timeline = [
      ...runs.map((run) => ({ at: run.started_at, row: rowOf(run) })),
      ...releases.map((release) => ({ at: release.started_at, row: releaseRowOf(release) })),
      ...looks.map((look) => ({ at: look.started_at, row: lookRowOf(look) })),
    ].sort((a, b) => Date.parse(b.at) - Date.parse(a.at));
    for (const line of table([header, ...timeline.slice(0, options.limit).map(({ row }) => row)]))
      print(line);
  }
}

async function championOf(
  { ledger }: StepContext,
  leftOut: LeftOut,
): Promise<Champion | null | 'unreadable'> {
  try {
    return (await ledger.get<Champion>(championKind, championId))?.value ?? null;
  } catch (error) {
    if (!(error instanceof UnreadableRecordError)) throw error;
    leftOut(error);
    return 'unreadable';
  }
}

async function tellPackage(
  name: string,
  { project, name: model }: Config,
  context: StepContext,
  { json }: HistoryOptions,
): Promise<void> {
  const story = await storyOf(name, context, sayLeftOut);
  if (story === null) {
    const known = (await context.registry.list(6)).map((item) => item.name);
    throw new InputError(
      `--package: got ${JSON.stringify(name)}, expected a package in the registry: ` +
        (known.length === 0
          ? 'it is empty'
          : `${known.slice(0, 5).join(', ')}${known.length > 5 ? ', ...' : ''}`),
    );
  }
  if (json) return printJson({ project, model, ...story });
  const { made_by } = story;
  const rows = [
    ['package', `${story.package.name} (${statusOf(story)})`],
    ['run', story.package.execution],
    ['commit', made_by === null ? 'no longer in the ledger' : commitText(made_by)],
    ['started by', made_by ? [made_by.trigger.kind, made_by.trigger.actor].filter(Boolean).join(', ') : ''],
    ['data', `${story.package.data.source} ${story.package.data.version}`],
    ['image', story.package.image],
    ['artifact', story.package.artifact],
    ['verdict', `${story.package.outcome}${made_by?.reason ? `: ${made_by.reason}` : ''}`],
    ['compared with', made_by?.champion ?? 'nothing'],
    ['champion in', story.compared_in.length === 0 ? 'no comparison' : story.compared_in.join(', ')],
  ];
  for (const line of table(rows)) print(line);
  print('\nRuns whose candidate it was:\n');
  for (const line of table([header, ...story.runs.map(rowOf)])) print(line);
}

const statusOf = ({ is_champion, package: { status } }: PackageStory): string =>
  is_champion ? 'the champion' : status === 'Approved' ? 'champion before' : 'in the registry';

function commitText({ trigger: { commit, ref, dirty } }: RunSummary): string {
  if (commit === null) return 'none: not in a git checkout';
  return `${commit}${ref === null ? '' : ` (${ref})`}${dirty ? ', with uncommitted changes' : ''}`;
}

function releaseRowOf(release: ReleaseSummary): string[] {
  const { execution, kind, status, started_at, finished_at, rows, moved, package: name } = release;
  const verb = kind === 'rollback' ? 'rolled back' : 'released';
  return [
    execution,
    formatTime(started_at),
    formatSeconds((Date.parse(finished_at) - Date.parse(started_at)) / 1000),
    status === 'succeeded' ? verb : `${kind} ${status}`,
    name ?? '',
    release.trigger.commit?.slice(0, 7) ?? '',
    rows === null ? '' : `${moved ? '' : 'as before, '}${formatCountOf(rows, 'prediction')}`,
  ];
}

function lookRowOf(look: LookSummary): string[] {
  const { execution, status, started_at, finished_at, finding, superseded, alarms, retrain } = look;
  const told = [
    ...(superseded ? ['superseded'] : []),
    ...(alarms > 0 ? [formatCountOf(alarms, 'new alarm')] : []),
    ...(retrain ? ['starts a run'] : []),
  ];
  return [
    execution,
    formatTime(started_at),
    formatSeconds((Date.parse(finished_at) - Date.parse(started_at)) / 1000),
    finding ?? `look ${status}`,
    look.package ?? '',
    look.trigger.commit?.slice(0, 7) ?? '',
    told.join(', '),
  ];
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
