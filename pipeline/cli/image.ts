import { loadConfig } from '../config/load.ts';
import { InputError } from '../errors.ts';
import { CheckoutImages } from '../image/checkout-images.ts';
import type { PushedImage } from '../image/push-image.ts';
import type { ImageName } from '../names.ts';
import { note, print, printJson } from './print.ts';

interface ImageOptions {
  environment?: string;
  config: string;
  model?: string;
  json?: boolean;
}

interface PushCommandOptions extends ImageOptions {
  repository?: string;
  context?: string;
  platform?: string;
}

/** `mlops image push`. */
export async function push(options: PushCommandOptions): Promise<void> {
  await withSignal(async (signal) => {
    const images = await imagesOf(options, 'candidate', signal);
    const pushed: Partial<Record<ImageName, PushedImage>> = {};
    for (const image of images.names) pushed[image] = await images.push(image, { onProgress });
    printImages(pushed, options);
  });
}

/** `mlops image copy`. */
export async function copy(options: ImageOptions): Promise<void> {
  await withSignal(async (signal) => {
    const images = await imagesOf(options, 'release', signal);
    const copied: Partial<Record<ImageName, PushedImage>> = {};
    for (const image of images.names) {
      const found = await images.copy(image, { onProgress });
      if (found === null) {
        throw new InputError(
          `the environment's candidate repository: got no image ${image} of ${images.contextOf(image)}, expected one; push it first: mlops image push`,
        );
      }
      copied[image] = found;
    }
    printImages(copied, options);
  });
}

async function imagesOf(
  options: PushCommandOptions,
  to: 'candidate' | 'release',
  signal: AbortSignal,
): Promise<CheckoutImages> {
  const { config, path: file } = await loadConfig(options.config, options);
  const { environment, repository, context, platform } = options;
  return await CheckoutImages.of({
    config,
    file,
    environment,
    repository,
    context,
    platform,
    to,
    signal,
  });
}

const onProgress = (line: string): void => note(line);

/** Ctrl-C ends Docker's work and removes the login. */
async function withSignal(work: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const abort = new AbortController();
  const stop = () => abort.abort();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.on(name, stop);
  try {
    await work(abort.signal);
  } catch (error) {
    if (!abort.signal.aborted) throw error;
    process.exitCode = 130;
  } finally {
    for (const name of ['SIGINT', 'SIGTERM'] as const) process.off(name, stop);
  }
}

function printImages(images: Partial<Record<ImageName, PushedImage>>, { json }: ImageOptions): void {
  if (json) printJson(images);
  else for (const { uri } of Object.values(images)) print(uri);
}
