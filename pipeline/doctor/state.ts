import { readdir, rm, stat } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { embeddedContext } from '../backends/embedded/embedded-context.ts';
import { ImageStore } from '../backends/embedded/images/image-store.ts';
import { abandonedJobs } from '../backends/embedded/jobs/abandoned.ts';
import { leaseHolder } from '../backends/embedded/state/abandoned-lease.ts';
import { isDraft, unlessMissing } from '../backends/embedded/state/files.ts';
import { earlierItems, moveToModel } from '../backends/embedded/state/model-keys.ts';
import { forgetRun, unfinishedRuns } from '../backends/embedded/state/run-owner.ts';
import { formatCountOf } from '../format.ts';
import { kindOf } from '../model-ledger.ts';
import { type Champion, championId, championKind } from '../steps/context.ts';
import { freeLease } from '../steps/train/lease.ts';
import { brokenPart, checkArtifacts } from './artifacts.ts';
import { attempt, type Check, ok, problem, warning } from './check.ts';
import { checkRecords, everChampions } from './records.ts';
import { checkRelease } from './release.ts';
import { repairs, type State } from './state-folder.ts';

/** Checks the state folder; with `repair` also fixes what can be fixed without losing anything. */
export async function checkState(state: State): Promise<Check[]> {
  const keys = await attempt('Keys', () => checkKeys(state));
  // Items whose keys name no model are invisible: the other checks would see an empty ledger.
  if (keys.outcome === 'problem') return [keys];
  return [
    keys,
    await attempt('Ledger', () => checkRecords(state)),
    await attempt('Lease', () => checkLease(state)),
    await attempt('Champion', () => checkChampion(state)),
    await attempt('Artifacts', () => checkArtifacts(state)),
    await attempt('Approval', () => checkApproval(state)),
    await attempt('Release', () => checkRelease(state)),
    await attempt('Leftovers', () => checkLeftovers(state)),
  ];
}

const contextOf = (state: State) => embeddedContext(state);

/** Checks that every key of the ledger names its model, as this version of the template requires. */
async function checkKeys({ home, project, repair }: State): Promise<Check> {
  const earlier = await earlierItems(home, project);
  if (earlier.length === 0) return ok('Keys', 'each names its model');
  const found = formatCountOf(earlier.length, 'item');
  if (!repair)
    return problem(
      'Keys',
      `${found} of an earlier version name no model`,
      `They belong to model ${project}. ${repairs}`,
    );
  const { driven } = await unfinishedRuns(join(home, 'runs'));
  if (driven.length > 0)
    return problem(
      'Keys',
      `${found} of an earlier version name no model`,
      `A run is in progress (${driven.join(', ')}); repair after it has ended.`,
    );
  await moveToModel(home, project);
  return ok('Keys', `repaired: ${found} of an earlier version now belong to model ${project}`);
}

/** Checks that a run that is gone does not hold the lease. The next run that promotes frees it too. */
async function checkLease(state: State): Promise<Check> {
  const holder = await leaseHolder(state.home, contextOf(state));
  if (holder === null) return ok('Lease', 'free');
  const { execution, driven } = holder;
  if (driven) return ok('Lease', `run ${execution}, which is in progress, holds it`);
  if (!state.repair)
    return warning(
      'Lease',
      `run ${execution} holds it, and its process is gone`,
      `The next run that promotes frees it. ${repairs}`,
    );
  await freeLease(holder, contextOf(state));
  return ok('Lease', `freed: run ${execution} held it, and its process is gone`);
}

/** Checks that the champion can still be served and compared with. */
async function checkChampion(state: State): Promise<Check> {
  const { ledger, registry } = contextOf(state);
  const champion = (await ledger.get<Champion>(championKind, championId))?.value;
  if (champion === undefined) return ok('Champion', 'none yet: the first promoted run becomes the champion');
  const lost = (what: string) =>
    problem(
      'Champion',
      `${champion.package}: ${what}`,
      `Restore it from a backup; or run what made it again with --mode promote; or delete ${relative('', join(state.home, 'ledger', state.project, kindOf(championKind, state.model)))}: then there is no champion until the next run is promoted.`,
    );
  const found = await registry.get(champion.package);
  if (found === null) return lost('not in the registry');
  const broken = await brokenPart(found, contextOf(state));
  if (broken !== null) return lost(broken);
  const image = await new ImageStore(join(state.home, 'images')).find(found.image);
  if (image === undefined) return lost(`its image ${found.image} is missing`);
  return ok('Champion', `${champion.package}: in the registry, with its image and artifact`);
}

