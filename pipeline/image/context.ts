import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, sep } from 'node:path';
import { SetupError } from '../errors.ts';
import { parseDockerIgnore } from './docker-ignore.ts';

/** A file of an image's build context; `path` is relative, with forward slashes. */
export interface ContextFile {
  readonly path: string;
  /** Hex. */
  readonly sha256: string;
}

interface FoundFile {
  readonly path: string;
  readonly source: string;
  readonly executable: boolean;
}

/** Leftovers of tools: never part of an image, whatever the `.dockerignore` says. */
const LEFTOVER =
  /^(\.git|\.venv|__pycache__|\.pytest_cache|\.ruff_cache|\.mypy_cache|\.ipynb_checkpoints|\.DS_Store|.*\.pyc|.*\.egg-info)$/;
/** Docker itself reads the first two, this program the others, so they count even if the `.dockerignore` names them. */
const ALWAYS_IN = new Set(['Dockerfile', '.dockerignore', 'pyproject.toml', 'requirements.txt']);

/**
 * The identity of an image's build context: sha256 of the sorted relative paths, executable bits and bytes of the
 * files that its `.dockerignore` allows. Times and owners do not count, so every machine computes the same.
 * @throws SetupError if the folder is missing, or a link in it is broken or leads out of it
 */
export async function hashContext(
  folder: string,
): Promise<{ digest: string; files: readonly ContextFile[] }> {
  const whole = createHash('sha256');
  const files: ContextFile[] = [];
  for (const file of await findFiles(folder)) {
    const hash = createHash('sha256');
    for await (const chunk of createReadStream(file.source)) hash.update(chunk);
    const sha256 = hash.digest('hex');
    whole.update(`${file.executable ? 'x' : '-'}${sha256} ${file.path}\0`);
    files.push({ path: file.path, sha256 });
  }
  return { digest: `sha256:${whole.digest('hex')}`, files };
}

/** The files of an image's build context, by path. Throws SetupError like {@link hashContext}. */
export async function findFiles(folder: string): Promise<FoundFile[]> {
  const root = await realpath(folder).catch(() => undefined);
  if (root === undefined || !(await stat(root)).isDirectory()) {
    throw new SetupError(`${folder}: got no folder, expected one with the image's files`);
  }
  const ignored = parseDockerIgnore(await readFile(join(root, '.dockerignore'), 'utf8').catch(() => ''));
  const found: FoundFile[] = [];

  /** `parents` has the real paths of the folders above, so that a link to one is an error, not an endless loop. */
  async function walk(relative: string, source: string, parents: readonly string[]): Promise<void> {
    for (const entry of await readdir(source, { withFileTypes: true })) {
      const path = relative === '' ? entry.name : `${relative}/${entry.name}`;
      if (LEFTOVER.test(entry.name)) continue;
      const leftOut = !ALWAYS_IN.has(path) && ignored.ignores(path);
      if (leftOut && !(entry.isDirectory() && ignored.hasExceptions)) continue;
      const target = await realpath(join(source, entry.name)).catch(() => undefined);
      if (target === undefined) throw new SetupError(`${join(folder, path)}: the link leads nowhere`);
      if (!target.startsWith(root + sep) && target !== root) {
        throw new SetupError(
          `${join(folder, path)}: the link leads out of the context, to ${target}; copy the file here`,
        );
      }
      const status = await stat(target);
      if (status.isDirectory()) {
        if (parents.includes(target))
          throw new SetupError(`${join(folder, path)}: the link leads to a folder that contains it`);
        await walk(path, target, [...parents, target]);
      } else if (status.isFile()) {
        found.push({ path, source: target, executable: (status.mode & 0o100) !== 0 });
      } else {
        throw new SetupError(
          `${join(folder, path)}: got a socket, pipe or device, expected a file or a folder`,
        );
      }
    }
  }
  await walk('', root, [root]);
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
