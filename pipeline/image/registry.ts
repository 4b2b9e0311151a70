import { createHash } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { AwsError } from '../aws/explained.ts';
import { SetupError } from '../errors.ts';
import { MANIFEST_TYPES, requireMediaTypes } from './media-types.ts';

/** One image in a registry. */
export interface Manifest {
  /** `sha256:` and the hash of the bytes. */
  readonly digest: string;
  readonly mediaType: string;
  readonly bytes: Buffer;
}

interface Descriptor {
  readonly digest: string;
  /** In bytes, compressed. */
  readonly size: number;
}

export interface RegistryOptions {
  /** `HOST` or `HOST:PORT`. */
  readonly host: string;
  readonly user: string;
  readonly password: string;
  /** Seconds before each retry after the network or the registry failed. Default: 1, 4, 15. */
  readonly waits?: readonly number[];
  readonly signal?: AbortSignal;
}

/** A repository of a registry; `name` is its URI without the host. */
export interface Repository {
  readonly registry: Registry;
  readonly name: string;
}

/**
 * A client of a container registry's HTTP API (https://distribution.github.io/distribution/spec/api/), which ECR has
 * too. Like Docker, it uses plain HTTP only with this machine.
 */
export class Registry {
  readonly host: string;
  readonly user: string;
  readonly password: string;
  readonly waits: readonly number[];
  readonly signal: AbortSignal | undefined;

  constructor({ host, user, password, waits = [1, 4, 15], signal }: RegistryOptions) {
    this.host = host;
    this.user = user;
    this.password = password;
    this.waits = waits;
    this.signal = signal;
  }

