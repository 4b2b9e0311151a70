import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { sha256 } from '../../pipeline/hash.ts';

/** What a folder was built from, and what was built: SHA-256 by path, null for a file that was not there. */
interface Built {
  readonly recipe: string;
  /** Paths from the root. */
  readonly inputs: Readonly<Record<string, string | null>>;
  /** Paths from the folder. */
  readonly outputs: Readonly<Record<string, string | null>>;
}

interface Build {
  /** The folder that the inputs' paths start from. */
  readonly root: string;
  /** What decides on the result beside the files, such as options. */
  readonly recipe: string;
  /** Fills the folder. Returns the paths, from the root, of what it read. */
  readonly build: () => Promise<readonly string[]>;
}

const record = 'built.json';

/**
 * Builds a folder, or leaves it as an earlier call made it where what it is made from has the same contents and so has
 * every file in it. Beside what the build read, that is each package.json and tsconfig.json around it: a bundler reads
 * these to find the rest. A folder that a build did not finish, or whose inputs changed meanwhile, is built again.
 */
export async function buildOnce(folder: string, { root, recipe, build }: Build): Promise<'built' | 'kept'> {
  if (isCurrent(folder, root, recipe)) return 'kept';
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // By the clock of the files, which is not as fine as that of the process.
  const start = statSync(folder).ctimeMs;
  const paths = withSettings(await build());
  if (paths.some((path) => changedSince(start, join(root, path)))) return 'built';
  const built: Built = { recipe, inputs: hashes(root, paths), outputs: hashes(folder, filesIn(folder)) };
  writeFileSync(join(folder, record), JSON.stringify(built));
  return 'built';
}

function isCurrent(folder: string, root: string, recipe: string): boolean {
  const built = readBuilt(folder);
  return (
    built !== undefined &&
    built.recipe === recipe &&
    areSame(built.outputs, hashes(folder, filesIn(folder))) &&
    areSame(built.inputs, hashes(root, Object.keys(built.inputs)))
  );
}

/** Undefined where nothing was built to the end. */
function readBuilt(folder: string): Built | undefined {
  try {
    return JSON.parse(readFileSync(join(folder, record), 'utf8'));
  } catch {
    return undefined;
  }
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => !entry.isDirectory())
    .map(({ parentPath, name }) => relative(folder, join(parentPath, name)))
    .filter((path) => path !== record);
}

function withSettings(paths: readonly string[]): string[] {
  const folders = new Set<string>();
  for (const path of paths)
    for (let around = dirname(path); !folders.has(around); around = dirname(around)) folders.add(around);
  const settings = [...folders].flatMap((around) => [
    join(around, 'package.json'),
    join(around, 'tsconfig.json'),
  ]);
  return [...new Set([...paths, ...settings])];
}

const hashes = (folder: string, paths: readonly string[]): Record<string, string | null> =>
  Object.fromEntries(paths.map((path) => [path, hashOf(join(folder, path))]));

function hashOf(file: string): string | null {
  try {
    return sha256(readFileSync(file));
  } catch {
    return null;
  }
}

function changedSince(time: number, file: string): boolean {
  return (statSync(file, { throwIfNoEntry: false })?.ctimeMs ?? 0) >= time;
}

function areSame(a: Readonly<Record<string, unknown>>, b: Readonly<Record<string, unknown>>): boolean {
  const paths = Object.keys(a);
  return paths.length === Object.keys(b).length && paths.every((path) => path in b && a[path] === b[path]);
}
