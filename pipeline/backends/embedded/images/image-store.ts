import { randomUUID } from 'node:crypto';
import { chmod, copyFile, mkdir, readdir, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve } from 'node:path';
import { SetupError } from '../../../errors.ts';
import { findFiles, hashContext } from '../../../image/context.ts';
import { openContainerImage } from './container-image.ts';
import type { Image } from './image.ts';
import { isFolder } from './model-folder.ts';
import { openProcessImage } from './process-image.ts';

const DIGEST = /^[^@\s]+@sha256:([0-9a-f]{64})$/;

/**
 * Keeps images as folders named by the sha256 of their content, so that an earlier champion's code can still serve
 * after the user has edited the model's folder.
 */
export class ImageStore {
  readonly #root: string;
  readonly #environments: string;
  readonly #containers: boolean;
  readonly #onProgress: (line: string) => void;
  readonly #open = new Map<string, Promise<Image>>();
  /** Digest -> the user's folder, relative to the working folder where it can be. */
  readonly #origins = new Map<string, string>();

  /**
   * @param root - the folder of the images, `.mlops/images`
   * @param options.environments - the folder of the Python environments; default: `environments` beside `root`
   * @param options.containers - run images in Docker, not as plain processes; then any registry's image opens
   * @param options.onProgress - called with a line before slow work
   */
  constructor(
    root: string,
    options: { environments?: string; containers?: boolean; onProgress?: (line: string) => void } = {},
  ) {
    this.#root = resolve(root);
    this.#environments = options.environments ?? join(dirname(this.#root), 'environments');
    this.#containers = options.containers ?? false;
    this.#onProgress = options.onProgress ?? (() => {});
  }

  /**
   * Keeps a snapshot of the folder's files and returns its URI, `NAME@sha256:...`.
   * @throws SetupError like {@link hashContext}
   */
  async add(contextFolder: string, name: string): Promise<string> {
    const { digest } = await hashContext(contextFolder);
    this.#origins.set(digest, shownFolder(contextFolder));
    if (await isFolder(this.#folder(digest))) return `${name}@${digest}`;
    await this.#removeAbandoned();
    const temporary = join(this.#root, `.new-${randomUUID()}`);
    try {
      await mkdir(temporary, { recursive: true });
      for (const file of await findFiles(contextFolder)) {
        const target = join(temporary, file.path);
        await mkdir(dirname(target), { recursive: true });
        await copyFile(file.source, target);
        await chmod(target, file.executable ? 0o755 : 0o644);
      }
      // Hash again, because the user may have saved a file before the copy.
      const copied = (await hashContext(temporary)).digest;
      this.#origins.set(copied, shownFolder(contextFolder));
      await rename(temporary, this.#folder(copied)).catch(async (error) => {
        if (!(await isFolder(this.#folder(copied)))) throw error;
      });
      return `${name}@${copied}`;
    } finally {
      await rm(temporary, { recursive: true, force: true });
    }
  }

  /**
   * Makes the image of this URI ready to start: checks its digest, and installs its Python environment or builds its
   * container image.
   * @throws SetupError if the digest is unknown here, or its folder, Python or Docker cannot be used
   */
  open(uri: string): Promise<Image> {
    const opened = this.#open.get(uri) ?? this.#openNew(uri);
    this.#open.set(uri, opened);
    opened.catch(() => this.#open.delete(uri));
    return opened;
  }

  async #openNew(uri: string): Promise<Image> {
    const onProgress = this.#onProgress;
    const folder = await this.find(uri);
    if (this.#containers) return openContainerImage({ uri, ...(folder && { folder }), onProgress });
    if (folder === undefined) {
      throw new SetupError(
        `${uri}: not among the images of this machine (${this.#root}); a registry's image runs only with --containers`,
      );
    }
    const [name = '', digest = ''] = uri.split('@');
    const shownAs = this.#origins.get(digest) ?? name;
    return openProcessImage({ uri, folder, shownAs, environments: this.#environments, onProgress });
  }

  /**
   * The folder of the image with this URI; undefined if the image is unknown here.
   * @throws SetupError if the URI has no digest, or the content no longer matches it
   */
  async find(uri: string): Promise<string | undefined> {
    const hex = DIGEST.exec(uri)?.[1];
    if (hex === undefined) {
      throw new SetupError(`image: got ${JSON.stringify(uri)}, expected NAME@sha256:(64 hex digits)`);
    }
    const folder = this.#folder(`sha256:${hex}`);
    if (!(await isFolder(folder))) return undefined;
    const { digest } = await hashContext(folder);
    if (digest !== `sha256:${hex}`) {
      throw new SetupError(
        `${folder}: its files have changed since they were stored (now ${digest}); delete this folder`,
      );
    }
    return folder;
  }

  #folder(digest: string): string {
    return join(this.#root, digest.replace('sha256:', ''));
  }

  /** Removes copies that killed processes did not finish. */
  async #removeAbandoned(): Promise<void> {
    const hourAgo = Date.now() - 3_600_000;
    for (const name of await readdir(this.#root).catch(() => [])) {
      const path = join(this.#root, name);
      if (name.startsWith('.new-') && (await stat(path)).mtimeMs < hourAgo)
        await rm(path, { recursive: true, force: true });
    }
  }
}

/** A folder elsewhere, such as a checkout of another commit, is shown by its name. */
function shownFolder(path: string): string {
  const shown = relative('', path).replaceAll('\\', '/');
  return shown === '' || shown.startsWith('..') || isAbsolute(shown) ? basename(resolve(path)) : shown;
}