  /**
   * The manifest with this tag or digest; null if there is none.
   * @throws SetupError if the registry refuses the login, has no such repository, or has an image there that
   * SageMaker refuses; AwsError if it does not answer
   */
  async manifest(repository: string, reference: string): Promise<Manifest | null> {
    const { response, body } = await this.retried(async () => {
      const answer = await this.#request(`/v2/${repository}/manifests/${reference}`, {
        headers: { Accept: MANIFEST_TYPES.join(', ') },
        expected: [200, 404],
      });
      return { response: answer, body: Buffer.from(await answer.arrayBuffer()) };
    });
    if (response.status === 404) {
      if (!body.includes('NAME_UNKNOWN')) return null;
      throw new SetupError(missingRepository(`${this.host}/${repository}`));
    }
    const mediaType = response.headers.get('content-type')?.split(';')[0]?.trim() ?? '';
    const digest = digestOf(body);
    const claimed = response.headers.get('docker-content-digest') ?? digest;
    const wanted = reference.startsWith('sha256:') ? reference : digest;
    if (digest !== claimed || digest !== wanted) {
      throw new SetupError(
        `${this.host}/${repository}: ${reference}: got content of ${digest}, expected ${wanted}; something on the network changes it`,
      );
    }
    const image = reference === wanted ? `${repository}@${digest}` : `${repository}:${reference}`;
    requireMediaTypes(`${this.host}/${image}`, { mediaType, bytes: body });
    return { digest, mediaType, bytes: body };
  }

  /** Adds a manifest, byte for byte. The repository must already have its blobs. */
  async putManifest(repository: string, tag: string, manifest: Manifest): Promise<void> {
    const put = () =>
      this.#request(`/v2/${repository}/manifests/${tag}`, {
        method: 'PUT',
        headers: { 'Content-Type': manifest.mediaType },
        body: manifest.bytes,
        expected: [201],
      });
    const response = await this.retried(put);
    await response.arrayBuffer();
  }

  async hasBlob(repository: string, digest: string): Promise<boolean> {
    const head = () =>
      this.#request(`/v2/${repository}/blobs/${digest}`, { method: 'HEAD', expected: [200, 404] });
    return (await this.retried(head)).status === 200;
  }

  /** Copies a blob from a repository of this registry or another; mounts it if the registry can, otherwise sends it. */
  async copyBlob(repository: string, blob: Descriptor, source: Registry, from: string): Promise<void> {
    const mount = source.host === this.host ? `?mount=${blob.digest}&from=${encodeURIComponent(from)}` : '';
    await this.retried(async () => {
      const opened = await this.#request(`/v2/${repository}/blobs/uploads/${mount}`, {
        method: 'POST',
        expected: [201, 202],
      });
      await opened.arrayBuffer();
      if (opened.status === 201) return;
      const blobBody = await source.#request(`/v2/${from}/blobs/${blob.digest}`, { expected: [200] });
      const sent = await this.#request(location(opened), {
        method: 'PATCH',
        headers: { 'Content-Type': 'application/octet-stream' },
        body: blobBody.body,
        expected: [202, 204],
      });
      await sent.arrayBuffer();
      const end = new URL(location(sent), this.#root());
      end.searchParams.set('digest', blob.digest);
      // The registry checks the bytes against the digest.
      const closed = await this.#request(end.href, { method: 'PUT', expected: [201] });
      await closed.arrayBuffer();
    });
  }

  /** Retries, after a wait, if the network or the registry failed; throws a refusal at once. */
  async retried<T>(attempt: () => Promise<T>): Promise<T> {
    for (const wait of this.waits) {
      try {
        return await attempt();
      } catch (error) {
        this.signal?.throwIfAborted();
        if (!(error instanceof AwsError)) throw error;
      }
      await delay(wait * 1000, undefined, this.signal && { signal: this.signal });
    }
    return await attempt();
  }

  #root(): string {
    const local = /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:\d+)?$/.test(this.host);
    return `${local ? 'http' : 'https'}://${this.host}`;
  }

  async #request(
    path: string,
    {
      expected,
      ...request
    }: Omit<RequestInit, 'headers'> & {
      headers?: Record<string, string>;
      expected: readonly number[];
    },
  ): Promise<Response> {
    const url = new URL(path, this.#root());
    const what = `${request.method ?? 'GET'} ${this.host}${url.pathname}`;
    // The login is for this registry only, not for a storage that it redirects to.
    const authorization =
      url.host === this.host
        ? { Authorization: `Basic ${Buffer.from(`${this.user}:${this.password}`).toString('base64')}` }
        : {};
    let response: Response;
    try {
      response = await fetch(url, {
        ...request,
        headers: { ...request.headers, ...authorization },
        ...(this.signal && { signal: this.signal }),
        duplex: 'half',
      } as RequestInit);
    } catch (error) {
      this.signal?.throwIfAborted();
      const cause = (error as Error).cause;
      throw new AwsError(
        `${what}: the registry could not be reached; check the network (${cause instanceof Error ? cause.message : (error as Error).message})`,
        { cause: error },
      );
    }
    const { status } = response;
    if (expected.includes(status)) return response;
    const told = (await response.text().catch(() => '')).replace(/\s+/g, ' ').slice(0, 300);
    if (status === 429 || status >= 500) {
      throw new AwsError(`${what}: the registry failed with status ${status}: ${told}`);
    }
    if (status === 401 || status === 403) {
      throw new SetupError(
        `${what}: the registry refused it (status ${status}: ${told}); expected AWS credentials of a role that may use ` +
          'this repository, not expired: try `aws sso login`',
      );
    }
    if (status === 404) throw new SetupError(`${missingRepository(what)} (${told})`);
    throw new SetupError(`${what}: got status ${status}, expected ${expected.join(' or ')}: ${told}`);
  }
}

/** The blobs of an image: its configuration and its layers. */
export function blobsOf(manifest: Manifest): Descriptor[] {
  const { config, layers } = JSON.parse(manifest.bytes.toString('utf8')) as {
    config: Descriptor;
    layers: Descriptor[];
  };
  // The same layer may occur twice.
  return [...new Map([config, ...layers].map((blob) => [blob.digest, blob])).values()];
}

export const missingRepository = (repository: string): string =>
  `${repository}: got no such image repository, expected a deployed environment: npm run deploy -- --environment NAME`;

function digestOf(bytes: Buffer): string {
  return `sha256:${createHash('sha256').update(bytes).digest('hex')}`;
}

function location(response: Response): string {
  const found = response.headers.get('location');
  if (found === null) throw new SetupError(`${response.url}: got no Location for the upload, expected one`);
  return found;
}
