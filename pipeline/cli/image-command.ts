import { Command } from 'commander';
import { loadConfig } from '../config/load.ts';
import { InputError } from '../errors.ts';
import type { CheckoutImages } from '../image/checkout-images.ts';
import type { PushedImage } from '../image/push-image.ts';
import type { ImageName } from '../names.ts';
import { printJson } from './errors.ts';

interface ImageOptions {
  environment?: string;
  config: string;
  json?: boolean;
}

interface PushCommandOptions extends ImageOptions {
  repository?: string;
  context?: string;
  platform?: string;
}

export function imageCommand(): Command {
  const image = new Command('image').description('The container images that AWS runs, in its registry ECR.');
  const shared = (command: Command) =>
    command
      .option('--environment <name>', 'which of environments in mlops.yaml; default: the only one')
      .option('--config <file>', 'the configuration', 'mlops.yaml')
      .option('--json', 'print one JSON object on standard output')
      .exitOverride()
      .showHelpAfterError('(add --help for the options)');
  shared(image.command('push'))
    .description("Build the model's and the prepare image and push them, unless they are there already.")
    .option('--repository <uri>', 'HOST/NAME to push to; default: the candidates of the environment')
    .option(
      '--context <folder>',
      "only this folder's image, as the model's; default: model.context and prepare",
    )
    .option('--platform <platform>', 'what the image runs on', 'linux/amd64')
    .addHelpText(
      'after',
      "\nAn image's tag is the hash of its folder's content. It needs Docker and AWS credentials.",
    )
    .action(push);
  shared(image.command('copy'))
    .description(
      "Copy the images of this checkout from the environment's candidates to its releases, as they are.",
    )
    .action(copy);
  return image;
}

async function push(options: PushCommandOptions): Promise<void> {
  await withSignal(async (signal) => {
    const images = await imagesOf(options, 'candidate', signal);
    const pushed: Partial<Record<ImageName, PushedImage>> = {};
    for (const image of images.names) pushed[image] = await images.push(image, { onProgress });
    print(pushed, options);
  });
}

async function copy(options: ImageOptions): Promise<void> {
  await withSignal(async (signal) => {
    const images = await imagesOf(options, 'release', signal);
    const copied: Partial<Record<ImageName, PushedImage>> = {};
    for (const image of images.names) {
      const found = await images.copy(image, { onProgress });
      if (found === null) {
        throw new InputError(
          `the environment's candidates: expected the image ${image} of ${images.contextOf(image)}, found none; push it first: mlops image push`,
        );
      }
      copied[image] = found;
    }
    print(copied, options);
  });
}

async function imagesOf(
  options: PushCommandOptions,
  to: 'candidate' | 'release',
  signal: AbortSignal,
): Promise<CheckoutImages> {
  const { config } = await loadConfig(options.config);
  const { CheckoutImages } = await import('../image/checkout-images.ts');
  const { environment, repository, context, platform } = options;
  return await CheckoutImages.of({
    config,
    file: options.config,
    environment,
    repository,
    context,
    platform,
    to,
    signal,
  });
}

const onProgress = (line: string): void => console.error(line);

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

function print(images: Partial<Record<ImageName, PushedImage>>, { json }: ImageOptions): void {
  if (json) printJson(images);
  else for (const { uri } of Object.values(images)) console.log(uri);
}
