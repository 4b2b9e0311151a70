import { deploymentOf } from '../config/environment.ts';
import { locate } from '../config/locate.ts';
import type { Config } from '../config/schema.ts';
import { SetupError } from '../errors.ts';
import { type ImageName, type ResourceNames, resourceNames } from '../names.ts';
import { prepareContext } from '../repository.ts';
import { copyImage } from './copy-image.ts';
import { logIn } from './ecr-login.ts';
import { contentTag, type PushedImage, pushImage, SERVERLESS_BYTES } from './push-image.ts';
import type { Registry, Repository } from './registry.ts';

interface CheckoutImagesOptions {
  readonly config: Config;
  /** The path of mlops.yaml, for the paths in it. */
  readonly file: string;
  /** Of mlops.yaml; default: the only one. */
  readonly environment?: string | undefined;
  /** Which of the environment's repositories they go to. */
  readonly to: 'candidate' | 'release';
  /** `HOST/NAME` that they go to instead. */
  readonly repository?: string | undefined;
  /** Only this folder's image, as the model's. */
  readonly context?: string | undefined;
  /** Default: linux/amd64. */
  readonly platform?: string | undefined;
  /** Where logins are kept while they last. */
  readonly loginsIn?: string | undefined;
  /** Told of every login before it is used. */
  readonly onLogin?: (login: Pick<Registry, 'user' | 'password'>) => void;
  readonly signal?: AbortSignal;
}

interface Listener {
  readonly onProgress: (line: string) => void;
  /** What Docker says, as it comes. */
  readonly onOutput?: (chunk: Buffer | string) => void;
}

/** The images that AWS runs of a checkout: the model's, unless mlops.yaml names a ready one, and the prepare job's. */
export class CheckoutImages {
  readonly names: readonly ImageName[];
  readonly #contexts: ReadonlyMap<ImageName, string>;
  readonly #options: CheckoutImagesOptions;
  readonly #logins = new Map<string, Promise<Registry>>();

  /** @throws SetupError where mlops.yaml does not have the environment, or the repository is none */
  static async of(options: CheckoutImagesOptions): Promise<CheckoutImages> {
    if (options.repository === undefined) namesOf(options);
    else repositoryOf(options.repository);
    return new CheckoutImages(options, await contextsOf(options));
  }

  private constructor(options: CheckoutImagesOptions, contexts: ReadonlyMap<ImageName, string>) {
    this.#options = options;
    this.#contexts = contexts;
    this.names = [...contexts.keys()];
  }

  /** Logs in to what a push needs, or a copy, as both do by themselves. Throws SetupError or AwsError. */
  async logIn({ copying }: { copying: boolean }): Promise<void> {
    await this.#target();
    if (copying) await this.#logIn(namesOf(this.#options).registryHost, true);
  }

  /** The folder that an image is made from. */
  contextOf(image: ImageName): string {
    return this.#contexts.get(image) ?? '';
  }

  /** Builds and pushes an image, unless the repository has it. Throws what pushImage does. */
  async push(image: ImageName, listener: Listener): Promise<PushedImage> {
    const { config, platform, loginsIn, signal } = this.#options;
    return await pushImage({
      image,
      context: this.contextOf(image),
      repository: await this.#target(),
      loginsIn,
      ...(platform !== undefined && { platform }),
      ...(image === 'model' && config.inference.mode === 'serverless' && { maxBytes: SERVERLESS_BYTES }),
      ...listener,
      ...(signal && { signal }),
    });
  }

  /**
   * Copies an image, as it is, from the environment's candidates; null where they have none of this content. Throws what
   * copyImage does.
   */
  async copy(image: ImageName, { onProgress }: Listener): Promise<PushedImage | null> {
    const { registryHost, candidateRepository } = namesOf(this.#options);
    const tag = await contentTag(image, this.contextOf(image), this.#options.platform);
    const from = { registry: await this.#logIn(registryHost, true), name: candidateRepository };
    const candidate = await from.registry.manifest(from.name, tag);
    if (candidate === null) return null;
    return await copyImage({ from, to: await this.#target(), digest: candidate.digest, tag, onProgress });
  }

  async #target(): Promise<Repository> {
    const { repository, to } = this.#options;
    if (repository !== undefined) {
      const { host, name } = repositoryOf(repository);
      return { registry: await this.#logIn(host, false), name };
    }
    const names = namesOf(this.#options);
    return { registry: await this.#logIn(names.registryHost, true), name: names[`${to}Repository`] };
  }

  #logIn(host: string, ownAccount: boolean): Promise<Registry> {
    const { onLogin, signal } = this.#options;
    const known = this.#logins.get(host);
    if (known !== undefined) return known;
    const login = logIn(host, { ownAccount, ...(signal && { signal }) }).then((registry) => {
      onLogin?.(registry);
      return registry;
    });
    this.#logins.set(host, login);
    return login;
  }
}

function namesOf({ config, environment }: CheckoutImagesOptions): ResourceNames {
  return resourceNames(deploymentOf(config, environment));
}

async function contextsOf({ config, file, context }: CheckoutImagesOptions): Promise<Map<ImageName, string>> {
  if (context !== undefined) return new Map([['model', context]]);
  const { model } = config;
  return new Map<ImageName, string>([
    ...(model.context === null ? [] : [['model', await locate(model.context, file)] as const]),
    ['prepare', prepareContext],
  ]);
}

function repositoryOf(uri: string): { host: string; name: string } {
  const [, host, name] = /^([^/\s]+\.[^/\s]+|localhost(?::\d+)?)\/([a-z0-9][a-z0-9._/-]*)$/.exec(uri) ?? [];
  if (host !== undefined && name !== undefined) return { host, name };
  throw new SetupError(
    `--repository: got ${JSON.stringify(uri)}, expected HOST/NAME without a tag, such as 111111111111.dkr.ecr.us-east-1.amazonaws.com/models`,
  );
}
