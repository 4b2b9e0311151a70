import { deploymentOf, reviewedRepositories } from '../config/environment.ts';
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
  /** The path of mlops.yaml, to resolve the paths in it. */
  readonly file: string;
  /** An environment of mlops.yaml; default: the only one. */
  readonly environment?: string | undefined;
  /** The target among the environment's repositories. */
  readonly to: 'candidate' | 'release';
  /** Another target: `HOST/NAME`. */
  readonly repository?: string | undefined;
  /** The reviewed model image, which a copy takes: `HOST/NAME@sha256:...`; default: the candidate with the same content. */
  readonly from?: string | undefined;
  /** The reviewed prepare image, which a copy takes; default: none, so that it is built. */
  readonly fromPrepare?: string | undefined;
  /** Trusts no candidate that is there: only releases of the same content, otherwise builds. */
  readonly fresh?: boolean;
  /** Only this folder, as the model image. */
  readonly context?: string | undefined;
  /** Default: linux/amd64. */
  readonly platform?: string | undefined;
  /** The folder for temporary logins. */
  readonly loginsIn?: string | undefined;
  /** Called with every login before it is used. */
  readonly onLogin?: (login: Pick<Registry, 'user' | 'password'>) => void;
  readonly signal?: AbortSignal;
}

interface Listener {
  readonly onProgress: (line: string) => void;
  /** Called with Docker's output as it arrives. */
  readonly onOutput?: (chunk: Buffer | string) => void;
}

/** A checkout's images for AWS: the prepare image and, unless mlops.yaml names a built one, the model image. */
export class CheckoutImages {
  readonly names: readonly ImageName[];
  readonly #contexts: ReadonlyMap<ImageName, string>;
  readonly #options: CheckoutImagesOptions;
  readonly #logins = new Map<string, Promise<Registry>>();

  /** @throws SetupError if mlops.yaml does not have the environment, or `repository` or `from` is invalid */
  static async of(options: CheckoutImagesOptions): Promise<CheckoutImages> {
    if (options.repository === undefined) namesOf(options);
    else repositoryOf(options.repository);
    for (const image of ['model', 'prepare'] as const) reviewedOf(image, options);
    return new CheckoutImages(options, await contextsOf(options));
  }

  private constructor(options: CheckoutImagesOptions, contexts: ReadonlyMap<ImageName, string>) {
    this.#options = options;
    this.#contexts = contexts;
    this.names = [...contexts.keys()];
  }

  /** Logs in ahead of a push or a copy, which otherwise log in themselves. Throws SetupError or AwsError. */
  async logIn({ copying }: { copying: boolean }): Promise<void> {
    await this.#target();
    if (!copying) return;
    await this.#logIn(namesOf(this.#options).registryHost, true);
    for (const image of this.names) {
      const reviewed = reviewedOf(image, this.#options);
      if (reviewed !== null) await this.#logIn(reviewed.host, false);
    }
  }

  /** The folder that an image is built from. */
  contextOf(image: ImageName): string {
    return this.#contexts.get(image) ?? '';
  }

  /** Builds and pushes an image, unless the repository has it. Throws the errors of pushImage. */
  async push(image: ImageName, listener: Listener): Promise<PushedImage> {
    const { config, platform, loginsIn, signal, fresh = false } = this.#options;
    const released = fresh ? await this.#released(image) : null;
    if (released !== null) {
      listener.onProgress(`${image}: ${released.uri} has this content`);
      return released;
    }
    return await pushImage({
      image,
      context: this.contextOf(image),
      repository: await this.#target(),
      loginsIn,
      fresh,
      ...(platform !== undefined && { platform }),
      ...(image === 'model' && config.inference.mode === 'serverless' && { maxBytes: SERVERLESS_BYTES }),
      ...listener,
      ...(signal && { signal }),
    });
  }

  /** The release with this content, which only deployments push; null if there is none. */
  async #released(image: ImageName): Promise<PushedImage | null> {
    const { registryHost, releaseRepository: name } = namesOf(this.#options);
    const registry = await this.#logIn(registryHost, true);
    const tag = await contentTag(image, this.contextOf(image), this.#options.platform);
    const found = await registry.manifest(name, tag);
    return found && { uri: `${registryHost}/${name}@${found.digest}`, digest: found.digest, pushed: false };
  }

  /**
   * Copies an image unchanged: what was reviewed if that is given, otherwise the environment's candidate with the same
   * content; null if there is none. A prepare image is copied only if it was reviewed. If the target has another image of this content, that stays, because tags never change.
   * Throws the errors of copyImage.
   */
  async copy(image: ImageName, { onProgress }: Listener): Promise<PushedImage | null> {
    const tag = await contentTag(image, this.contextOf(image), this.#options.platform);
    const found = await this.#reviewed(image, tag);
    if (found === null) return null;
    const to = await this.#target();
    const there = await to.registry.manifest(to.name, tag);
    if (there === null || there.digest === found.digest)
      return await copyImage({ ...found, to, tag, onProgress });
    const uri = `${to.registry.host}/${to.name}@${there.digest}`;
    onProgress(
      `${tag}: ${uri} has this content and stays, since tags never change; ${found.digest} is not copied`,
    );
    return { uri, digest: there.digest, pushed: false };
  }

  async #reviewed(image: ImageName, tag: string): Promise<{ from: Repository; digest: string } | null> {
    const reviewed = reviewedOf(image, this.#options);
    if (reviewed !== null) {
      const { host, name, digest } = reviewed;
      return { from: { registry: await this.#logIn(host, false), name }, digest };
    }
    if (image === 'prepare' && this.#options.from !== undefined) return null;
    const { registryHost, candidateRepository } = namesOf(this.#options);
    const from = { registry: await this.#logIn(registryHost, true), name: candidateRepository };
    const candidate = await from.registry.manifest(from.name, tag);
    return candidate && { from, digest: candidate.digest };
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

/**
 * The reviewed image; null if none is given. Only a digest says which image was reviewed: a pull request pushes by tag. Throws
 * SetupError unless the image is in a repository from which the environment may copy.
 */
function reviewedOf(
  image: ImageName,
  { config, environment, ...given }: CheckoutImagesOptions,
): { host: string; name: string; digest: string } | null {
  const from = image === 'model' ? given.from : given.fromPrepare;
  if (from === undefined) return null;
  const repositories = reviewedRepositories(config, deploymentOf(config, environment).environment);
  const [, uri, digest = ''] = /^(.*)@(sha256:[0-9a-f]{64})$/.exec(from) ?? [];
  const found = repositories.find(({ host, name }) => uri === `${host}/${name}`);
  if (found !== undefined) return { host: found.host, name: found.name, digest };
  throw new SetupError(
    `--from${image === 'model' ? '' : '-prepare'}: got ${JSON.stringify(from)}, expected an image by digest in a repository of an environment of mlops.yaml in ` +
      `which pull requests run: ${repositories.map(({ host, name }) => `${host}/${name}@sha256:...`).join(', ')}`,
  );
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
