import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../pipeline/config/load.ts';
import { InputError, SetupError } from '../../pipeline/errors.ts';
import { CheckoutImages } from '../../pipeline/image/checkout-images.ts';
import type { PushedImage } from '../../pipeline/image/push-image.ts';
import type { ImageName } from '../../pipeline/names.ts';
import { annotateWarning } from '../shared/annotate.ts';
import { group } from '../shared/log.ts';
import { ActionError, type Result } from '../shared/start.ts';

export interface Inputs {
  context?: string | undefined;
  repository?: string | undefined;
  platform: string;
  config: string;
  environment?: string | undefined;
  model?: string | undefined;
  copy: boolean;
  from?: string | undefined;
  'from-prepare'?: string | undefined;
  fresh: boolean;
}

/** The part of the runner's toolkit that the action uses. */
export interface Toolkit {
  saveState(name: string, value: string): void;
  setSecret(secret: string): void;
}

export interface Surroundings {
  core: Toolkit;
  /** A folder that the runner deletes after the job. */
  temporary: string;
  signal: AbortSignal;
}

type Output = 'uri' | 'digest' | 'pushed' | 'prepare-uri';

/**
 * Builds the images of this checkout and pushes them, or copies them from the candidates. Throws an ActionError with the
 * outputs for the images that were finished before the failure.
 */
export async function run(
  inputs: Inputs,
  { core, temporary, signal }: Surroundings,
): Promise<Result<Output>> {
  const loginsIn = await mkdtemp(join(temporary, 'mlops-logins-'));
  core.saveState('logins', loginsIn);
  const done: Partial<Record<ImageName, PushedImage>> = {};
  try {
    const { context, repository, platform, environment, model, copy, from } = inputs;
    if (from !== undefined && !copy)
      throw new InputError('input from: got an image, expected none without copy: true');
    const { config, path: file } = await loadConfig(inputs.config, { model });
    const images = await CheckoutImages.of({
      config,
      file,
      context,
      repository,
      from,
      fromPrepare: inputs['from-prepare'],
      fresh: inputs.fresh,
      platform,
      environment,
      to: copy ? 'release' : 'candidate',
      loginsIn,
      onLogin: ({ user, password }) => {
        core.setSecret(password);
        core.setSecret(Buffer.from(`${user}:${password}`).toString('base64'));
      },
      signal,
    });
    // The login comes before the groups of the log, in which the runner would ignore the command that masks the password.
    await images.logIn({ copying: copy });
    // mlops.yaml names a ready image, so none is built.
    const ready = config.model.image;
    if (context === undefined && ready !== null)
      done.model = { uri: ready, digest: ready.slice(ready.indexOf('@') + 1), pushed: false };
    for (const image of images.names)
      done[image] = copy ? await copied(images, image, inputs) : await pushed(images, image);
    return { outputs: outputsOf(done) };
  } catch (error) {
    throw new ActionError(signal.aborted ? new CancelledError() : asInput(error), outputsOf(done));
  } finally {
    await rm(loginsIn, { recursive: true, force: true });
  }
}

class CancelledError extends Error {
  override readonly name = 'CancelledError';
  constructor() {
    super('Cancelled: Docker was stopped. A retry skips the layers that the registry already has.');
  }
}

function pushed(images: CheckoutImages, image: ImageName): Promise<PushedImage> {
  return group(`Image ${image}`, (write) =>
    images.push(image, { onProgress: (line) => write(`${line}\n`), onOutput: write }),
  );
}

/** Copies what was reviewed. If there is none, builds it; warns if the result is not what was reviewed. */
async function copied(images: CheckoutImages, image: ImageName, { from }: Inputs): Promise<PushedImage> {
  const found = await group(`Reviewed image ${image}`, (write) =>
    images.copy(image, { onProgress: (line) => write(`${line}\n`) }),
  );
  if (found === null) {
    const built = await pushed(images, image);
    if (built.pushed)
      annotateWarning(
        `No candidate image ${image} has this content, so it was built here and is not the reviewed one.`,
      );
    return built;
  }
  if (image === 'model' && from !== undefined && !from.endsWith(found.digest))
    annotateWarning(
      `The repository already had an image with the reviewed content, ${found.digest}, which stays and is not the reviewed one.`,
    );
  return found;
}

function outputsOf({ model, prepare }: Partial<Record<ImageName, PushedImage>>): Record<Output, string> {
  return {
    uri: model?.uri ?? '',
    digest: model?.digest ?? '',
    pushed: model === undefined ? '' : String(model.pushed),
    'prepare-uri': prepare?.uri ?? '',
  };
}

/** Turns an error about an option of the command line into one about the input of the same name. */
function asInput(error: unknown): unknown {
  const option = error instanceof SetupError ? /^--([a-z]+)(: .*)$/s.exec(error.message) : null;
  return option === null ? error : new InputError(`input ${option[1]}${option[2]}`);
}
