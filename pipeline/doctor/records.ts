import { join, relative } from 'node:path';
import { embeddedContext } from '../backends/embedded/embedded-context.ts';
import { setAside } from '../backends/embedded/state/aside.ts';
import { FileLedger, readRecord } from '../backends/embedded/state/file-ledger.ts';
import { recordProblem } from '../backends/embedded/state/record-problem.ts';
import { unfinishedRuns } from '../backends/embedded/state/run-owner.ts';
import { UnreadableRecordError } from '../errors.ts';
import { formatCountOf } from '../format.ts';
import { kindOf } from '../model-ledger.ts';
import { type Champion, championId, championKind } from '../steps/context.ts';
import { type RunRecord, runKind } from '../steps/train/run-record.ts';
import { type Check, ok, problem } from './check.ts';
import type { State } from './state-folder.ts';

/** A version of a record that cannot be read. */
interface Bad {
  /** `KIND/MODEL`. */
  kind: string;
  id: string;
  version: number;
  path: string;
  message: string;
}

/** Checks that every version of every record can be read; with `repair` moves those aside that cannot. */
export async function checkRecords(state: State): Promise<Check> {
  const { count, bad } = await readAll(state);
  if (bad.length === 0)
    return ok('Ledger', count === 0 ? 'no runs yet' : `${formatCountOf(count, 'item')}, all readable`);
  const found = `${formatCountOf(bad.length, 'file')} cannot be read: ${firstOf(bad.map(({ message }) => message))}`;
  if (!state.repair)
    return problem(
      'Ledger',
      found,
      'Restore each from a backup. `mlops doctor --repair` moves them aside: then the version before counts, and what has none is forgotten.',
    );
  const { driven } = await unfinishedRuns(join(state.home, 'runs'));
  // A run may hold the number of a version that would be given away again.
  if (driven.length > 0)
    return problem(
      'Ledger',
      found,
      `A run is in progress (${driven.join(', ')}); repair after it has ended.`,
    );
  const done: string[] = [];
  for (const record of bad) done.push(await repaired(record, state));
  return ok('Ledger', `repaired: ${done.join('; ')}`);
}

async function readAll({ home, project }: State): Promise<{ count: number; bad: Bad[] }> {
  const bad: Bad[] = [];
  let count = 0;
  for await (const { kind, id, version, path } of new FileLedger(join(home, 'ledger', project)).files()) {
    count += 1;
    try {
      await readRecord(path, kind, recordProblem);
    } catch (error) {
      if (!(error instanceof UnreadableRecordError)) throw error;
      bad.push({ kind, id, version, path, message: `${relative('', path)}: ${error.found}` });
    }
  }
  return { count, bad };
}

/** Moves a record aside, and says what counts from then on. */
async function repaired({ kind, id, version, path }: Bad, state: State): Promise<string> {
  const aside = relative('', await setAside(state.home, path));
  const moved = `${kind} ${id} was moved to ${aside}`;
  const [first = '', model = ''] = kind.split('/');
  const restored = first === championKind ? await restoredChampion(model, version, state) : null;
  if (restored !== null) return `${moved}; ${restored}`;
  const ledger = new FileLedger(join(state.home, 'ledger', state.project));
  const before = await ledger.get<{ package?: string }>(kind, id);
  if (first !== championKind)
    return `${moved}; ${before === null ? 'nothing is recorded in its place' : `its version ${before.version} counts`}`;
  return before === null
    ? `${moved}; model ${model} has no champion now: the next run that is promoted becomes it`
    : `${moved}; no run on record made that champion, so ${before.value.package}, the one before, is the champion of model ${model} again`;
}

/** Writes a champion's record again from the run that promoted it; null if there is no such run. */
async function restoredChampion(
  model: string,
  version: number,
  { home, project }: State,
): Promise<string | null> {
  const { ledger } = embeddedContext({ home, project, model });
  const runs = await ledger.list<RunRecord>(runKind, () => {});
  const run = runs.find(
    ({ value: { state } }) => state.promotion?.promoted === true && state.promotion.version === version,
  )?.value;
  const { package: promoted, plan, gate } = run?.state ?? {};
  if (run === undefined || !promoted || !plan || !gate) return null;
  const before = await ledger.get<Champion>(championKind, championId);
  if ((before?.version ?? 0) !== version - 1) return null;
  const value: Champion = {
    package: promoted.name,
    compared_with: plan.champion.package,
    previous: before?.value.package ?? null,
    execution: run.execution,
    reason: gate.reason,
    at: run.finished_at,
  };
  await ledger.putIf(championKind, championId, value, version - 1);
  return `${promoted.name}, which run ${run.execution} promoted with it, is the champion of model ${model} still`;
}

/** The packages that are, or once were, the champion. */
export async function everChampions({ home, project, model }: State): Promise<Set<string>> {
  const names = new Set<string>();
  for await (const { kind, path } of new FileLedger(join(home, 'ledger', project)).files())
    if (kind === kindOf(championKind, model))
      names.add(((await readRecord(path, kind, recordProblem)) as Champion).package);
  return names;
}

/** The first three, and how many more there are. */
export function firstOf(all: readonly string[]): string {
  const more = all.length > 3 ? `; ${all.length - 3} more` : '';
  return `${all.slice(0, 3).join('; ')}${more}`;
}
