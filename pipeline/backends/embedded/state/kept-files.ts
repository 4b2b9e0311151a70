import { readdir, readFile } from 'node:fs/promises';
import { basename, join, relative, sep } from 'node:path';
import type { Verdict } from '../../../gate/verdict.ts';
import { recordedTables } from '../../../queries/recorded-tables.ts';
import type { RunRecord } from '../../../steps/train/run-record.ts';
import { unlessMissing } from './files.ts';

/** The runs of each model that are kept: the last ones, which `mlops history` and `mlops gate --replay` show; also releases. */
const keptRuns = 30;
/** The champions of each model whose packages are kept: a rollback can go back to all but the last one. */
const keptChampions = 5;

interface Item {
  project: string;
  kind: string;
  model: string;
  /** Encoded, as the folder's name. */
  id: string;
  /** The path of the newest version, which holds the number of all. */
  path: string;
  text: string;
}

/**
 * The files of a state folder that later runs need, as paths in it: the champion, the packages and runs that lead to it, the
 * last runs of each model with what they made, and every look at a holdout. What is left out, such as the models of trials
 * that were not chosen, is made again if it is asked for; so all but the looks, of which each takes some hundred bytes, stay
 * as many whatever the number of runs. Whoever may read the repository may read the kept files: what gate.reuse: sealed
 * withholds is left out.
 */
export async function keptFiles(home: string): Promise<string[]> {
  const all = await ledgerItems(join(home, 'ledger'));
  const withheld = await withheldUris(all, home);
  const items = all.filter(
    ({ kind, text }) => kind !== 'scores' || !withheld.some((uri) => text.includes(uri)),
  );
  const naming = new Set([...lastChampions(items), ...releasesShown(items), ...releasesWatched(items)]);
  const namesIn = (those: Iterable<Item>) =>
    textOf([...those].filter((item) => !namesNothing(item) || naming.has(item)));
  const roots = items.filter(isRoot);
  const last = [...lastOf(items, 'release'), ...lastOf(items, 'finding')];
  const kept = new Set([...roots, ...naming, ...last, ...runsOf(items, namesIn(roots))]);
  // A run names packages and its parts, a package the parts of its own run: until nothing new is named.
  for (let before = -1; before !== kept.size; ) {
    before = kept.size;
    const text = namesIn(kept);
    for (const item of items) if (isNamed(item, text)) kept.add(item);
  }
  const text = namesIn(kept);
  const files = await Promise.all([
    filesIn(home, 's3', (path) => isObjectNamed(path, text) && !isWithheld(path, withheld)),
    // A job's scratch files are in ml/.
    filesIn(home, 'jobs', ([, , name = '', inside]) => inside !== 'ml' && isJobNamed(name, text)),
    filesIn(home, 'images', ([, hash]) => text.includes(`@sha256:${hash}`)),
  ]);
  return [...[...kept].map(({ path }) => relative(home, path)), ...files.flat()].sort();
}

/** Kinds whose items are kept whatever names them: small ones, without which a champion or a number would be forgotten. */
const isRoot = ({ kind }: Item): boolean =>
  ['champion', 'champion-change', 'rolled-back', 'pointer', 'deployed'].includes(kind) ||
  ['monitoring', 'retrain'].includes(kind) ||
  ['lease', 'counted-looks', 'holdout'].includes(kind) ||
  isLook(kind);

const isLook = (kind: string): boolean => kind.startsWith('look-');

/**
 * Kinds whose items name others that need not be kept for it: a look its run and verdict, an old change of the champion its
 * package, an old release its predictions, a look its history.
 */
const namesNothing = ({ kind }: Item): boolean =>
  isLook(kind) || ['champion-change', 'rolled-back', 'release', 'finding'].includes(kind);

/** The last changes of each model's champion. Their ids are in order. */
function lastChampions(items: readonly Item[]): Item[] {
  const changes = items.filter(({ kind }) => kind === 'champion-change');
  return [...Map.groupBy(changes, ({ project, model }) => `${project}/${model}`).values()].flatMap((those) =>
    those.sort((a, b) => b.id.localeCompare(a.id)).slice(0, keptChampions),
  );
}

/** The releases that each model's readers see now and saw before. */
function releasesShown(items: readonly Item[]): Item[] {
  const pointers = items.filter(({ kind }) => kind === 'pointer');
  return items.filter(
    ({ kind, project, model, id }) =>
      kind === 'release' &&
      pointers.some(
        (pointer) =>
          pointer.project === project &&
          pointer.model === model &&
          pointer.text.includes(`"${decodeURIComponent(id)}"`),
      ),
  );
}

/** The last releases of models that are monitored: labels of their predictions may still come. */
function releasesWatched(items: readonly Item[]): Item[] {
  const watched = new Set(
    items.filter(({ kind }) => kind === 'monitoring').map(({ project, model }) => `${project}/${model}`),
  );
  return lastOf(items, 'release').filter(({ project, model }) => watched.has(`${project}/${model}`));
}

