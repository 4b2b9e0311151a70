import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'smol-toml';
import { SetupError } from '../../../errors.ts';

/** The parts of a model's folder that make its programs run as plain processes. */
export interface ModelFolder {
  /** Program -> `module:function` of [project.scripts] in pyproject.toml, or the path of a Python file. */
  readonly programs: ReadonlyMap<string, string>;
  /** Folders in which Python looks for the model's own modules, first to last. */
  readonly modules: readonly string[];
  readonly packages: Packages;
}

/** The Python packages that a model asks for. */
export interface Packages {
  /** `requirements.txt`; null if there is none and `lines` say what pyproject.toml depends on. */
  readonly file: string | null;
  readonly lines: readonly string[];
  /** A sentence if another installation may get other packages; null if every package is pinned by its hash. */
  readonly note: string | null;
}

/** Where a model's folder may have train and serve, for messages. */
export const PROGRAM_PLACES =
  'under [project.scripts] in its pyproject.toml, as the Python files train.py and serve.py, or in the image of its Dockerfile';

const LOCK = '`uv pip compile --generate-hashes` or `pip-compile --generate-hashes` writes it';

/**
 * Reads a model's folder: its programs, from [project.scripts] of pyproject.toml or else Python files named after them;
 * its modules, from `src` or beside pyproject.toml; its packages, from requirements.txt or else from the dependencies in
 * pyproject.toml.
 * @param name - the folder's name, for messages
 * @throws SetupError if pyproject.toml is malformed or there is neither it nor a program
 */
export async function readModelFolder(folder: string, name: string): Promise<ModelFolder> {
  const text = await readFile(join(folder, 'pyproject.toml'), 'utf8').catch(() => undefined);
  const project = text === undefined ? {} : projectIn(text, name);
  const programs = new Map<string, string>();
  for (const program of ['train', 'serve']) {
    const file = await programFile(folder, program, name);
    if (file !== undefined) programs.set(program, file);
  }
  for (const [program, entry] of Object.entries(project.scripts ?? {})) {
    if (typeof entry !== 'string' || !/^[\p{L}_][\w.]*:[\p{L}_][\w.]*$/u.test(entry)) {
      throw new SetupError(
        `${name}: pyproject.toml, [project.scripts] ${program}: got ${JSON.stringify(entry)}, expected "module:function"`,
      );
    }
    programs.set(program, entry);
  }
  if (text === undefined && programs.size === 0) {
    throw new SetupError(
      `${name}: got a folder without train and serve; expected them ${PROGRAM_PLACES}, which runs with --containers${await scriptModeHint(folder)}`,
    );
  }
  return {
    programs,
    modules: await modulesOf([...programs.values()], folder),
    packages: await packagesOf(folder, project.dependencies, name),
  };
}

/** What to add beside a script of SageMaker's script mode; an empty text if the folder has none. */
export async function scriptModeHint(folder: string): Promise<string> {
  for (const file of (await readdir(folder)).sort()) {
    if (!file.endsWith('.py')) continue;
    const text = await readFile(join(folder, file), 'utf8').catch(() => '');
    if (/^def model_fn\b/m.test(text))
      return `; ${file} has model_fn, as SageMaker's script mode asks: copy script_mode/ and pyproject.toml of examples/script-mode/model beside it`;
  }
  return '';
}

interface Project {
  readonly scripts?: Readonly<Record<string, unknown>>;
  readonly dependencies?: readonly string[];
}

function projectIn(text: string, name: string): Project {
  try {
    return (parse(text) as { project?: Project }).project ?? {};
  } catch (error) {
    throw new SetupError(`${name}: pyproject.toml is not valid TOML: ${(error as Error).message.trim()}`);
  }
}

/** The file `PROGRAM.py`, or `PROGRAM` if a shebang says that it is Python, which many images of SageMaker have. */
async function programFile(folder: string, program: string, name: string): Promise<string | undefined> {
  const module = join(folder, `${program}.py`);
  if (await isFile(module)) return module;
  const file = join(folder, program);
  if (!(await isFile(file))) return undefined;
  const [first = ''] = (await readFile(file, 'utf8')).split('\n', 1);
  if (/^#!.*\bpython/.test(first)) return file;
  throw new SetupError(
    `${name}/${program}: got a file that begins with ${JSON.stringify(first.slice(0, 60))}, expected a Python program, which begins ` +
      'with #!/usr/bin/env python3; others run in a container only (--containers)',
  );
}

/** `src` and, if a program is not in it, the folder itself. */
async function modulesOf(entries: readonly string[], folder: string): Promise<string[]> {
  const source = join(folder, 'src');
  let flat = !(await isFolder(source));
  for (const entry of entries) {
    const [first = ''] = entry.split(/[.:]/);
    if (await hasModule(source, first)) continue;
    flat ||= await hasModule(folder, first);
  }
  return flat ? [folder, source] : [source];
}

const hasModule = async (folder: string, module: string): Promise<boolean> =>
  (await isFile(join(folder, `${module}.py`))) || (await isFolder(join(folder, module)));

async function packagesOf(
  folder: string,
  dependencies: Project['dependencies'],
  name: string,
): Promise<Packages> {
  const file = join(folder, 'requirements.txt');
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) {
    const lines = Array.isArray(dependencies) ? dependencies.map(String) : [];
    const note = `${name} has no requirements.txt, so a run installs the newest packages that its pyproject.toml allows, and another machine may get others: ${LOCK}.`;
    return { file: null, lines, note: lines.length === 0 ? null : note };
  }
  const lines = packagesIn(text);
  const locked = lines.length === 0 || lines.some(isPinned);
  const note = `${name}/requirements.txt has no hashes, so another machine may get other packages: ${LOCK}.`;
  return { file, lines, note: locked ? null : note };
}

/** The lines of a requirements file that name a package. */
function packagesIn(text: string): string[] {
  return text
    .replace(/\\\r?\n/g, ' ')
    .split(/\r?\n/)
    .map((line) => line.replace(/(^|\s)#.*$/, '').trim())
    .filter(
      (line) => line !== '' && (!line.startsWith('-') || /^-[re]\b|^--(requirement|editable)\b/.test(line)),
    );
}

/** Whether a line of a requirements file pins its package by a hash. */
export const isPinned = (line: string): boolean => /\s--hash=\w+:\w+/.test(line);

const isFile = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isFile() ?? false;

export const isFolder = async (path: string): Promise<boolean> =>
  (await stat(path).catch(() => undefined))?.isDirectory() ?? false;
