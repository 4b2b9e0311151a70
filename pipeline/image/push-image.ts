import { randomBytes } from 'node:crypto';
import { mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { AwsError } from '../aws/explained.ts';
import { FileError, SetupError } from '../errors.ts';
import { type ImageName, imageTag } from '../names.ts';
import { buildImage } from './build-image.ts';
import { hashContext } from './context.ts';
import { lastLines, runDocker } from './docker.ts';
import { requireBuilt } from './media-types.ts';
import { type Manifest, missingRepository, type Registry, type Repository } from './registry.ts';

export interface PushedImage {
  /** By digest: `HOST/NAME@sha256:...`. */
  readonly uri: string;
  readonly digest: string;
  /** false: the repository already had it. */
  readonly pushed: boolean;
}

export interface PushOptions {
  readonly image: ImageName;
  /** A folder with a Dockerfile. */
  readonly context: string;
  readonly repository: Repository;
  /** Default: linux/amd64, which SageMaker's instances run. */
  readonly platform?: string;
  /**
   * Builds the image in any case, and pushes it under a tag that nobody can guess. Whoever may push to the repository could
   * have put another image under the tag of this content. Default: false
   */
  readonly fresh?: boolean;
  /** Limit of the image's uncompressed bytes; default: none. */
  readonly maxBytes?: number;
  readonly onProgress: (line: string) => void;
  /** Called with Docker's output as it arrives. */
  readonly onOutput?: ((chunk: Buffer | string) => void) | undefined;
  /** The folder for the temporary login. Default: the system's folder for temporary files. */
  readonly loginsIn?: string | undefined;
  readonly signal?: AbortSignal;
}

/** Serverless inference accepts images of at most 10 GB. */
export const SERVERLESS_BYTES = 10e9;
export const DEFAULT_PLATFORM = 'linux/amd64';

/** The tag of a folder's content; for platforms other than linux/amd64 it ends with the platform. */
export async function contentTag(
  image: ImageName,
  context: string,
  platform = DEFAULT_PLATFORM,
): Promise<string> {
  const { digest } = await hashContext(context);
  const tag = imageTag(image, digest.replace('sha256:', ''));
  return platform === DEFAULT_PLATFORM ? tag : `${tag}-${platform.replace(/[^a-z0-9]+/g, '-')}`;
}

/**
 * Builds a folder's image and pushes it with its content's hash as tag, unless the repository already has that, or `fresh`.
 * @throws SetupError if the user can fix it: the folder, Docker, the base image, the login, the repository, the size;
 * AwsError if the registry does not answer after every retry
 */
export async function pushImage(options: PushOptions): Promise<PushedImage> {
  const { image, context, repository, platform = DEFAULT_PLATFORM, onProgress, onOutput, signal } = options;
  const { registry, name } = repository;
  const { fresh = false } = options;
  const content = await contentTag(image, context, platform);
  const tag = fresh ? `${content}-${randomBytes(8).toString('hex')}` : content;
  const pushed = ({ digest }: Manifest, isNew: boolean): PushedImage => ({
    uri: `${registry.host}/${name}@${digest}`,
    digest,
    pushed: isNew,
  });

  const there = fresh ? null : await registry.manifest(name, tag);
  if (there !== null) {
    onProgress(`${image}: ${tag} is already in ${name}`);
    return pushed(there, false);
  }
  await requireDocker();
  const local = `${registry.host}/${name}:${tag}`;
  onProgress(`${image}: building ${context} for ${platform} ...`);
  await buildImage({
    name: image,
    folder: context,
    tag: local,
    platform,
    onOutput,
    ...(signal && { signal }),
  });
  const bytes = await checkImage(image, context, local, options.maxBytes);
  onProgress(`${image}: pushing ${(bytes / 1e6).toFixed(0)} MB to ${name} ...`);
  const isNew = await pushWithLogin(
    registry,
    local,
    async () => (await registry.manifest(name, tag)) !== null,
    options,
  );
  const manifest = await registry.manifest(name, tag);
  if (manifest === null) throw new AwsError(`${local}: it was pushed, but the registry does not find it`);
  onProgress(`${image}: pushed ${manifest.digest}`);
  return pushed(manifest, isNew);
}

async function requireDocker(): Promise<void> {
  const { code, output } = await runDocker(['version', '--format', '{{.Server.Version}}']);
  if (code === 0) return;
  throw new SetupError(
    `Docker, which builds the image, cannot be reached; start it, or push from a machine that has it:\n${lastLines(output)}`,
  );
}

interface InspectedImage {
  readonly Size: number;
  /** Only where Docker keeps images in containerd. */
  readonly Descriptor?: { readonly mediaType?: string } | null;
}

/**
 * The image's size in bytes. Throws SetupError if Docker would push a manifest that SageMaker refuses, and FileError, with
 * the largest layers, if the size is above the limit.
 */
async function checkImage(
  image: ImageName,
  context: string,
  tag: string,
  maxBytes = Number.POSITIVE_INFINITY,
): Promise<number> {
  const { code, output: inspected } = await runDocker(['image', 'inspect', '--format', '{{json .}}', tag]);
  if (code !== 0)
    throw new SetupError(`${image}: Docker built it but does not list it:\n${lastLines(inspected)}`);
  const { Size: bytes, Descriptor } = JSON.parse(inspected) as InspectedImage;
  requireBuilt(image, Descriptor?.mediaType);
  if (bytes <= maxBytes) return bytes;
  const format = '{{.Size}}\t{{.CreatedBy}}';
  const { output } = await runDocker(['history', '--no-trunc', '--human=false', '--format', format, tag]);
  const layers = output
    .trim()
    .split('\n')
    .map((line) => line.split('\t'))
    .map(([size, made = '']) => ({ size: Number(size), made: made.trim().slice(0, 120) }))
    .sort((a, b) => b.size - a.size)
    .slice(0, 3);
  throw new FileError(
    `${image}: its image has ${gigabytes(bytes)}, expected at most ${gigabytes(maxBytes)}, the limit of serverless inference; ` +
      `leave out what it does not need (.dockerignore, fewer packages). Its largest layers:\n` +
      layers.map(({ size, made }) => `  ${gigabytes(size)}  ${made}`).join('\n'),
    { file: join(context, 'Dockerfile') },
  );
}

const gigabytes = (bytes: number): string => `${(bytes / 1e9).toPrecision(3)} GB`;

/** Errors that no retry fixes, each with advice. */
const REFUSALS: readonly (readonly [RegExp, (repository: string) => string])[] = [
  [
    /authorization token has expired|no basic auth|unauthorized|denied/i,
    (repository) =>
      `${repository}: the registry refused the push; expected AWS credentials of a role that may push there, not expired: try \`aws sso login\``,
  ],
  [/name[ _]unknown|repository .* does not exist/i, missingRepository],
  [
    /entity too large|status(?: code)?:? 413|size limit|layer .* exceeds/i,
    (repository) =>
      `${repository}: a layer of the image is too large for the registry; leave out what it does not need (.dockerignore)`,
  ],
  [/no space left/i, () => "The disk of Docker's daemon is full; `docker system prune` frees what is unused"],
];

/**
 * Pushes with a login in a temporary folder, which is removed afterwards.
 * @param isThere - whether the registry has the tag
 * @returns false if a concurrent push put it there
 */
async function pushWithLogin(
  registry: Registry,
  local: string,
  isThere: () => Promise<boolean>,
  { loginsIn = tmpdir(), onOutput }: PushOptions,
): Promise<boolean> {
  const { user, password, host, signal } = registry;
  const repository = local.slice(0, local.lastIndexOf(':'));
  const config = await mkdtemp(join(loginsIn, 'mlops-login-'));
  const docker = { env: { DOCKER_CONFIG: config }, ...(signal && { signal }) };
  try {
    await keepContext(config);
    return await registry.retried(async () => {
      const login = await runDocker(['login', '--username', user, '--password-stdin', host], {
        ...docker,
        input: password,
      });
      const push = login.code === 0 ? await runDocker(['push', local], { ...docker, onOutput }) : login;
      signal?.throwIfAborted();
      if (push.code === 0) return true;
      if (await isThere()) return false;
      const output = push.output.replaceAll(password, '***');
      const refusal = REFUSALS.find(([pattern]) => pattern.test(output));
      if (refusal) throw new SetupError(`${refusal[1](repository)}:\n${lastLines(output)}`);
      throw new AwsError(
        `${repository}: the registry could not be reached, or failed, ${registry.waits.length + 1} times; ` +
          `it keeps the layers it has, so push again:\n${lastLines(output)}`,
      );
    });
  } finally {
    await rm(config, { recursive: true, force: true });
  }
}

/** Keeps the user's Docker context, so that the login's folder does not change the daemon. */
async function keepContext(config: string): Promise<void> {
  const own = process.env.DOCKER_CONFIG || join(homedir(), '.docker');
  const text = await readFile(join(own, 'config.json'), 'utf8').catch(() => '{}');
  const { currentContext } = JSON.parse(text) as { currentContext?: string };
  // This configuration names no credential store, so the login is written here and removed with the folder.
  await writeFile(join(config, 'config.json'), JSON.stringify({ ...(currentContext && { currentContext }) }));
  await symlink(join(own, 'contexts'), join(config, 'contexts'), 'dir').catch(() => {});
}