/** The last runs of each model and those that made the champions. */
function runsOf(items: readonly Item[], champions: string): Item[] {
  const runs = items.filter(({ kind }) => kind === 'run');
  return [
    ...lastOf(items, 'run'),
    ...runs.filter(({ id }) => champions.includes(`"${decodeURIComponent(id)}"`)),
  ];
}

/** The last runs, releases or looks of each model. */
function lastOf(items: readonly Item[], kind: 'run' | 'release' | 'finding'): Item[] {
  const startOf = ({ text }: Item) => (JSON.parse(text) as { started_at?: string }).started_at ?? '';
  const those = items.filter((item) => item.kind === kind);
  return [...Map.groupBy(those, ({ project, model }) => `${project}/${model}`).values()].flatMap((each) =>
    each.sort((a, b) => startOf(b).localeCompare(startOf(a))).slice(0, keptRuns),
  );
}

function isNamed({ kind, id, text: own }: Item, text: string): boolean {
  const name = decodeURIComponent(id);
  // Packages lead from run to run back to the first one; runsOf says where that ends.
  if (kind === 'run' || kind === 'release' || kind === 'finding') return false;
  // Predictions are keyed by what they are made from, and named by their release and place.
  const isOfRelease = kind === 'delivered' && urisIn(own).some((uri) => text.includes(`"${uri}"`));
  return (
    text.includes(`"${name}"`) ||
    isOfRelease ||
    (kind === 'scores' && urisIn(own).some((uri) => text.includes(uri)))
  );
}

const textOf = (items: Iterable<Item>): string => [...items].map(({ text }) => text).join('\n');
const urisIn = (text: string): string[] => [...text.matchAll(/"(s3:\/\/[^"]+)"/g)].map(([, uri = '']) => uri);

/** A trial is named by its tuning job. */
const isJobNamed = (name: string, text: string): boolean =>
  [name, name.replace(/-\d{3}-[0-9a-f]{8}$/, '')].some((each) => text.includes(`"${each}"`));

/** Whether the text names an object: by its URI, or by a folder's that ends with a slash; pointers and recorded rows are always kept. */
function isObjectNamed(path: readonly string[], text: string): boolean {
  const uri = `s3://${path.slice(1).join('/')}`;
  if (path[3] === 'pointers' || isRecorded(path[3])) return true;
  if (text.includes(`"${uri}"`)) return true;
  // A run names the folder of all its trials' models, of which it needs the chosen one.
  if (path.includes('models')) return false;
  return [...uri.matchAll(/\//g)].some(({ index }) => text.includes(`"${uri.slice(0, index + 1)}"`));
}

const isRecorded = (folder: string | undefined): boolean =>
  recordedTables.some(({ name }) => name === folder);

/** The folders of holdout scores that only runs with a sealed verdict have: those of candidates that are not promoted. */
async function withheldUris(items: readonly Item[], home: string): Promise<string[]> {
  const scores = { sealed: new Set<string>(), open: new Set<string>() };
  for (const { text } of items.filter(({ kind }) => kind === 'run')) {
    const { state } = JSON.parse(text) as Partial<RunRecord>;
    const output = state?.scores?.candidate.output;
    const uri = state?.gate?.verdict;
    if (output === undefined || uri === undefined) continue;
    const verdict = await unlessMissing(readFile(join(home, 's3', uri.replace('s3://', '')), 'utf8'));
    const isSealed = verdict !== null && (JSON.parse(verdict) as Partial<Verdict>).sealed === true;
    scores[isSealed ? 'sealed' : 'open'].add(output);
  }
  return [...scores.sealed].filter((uri) => !scores.open.has(uri));
}

/** Whether an object, by the segments of its path, is in the folder `sealed` of a project or among withheld scores. */
const isWithheld = (path: readonly string[], withheld: readonly string[]): boolean =>
  path[3] === 'sealed' || withheld.some((uri) => `s3://${path.slice(1).join('/')}`.startsWith(uri));

/** Files under HOME/FOLDER, as paths in HOME, whose segments the test accepts. */
async function filesIn(
  home: string,
  folder: string,
  test: (segments: string[]) => boolean,
): Promise<string[]> {
  const entries =
    (await unlessMissing(readdir(join(home, folder), { recursive: true, withFileTypes: true }))) ?? [];
  return entries
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => relative(home, join(parentPath, name)))
    .filter((path) => test(path.split(sep)));
}

/** The newest version of every item: ROOT/PROJECT/KIND/MODEL/ID/VERSION.json. */
async function ledgerItems(root: string): Promise<Item[]> {
  const entries = (await unlessMissing(readdir(root, { recursive: true, withFileTypes: true }))) ?? [];
  const versions = entries.filter((entry) => entry.isFile() && /^\d+\.json$/.test(entry.name));
  const items = Map.groupBy(versions, ({ parentPath }) => parentPath);
  return await Promise.all(
    [...items].map(async ([folder, files]) => {
      const newest = Math.max(...files.map(({ name }) => Number.parseInt(name, 10)));
      const path = join(folder, `${newest}.json`);
      const [project = '', kind = '', model = ''] = relative(root, folder).split(sep);
      return { project, kind, model, id: basename(folder), path, text: await readFile(path, 'utf8') };
    }),
  );
}
