import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { loadConfig } from '../../pipeline/config/load.ts';
import { SetupError } from '../../pipeline/errors.ts';
import { CheckoutImages } from '../../pipeline/image/checkout-images.ts';
import type { PushedImage } from '../../pipeline/image/push-image.ts';
import type { ImageName } from '../../pipeline/names.ts';
import { InputError } from '../shared/inputs.ts';
import { group } from '../shared/log.ts';
import { ActionError, type Result } from '../shared/start.ts';
import type { Inputs } from './inputs.ts';

/** What the action needs of the runner's toolkit. */
export interface Toolkit {
  saveState(name: string, value: string): void;
  setSecret(secret: string): void;
  warning(message: string): void;
}

export interface Surroundings {
  core: Toolkit;
  /** A folder for what lasts as long as the job. */
  temporary: string;
  signal: AbortSignal;
}

type Output = 'uri' | 'digest' | 'pushed' | 'prepare-uri';

/**
 * The images of this checkout, in the registry: built and pushed, or copied from the candidates. Throws what was wrong, in
 * an ActionError with the outputs of what was done before.
 */
export async function run(
  inputs: Inputs,
  { core, temporary, signal }: Surroundings,
): Promise<Result<Output>> {
  const loginsIn = await mkdtemp(join(temporary, 'mlops-logins-'));
  core.saveState('logins', loginsIn);
  const done: Partial<Record<ImageName, PushedImage>> = {};
  try {
    const { config } = await loadConfig(inputs.config);
    const { context, repository, platform, environment, copy } = inputs;
    const images = await CheckoutImages.of({
      config,
      file: inputs.config,
      context,
      repository,
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
    // Before the groups, in which the runner obeys nothing: it is to mask the password.
    await images.logIn({ copying: copy });
    // mlops.yaml names a ready image, which is nobody's to build here.
    const ready = config.model.image;
    if (context === undefined && ready !== null)
      done.model = { uri: ready, digest: ready.slice(ready.indexOf('@') + 1), pushed: false };
    for (const image of images.names)
      done[image] = (copy ? await copied(images, image, core) : undefined) ?? (await pushed(images, image));
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
    super('Cancelled: Docker was stopped. What the registry has got already is kept, and not sent again.');
  }
}

function pushed(images: CheckoutImages, image: ImageName): Promise<PushedImage> {
  return group(`Image ${image}`, (write) =>
    images.push(image, { onProgress: (line) => write(`${line}\n`), onOutput: write }),
  );
}

/** The candidate of this content; undefined, with a warning, where there is none. */
async function copied(
  images: CheckoutImages,
  image: ImageName,
  core: Toolkit,
): Promise<PushedImage | undefined> {
  const found = await group(`Reviewed image ${image}`, (write) =>
    images.copy(image, { onProgress: (line) => write(`${line}\n`) }),
  );
  if (found !== null) return found;
  core.warning(
    `The candidates have no image ${image} of this content: it is built here, and is not the one that was reviewed.`,
  );
  return undefined;
}

function outputsOf({ model, prepare }: Partial<Record<ImageName, PushedImage>>): Record<Output, string> {
  return {
    uri: model?.uri ?? '',
    digest: model?.digest ?? '',
    pushed: model === undefined ? '' : String(model.pushed),
    'prepare-uri': prepare?.uri ?? '',
  };
}

/** Options of the command line are inputs here. */
function asInput(error: unknown): unknown {
  const option = error instanceof SetupError ? /^--([a-z]+)(: .*)$/s.exec(error.message) : null;
  return option === null ? error : new InputError(`input ${option[1]}${option[2]}`);
}
