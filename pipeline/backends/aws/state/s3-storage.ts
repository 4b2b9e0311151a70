import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { byCodePoint } from '../../../code-points.ts';
import { NotFoundError, SetupError } from '../../../errors.ts';
import type { Storage, StoredObject } from '../../../ports.ts';

/** The largest object that one request can write, in bytes. */
const largestObject = 5 * 1024 ** 3;

/** Files up to this size, in bytes, are read into memory, because the client cannot retry a stream. */
const largestRetried = 64 * 1024 ** 2;

/** Storage on S3. An object's version is its ETag. */
export class S3Storage implements Storage {
  readonly #client: S3Client;
  #folder: Promise<string> | null = null;
  #files = 0;

  constructor(client: S3Client) {
    this.#client = client;
  }

  async read(uri: string): Promise<Uint8Array> {
    const { Body } = await this.#get(uri);
    return await Body.transformToByteArray();
  }

  async readRange(uri: string, start: number, end: number): Promise<Uint8Array> {
    try {
      const { Body } = await this.#get(uri, `bytes=${start}-${end - 1}`);
      return await Body.transformToByteArray();
    } catch (error) {
      // The range starts at or after the object's end.
      if ((error as Error).name === 'InvalidRange') return new Uint8Array();
      throw error;
    }
  }

  /** Removes the files that `localFile` made. */
  async removeLocalFiles(): Promise<void> {
    const folder = await this.#folder;
    this.#folder = null;
    if (folder !== null) await rm(folder, { recursive: true, force: true });
  }

  async write(uri: string, bytes: Uint8Array | string): Promise<void> {
    // The client cannot tell the length of an empty body.
    await this.#put(uri, { Body: bytes, ContentLength: Buffer.byteLength(bytes) });
  }

  /**
   * Uploads a file to a URI that names its content, unless it is there. A policy can enforce this with the condition
   * key s3:if-none-match, so that nobody can replace what another run will read.
   */
  async copyIn(path: string, uri: string): Promise<void> {
    if (await this.exists(uri)) return;
    const { size } = await stat(path);
    if (size > largestObject) {
      throw new SetupError(
        `${path}: got ${size} bytes, expected at most ${largestObject}; upload it to a bucket and use its s3:// URI`,
      );
    }
    const Body = size <= largestRetried ? await readFile(path) : createReadStream(path);
    await this.#put(uri, { Body, ContentLength: size, IfNoneMatch: '*' });
  }

  /** Like copyIn, for a text. */
  async create(uri: string, text: string): Promise<void> {
    if (!(await this.exists(uri))) await this.#put(uri, { Body: text, IfNoneMatch: '*' });
  }

  async exists(uri: string): Promise<boolean> {
    try {
      await this.#client.send(new HeadObjectCommand(objectOf(uri)));
      return true;
    } catch (error) {
      if (isMissing(error)) return false;
      throw error;
    }
  }

  async list(prefix: string): Promise<StoredObject[]> {
    const { Bucket, Key: Prefix } = locationOf(prefix);
    const objects: StoredObject[] = [];
    let token: string | undefined;
    do {
      const page = await this.#client
        .send(
          new ListObjectsV2Command({
            Bucket,
            Prefix,
            ...(token !== undefined && { ContinuationToken: token }),
          }),
        )
        .catch((error: unknown) => {
          if (isMissing(error)) return { Contents: [], NextContinuationToken: undefined };
          throw error;
        });
      for (const { Key = '', Size = 0, ETag = '' } of page.Contents ?? [])
        objects.push({ uri: `s3://${Bucket}/${Key}`, bytes: Size, version: ETag.replaceAll('"', '') });
      token = page.NextContinuationToken;
    } while (token !== undefined);
    return objects.sort((a, b) => byCodePoint(a.uri, b.uri));
  }

  async localFile(uri: string): Promise<string> {
    const { Body } = await this.#get(uri);
    this.#folder ??= mkdtemp(join(tmpdir(), 'mlops-s3-'));
    // One folder per file, because two may have the same name, and the name's extension tells the format.
    const folder = join(await this.#folder, String(this.#files++));
    await mkdir(folder);
    const path = join(folder, basename(objectOf(uri).Key));
    await pipeline(Body as unknown as Readable, createWriteStream(`${path}.draft`));
    await rename(`${path}.draft`, path);
    return path;
  }

  async #get(uri: string, Range?: string) {
    try {
      const { Body } = await this.#client.send(
        new GetObjectCommand({ ...objectOf(uri), ...(Range !== undefined && { Range }) }),
      );
      if (Body === undefined) throw new Error(`${uri}: got no body`);
      return { Body };
    } catch (error) {
      throw isMissing(error) ? new NotFoundError(`${uri}: no such object`) : error;
    }
  }

  async #put(
    uri: string,
    body: Pick<ConstructorParameters<typeof PutObjectCommand>[0], 'Body' | 'ContentLength' | 'IfNoneMatch'>,
  ): Promise<void> {
    const { Bucket, Key } = objectOf(uri);
    try {
      await this.#client.send(new PutObjectCommand({ Bucket, Key, ...body }));
    } catch (error) {
      const { name } = error as Error;
      // Another writer was faster. The URI names the content, so the object is the same.
      if (body.IfNoneMatch && ['PreconditionFailed', 'ConditionalRequestConflict'].includes(name)) return;
      if (name === 'NoSuchBucket') {
        throw new SetupError(
          `${uri}: got no bucket ${Bucket}, expected a deployed environment: npm run deploy -- --environment NAME`,
        );
      }
      throw error;
    }
  }
}

const isMissing = (error: unknown): boolean =>
  ['NoSuchKey', 'NoSuchBucket', 'NotFound'].includes((error as Error).name);

function locationOf(uri: string): { Bucket: string; Key: string } {
  const [, Bucket, Key = ''] = /^(?:s3:\/\/|https:\/\/s3\.[^/]+\/)([^/]+)(?:\/(.*))?$/s.exec(uri) ?? [];
  if (Bucket === undefined) throw new Error(`${uri}: expected s3://BUCKET/KEY`);
  return { Bucket, Key };
}

function objectOf(uri: string): { Bucket: string; Key: string } {
  const location = locationOf(uri);
  if (location.Key === '') throw new Error(`${uri}: expected s3://BUCKET/KEY`);
  return location;
}
