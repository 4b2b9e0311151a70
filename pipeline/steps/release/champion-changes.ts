import type { ModelPackage } from '../../ports.ts';
import type { Champion, StepContext } from '../context.ts';
import { championId, championKind } from '../context.ts';
import { type ChampionChange, championChangeKind, type RolledBack, rolledBackKind } from './records.ts';

type Context = Pick<StepContext, 'ledger'>;

/** Records the change that made a version of the champion's ledger item. Its id is that version, so that the list is in order. */
export async function recordChange(
  change: ChampionChange,
  version: number,
  { ledger }: Context,
): Promise<void> {
  await ledger.put<ChampionChange>(championChangeKind, String(version).padStart(8, '0'), change);
}

/** All changes of the champion, oldest first. */
export async function championChanges({ ledger }: Context): Promise<ChampionChange[]> {
  const items = await ledger.list<ChampionChange>(championChangeKind);
  return items.map(({ value }) => value);
}

/**
 * The packages that a rollback can go back to, the last one first: those that were champion before the present one. A
 * rollback takes away what it went back over, so that a second one goes further back and not forth again.
 */
export function earlierChampions(changes: readonly ChampionChange[], champion: Champion | null): string[] {
  let stack: string[] = [];
  for (const { kind, package: name, previous } of changes) {
    // What came before the first recorded change is known from that change alone.
    if (stack.length === 0 && previous !== null) stack.push(previous);
    if (kind !== 'rollback') stack.push(name);
    else stack = [...stack.slice(0, stack.lastIndexOf(name)), name].filter((each) => each !== '');
  }
  // A champion of before the changes were recorded, or one whose change was not recorded because its step was killed.
  if (champion !== null && stack.at(-1) !== champion.package) {
    if (champion.previous !== null && stack.at(-1) !== champion.previous) stack.push(champion.previous);
    stack.push(champion.package);
  }
  return [...new Set(stack.slice(0, -1).reverse())].filter((name) => name !== champion?.package);
}

/** What the ledger knows of the champions before the present one. */
export async function readEarlierChampions(context: Context): Promise<string[]> {
  const champion = await context.ledger.get<Champion>(championKind, championId);
  return earlierChampions(await championChanges(context), champion?.value ?? null);
}

/** Every package that was ever the champion. */
export async function everChampion(context: Context): Promise<Set<string>> {
  const changes = await championChanges(context);
  const named = changes.flatMap(({ package: name, previous }) => [
    name,
    ...(previous === null ? [] : [previous]),
  ]);
  return new Set([...named, ...(await readEarlierChampions(context))]);
}

/**
 * Why a package may not become the champion without a person's word; null if it may. A model that was rolled back from would
 * come back with the next run of the same commit.
 */
export async function whyNotAgain(
  { fingerprint }: Pick<ModelPackage, 'fingerprint'>,
  { ledger }: Context,
): Promise<string | null> {
  const mark = (await ledger.get<RolledBack>(rolledBackKind, fingerprint))?.value;
  if (mark === undefined || mark.allowed) return null;
  return (
    `${mark.package} was rolled back from on ${mark.at.slice(0, 10)} (${mark.reason}): the same model is not promoted again by itself; ` +
    `change it, or bring it back with \`mlops rollback --to ${mark.package}\``
  );
}
