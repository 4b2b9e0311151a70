/**
 * GitHub's releases with state that stays. Bodies are checked against GitHub's own description of its API; what it does not
 * say is from docs.github.com: only who may push sees drafts, assets go to another address, and an immutable release takes
 * none once it is published (docs.github.com/code-security/concepts/supply-chain-security/immutable-releases).
 */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { whyInvalid } from '../../pipeline/github/request-bodies.fixture.ts';

interface Release {
  id: number;
  tag_name: string;
  name: string;
  body: string;
  draft: boolean;
  make_latest: string;
  assets: Map<string, Buffer>;
}

type Refused = { status: number; message: string };

export class GitHubReleases {
  releases: Release[] = [];
  /** `METHOD /path` of each request. */
  readonly requests: string[] = [];
  /** The status of the next upload, if it fails. */
  failNextUpload: number | null = null;
  readonly #server: Server;
  readonly #repository: string;
  #ids = 0;

  private constructor(repository: string) {
    this.#repository = repository;
    this.#server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method = 'GET', url = '/', headers } = request;
        this.requests.push(`${method} ${url.replace(/\?.*$/, '')}`);
        const { status, body } = headers.authorization?.startsWith('Bearer ')
          ? this.#answer(method, url, Buffer.concat(chunks))
          : { status: 401, body: { message: 'Requires authentication' } };
        response
          .writeHead(status, { 'content-type': 'application/json' })
          .end(body === undefined ? '' : JSON.stringify(body));
      });
    });
  }

  static async start(repository: string): Promise<GitHubReleases> {
    const fake = new GitHubReleases(repository);
    await new Promise<void>((resolve) => fake.#server.listen(0, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #answer(method: string, url: string, bytes: Buffer): { status: number; body?: unknown } {
    const { pathname, searchParams } = new URL(url, this.url);
    const upload = /^\/uploads\/(\d+)$/.exec(pathname);
    const found = new RegExp(`^/repos/${this.#repository}/releases(?:/(\\d+))?$`).exec(pathname);
    try {
      if (upload !== null && method === 'POST')
        return this.#upload(this.#release(upload[1]), searchParams.get('name') ?? '', bytes);
      if (found === null) return { status: 404, body: { message: 'Not Found' } };
      if (method === 'GET') return { status: 200, body: this.releases.map((one) => this.#shown(one)) };
      if (method === 'DELETE') {
        const { id } = this.#release(found[1]);
        this.releases = this.releases.filter((release) => release.id !== id);
        return { status: 204 };
      }
      const body = JSON.parse(bytes.toString()) as Partial<Release>;
      const invalid = whyInvalid(
        found[1] === undefined ? 'POST /releases' : 'PATCH /releases/{release_id}',
        body,
      );
      if (invalid !== undefined) return { status: 422, body: { message: invalid } };
      if (method === 'PATCH')
        return { status: 200, body: this.#shown(Object.assign(this.#release(found[1]), body)) };
      if (this.releases.some(({ tag_name, draft }) => tag_name === body.tag_name && !draft))
        return {
          status: 422,
          body: {
            message: 'Validation Failed',
            errors: [{ resource: 'Release', code: 'already_exists', field: 'tag_name' }],
          },
        };
      const made = {
        name: '',
        body: '',
        draft: false,
        make_latest: 'true',
        tag_name: '',
        ...body,
        id: ++this.#ids,
        assets: new Map(),
      };
      this.releases.push(made);
      return { status: 201, body: this.#shown(made) };
    } catch (refused) {
      const { status, message } = refused as Refused;
      return { status, body: { message } };
    }
  }

  #release(id: string | undefined): Release {
    const release = this.releases.find((each) => each.id === Number(id));
    if (release === undefined) throw { status: 404, message: 'Not Found' } satisfies Refused;
    return release;
  }

  #upload(release: Release, name: string, bytes: Buffer): { status: number; body: unknown } {
    const status = this.failNextUpload;
    this.failNextUpload = null;
    if (status !== null) return { status, body: { message: 'Upload failed' } };
    if (!release.draft)
      return { status: 422, body: { message: 'Cannot upload assets to an immutable release.' } };
    if (release.assets.has(name))
      return { status: 422, body: { message: 'Validation Failed', errors: [{ code: 'already_exists' }] } };
    release.assets.set(name, bytes);
    return { status: 201, body: { name } };
  }

  #shown({ assets, ...release }: Release): object {
    return {
      ...release,
      html_url: `https://github.com/${this.#repository}/releases/tag/${release.tag_name}`,
      upload_url: `${this.url}/uploads/${release.id}{?name,label}`,
      assets: [...assets.keys()].map((name) => ({ name })),
    };
  }
}
