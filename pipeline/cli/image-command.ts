import { Command } from 'commander';
import { deploymentOf } from '../backends/aws/deployment-of.ts';
import { type Deployment, type ImageName, resourceNames } from '../backends/aws/names.ts';
import { prepareContext } from '../backends/embedded/embedded-backend.ts';
import { loadConfig } from '../config/load.ts';
import type { Config } from '../config/schema.ts';
import type { PushedImage } from '../image/push-image.ts';
import { locate } from '../run/request.ts';
import { InputError, printJson } from './errors.ts';

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
  const { config } = await loadConfig(options.config);
  const contexts = await contextsOf(config, options);
  const { logIn } = await import('../image/ecr-login.ts');
  const { pushImage, SERVERLESS_BYTES } = await import('../image/push-image.ts');
  await withSignal(async (signal) => {
    const { host, name } = targetOf(config, options);
    const registry = await logIn(host, { ownAccount: options.repository === undefined, signal });
    const pushed: Partial<Record<ImageName, PushedImage>> = {};
    for (const [image, context] of contexts) {
      pushed[image] = await pushImage({
        image,
        context,
        repository: { registry, name },
        ...(options.platform !== undefined && { platform: options.platform }),
        ...(image === 'model' && config.inference.mode === 'serverless' && { maxBytes: SERVERLESS_BYTES }),
        onProgress: (line) => console.error(line),
        signal,
      });
    }
    print(pushed, options);
  });
}

async function copy(options: ImageOptions): Promise<void> {
  const { config } = await loadConfig(options.config);
  const names = resourceNames(deploymentOf(config, options.environment));
  const { logIn } = await import('../image/ecr-login.ts');
  const { contentTag } = await import('../image/push-image.ts');
  const { copyImage } = await import('../image/copy-image.ts');
  await withSignal(async (signal) => {
    const registry = await logIn(names.registryHost, { ownAccount: true, signal });
    const copied: Partial<Record<ImageName, PushedImage>> = {};
    for (const [image, context] of await contextsOf(config, options)) {
      const tag = await contentTag(image, context);
      const from = { registry, name: names.candidateRepository };
      const candidate = await registry.manifest(from.name, tag);
      if (candidate === null) {
        throw new InputError(
          `${from.name}: expected the image ${tag} of ${context}, found none; push it first: mlops image push`,
        );
      }
      copied[image] = await copyImage({
        from,
        to: { registry, name: names.releaseRepository },
        digest: candidate.digest,
        tag,
        onProgress: (line) => console.error(line),
      });
    }
    print(copied, options);
  });
}

async function contextsOf(
  { model }: Config,
  { context, config }: Pick<PushCommandOptions, 'context' | 'config'>,
): Promise<[ImageName, string][]> {
  if (context !== undefined) return [['model', context]];
  const images: [ImageName, string][] = [['prepare', prepareContext]];
  // Where mlops.yaml names a ready image instead, that is in a registry already.
  if (model.context !== null) images.unshift(['model', await locate(model.context, config)]);
  return images;
}

function targetOf(
  config: Config,
  { repository, environment }: PushCommandOptions,
): { host: string; name: string } {
  if (repository === undefined) {
    const deployment: Deployment = deploymentOf(config, environment);
    const { registryHost, candidateRepository } = resourceNames(deployment);
    return { host: registryHost, name: candidateRepository };
  }
  const [, host, name] =
    /^([^/\s]+\.[^/\s]+|localhost(?::\d+)?)\/([a-z0-9][a-z0-9._/-]*)$/.exec(repository) ?? [];
  if (host === undefined || name === undefined) {
    throw new InputError(
      `--repository: got ${JSON.stringify(repository)}, expected HOST/NAME without a tag, such as 111111111111.dkr.ecr.us-east-1.amazonaws.com/models`,
    );
  }
  return { host, name };
}

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
