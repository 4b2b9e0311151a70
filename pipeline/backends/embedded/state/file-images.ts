import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { Held, Images } from '../../../ports.ts';

/** The images of this machine, which nothing removes (ImageStore): each is held as long as it is there. */
export class FileImages implements Images {
  readonly #root: string;

  /** @param root - the folder of the images, `.mlops/images` */
  constructor(root: string) {
    this.#root = root;
  }

  async hold(image: string): Promise<Held> {
    const [name = '', digest = ''] = image.split('@sha256:');
    // A registry's image runs in Docker, and is not kept here.
    if (name.includes('/')) return 'elsewhere';
    const found = await stat(join(this.#root, digest)).catch(() => null);
    return found?.isDirectory() ? 'held' : 'gone';
  }
}