/** Checks that the registry approves the champion, and no package that never was one, as the ledger says. */
async function checkApproval(state: State): Promise<Check> {
  const { ledger, registry } = contextOf(state);
  const champion = (await ledger.get<Champion>(championKind, championId))?.value;
  const ever = await everChampions(state);
  const packages = await registry.list();
  const pending = packages.filter((item) => item.name === champion?.package && item.status !== 'Approved');
  const undue = packages.filter((item) => item.status === 'Approved' && !ever.has(item.name));
  if (pending.length + undue.length === 0) {
    return ok('Approval', champion ? 'the registry matches the ledger' : 'nothing is approved');
  }
  if (state.repair) {
    for (const { name } of pending) await registry.approve(name, 'Approved', champion?.reason ?? '');
    for (const { name } of undue)
      await registry.approve(name, 'PendingManualApproval', 'The ledger says that it was never promoted.');
  }
  const wrong = [
    ...pending.map(({ name, status }) => `${name} is the champion, but ${status} in the registry`),
    ...undue.map(({ name }) => `${name} is Approved in the registry, but was never promoted`),
  ].join('; ');
  if (state.repair) return ok('Approval', `repaired: ${wrong}`);
  return problem('Approval', wrong, `The ledger decides, and the registry must match it. ${repairs}`);
}

/** A younger draft (in milliseconds) may still be in use by its writer. */
const youngest = 3_600_000;

/** Checks for leftovers of killed runs: jobs in progress, models, half-written files. */
async function checkLeftovers({ home, repair }: State): Promise<Check> {
  const runs = join(home, 'runs');
  const { driven, killed } = await unfinishedRuns(runs);
  if (driven.length > 0) {
    return ok('Leftovers', `not checked: a run is in progress (${driven.join(', ')})`);
  }
  const jobs = await abandonedJobs(join(home, 'jobs'));
  const drafts = await oldDrafts(home);
  if (killed.length + jobs.length + drafts.length === 0) return ok('Leftovers', 'none');
  if (repair) {
    for (const { close } of jobs) await close();
    for (const path of drafts) await rm(path, { recursive: true, force: true });
    // Last, so that leftovers are found again if this ends early.
    for (const name of killed) forgetRun(join(runs, name));
  }
  const found = [
    ...(killed.length === 0 ? [] : [`${formatCountOf(killed.length, 'killed run')} (${killed.join(', ')})`]),
    ...(jobs.length === 0 ? [] : [formatCountOf(jobs.length, 'job or model', 'jobs and models')]),
    ...(drafts.length === 0 ? [] : [formatCountOf(drafts.length, 'half-written file')]),
  ].join(', ');
  if (repair) return ok('Leftovers', `cleaned up: ${found}`);
  return warning('Leftovers', found, `Nothing reads them. ${repairs}`);
}

/** Files and folders under `home` that a writer started and will never finish. */
async function oldDrafts(home: string): Promise<string[]> {
  const found: string[] = [];
  const look = async (folder: string, isLeft: (name: string) => boolean, recursive: boolean) => {
    const entries = (await unlessMissing(readdir(folder, { recursive, withFileTypes: true }))) ?? [];
    for (const entry of entries.filter(({ name }) => isLeft(name))) {
      const path = join(entry.parentPath, entry.name);
      const status = await unlessMissing(stat(path));
      if (status !== null && status.mtimeMs < Date.now() - youngest) found.push(path);
    }
  };
  for (const name of ['ledger', 's3', 'runs', 'jobs']) await look(join(home, name), isDraft, true);
  await look(join(home, 'images'), (name) => name.startsWith('.new-'), false);
  return found;
}
