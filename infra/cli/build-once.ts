import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { sha256 } from '../../pipeline/hash.ts';

/** The inputs that a folder was built from, and the files built: SHA-256 by path, null for a file that did not exist. */
interface Built {
  readonly recipe: string;
  /** Paths relative to the root. */
  readonly inputs: Readonly<Record<string, string | null>>;
  /** Paths relative to the folder. */
  readonly outputs: Readonly<Record<string, string | null>>;
}

interface Build {
  /** The folder that the inputs' paths are relative to. */
  readonly root: string;
  /** Anything else that the result depends on, such as options. */
  readonly recipe: string;
  /** Fills the folder. Returns the paths, relative to the root, of the files that it read. */
  readonly build: () => Promise<readonly string[]>;
}

const record = 'built.json';

/**
 * Builds a folder, unless an earlier call built it and neither its inputs nor its files have changed. Inputs are the files
 * that the build read, and each package.json and tsconfig.json above them, which a bundler reads to find the rest. A folder
 * that a build did not finish, or whose inputs changed meanwhile, is built again.
 */
export async function buildOnce(folder: string, { root, recipe, build }: Build): Promise<'built' | 'kept'> {
  if (isCurrent(folder, root, recipe)) return 'kept';
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // The file system's clock, which is coarser than the process's.
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

/** Undefined if no build has finished. */
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
