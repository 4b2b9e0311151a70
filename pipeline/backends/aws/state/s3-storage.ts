import { createHash } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdir, mkdtemp, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  GetObjectCommand,
  HeadObjectCommand,
  type HeadObjectCommandOutput,
  ListObjectsV2Command,
  ListObjectVersionsCommand,
  PutObjectCommand,
  type S3Client,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { byCodePoint } from '../../../code-points.ts';
import { NotFoundError, RewrittenError, SetupError } from '../../../errors.ts';
import type { ObjectVersion, Storage, StoredObject, StoredVersion } from '../../../ports.ts';

/** The largest object that one request can write, in bytes. */
const largestObject = 5 * 1024 ** 3;

/** Files up to this size, in bytes, are read into memory, because the client cannot retry a stream. */
const largestRetried = 64 * 1024 ** 2;

/** The parts of a larger copy, in bytes, and how many are copied at a time. S3 takes at most 10,000. */
const partSize = 1024 ** 3;
const partsAtOnce = 8;

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
    await this.#put(uri, { Body, ContentLength: size, IfNoneMatch: '*', ChecksumAlgorithm: 'SHA256' });
  }

  /** Like copyIn, for a text. */
  async create(uri: string, text: string): Promise<void> {
    if (!(await this.exists(uri)))
      await this.#put(uri, { Body: text, IfNoneMatch: '*', ChecksumAlgorithm: 'SHA256' });
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
    return await this.listVersions(prefix);
  }

  async listVersions(prefix: string): Promise<StoredVersion[]> {
    const { Bucket, Key: Prefix } = locationOf(prefix);
    const objects: StoredVersion[] = [];
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

  /** S3 keeps the SHA-256 of what a single request wrote or copied with that checksum; other objects are read. */
  async describe(uri: string): Promise<ObjectVersion | null> {
    let head: HeadObjectCommandOutput;
    try {
      head = await this.#client.send(new HeadObjectCommand({ ...objectOf(uri), ChecksumMode: 'ENABLED' }));
    } catch (error) {
      if (isMissing(error)) return null;
      throw error;
    }
    const { VersionId: version = 'null', ContentLength: bytes = 0, ChecksumSHA256 } = head;
    const sha256 = hexOf(ChecksumSHA256) ?? (await this.#sha256(uri, version));
    return { uri, bytes, version, sha256 };
  }

  /** Copies the only version: the job's own object expires with the folder of jobs. */
  async take(from: string, to: string): Promise<ObjectVersion> {
    const { version, bytes } = await this.#onlyVersion(from);
    const source = objectOf(from);
    const CopySource = `${source.Bucket}/${source.Key.split('/').map(encodeURIComponent).join('/')}?versionId=${version}`;
    if (bytes > largestObject) await this.#copyParts(CopySource, bytes, objectOf(to));
    else
      await this.#client.send(
        new CopyObjectCommand({ ...objectOf(to), CopySource, ChecksumAlgorithm: 'SHA256' }),
      );
    const copied = await this.describe(to);
    if (copied === null) throw new NotFoundError(`${to}: it was copied, but is not there`);
    return copied;
  }

  /** The object's version, which must be the only one. */
  async #onlyVersion(uri: string): Promise<{ version: string; bytes: number }> {
    const { Bucket, Key } = objectOf(uri);
    const { Versions = [], DeleteMarkers = [] } = await this.#client.send(
      // Versions come newest first, by key. An object's own come before those of keys that it is the start of.
      new ListObjectVersionsCommand({ Bucket, Prefix: Key, MaxKeys: 3 }),
    );
    const [only, ...more] = Versions.filter((each) => each.Key === Key);
    const deleted = DeleteMarkers.some((each) => each.Key === Key);
    if (only === undefined && !deleted) throw new NotFoundError(`${uri}: no such object`);
    if (only === undefined || more.length > 0 || deleted) {
      throw new RewrittenError(
        `${uri}: got more than one version, expected that only the job that made it wrote it; run again`,
      );
    }
    return { version: only.VersionId ?? 'null', bytes: only.Size ?? 0 };
  }

  /** Copies an object that is too large for one request. */
  async #copyParts(
    CopySource: string,
    bytes: number,
    target: { Bucket: string; Key: string },
  ): Promise<void> {
    const { UploadId } = await this.#client.send(new CreateMultipartUploadCommand(target));
    const upload = { ...target, UploadId };
    try {
      const Parts: CompletedPart[] = [];
      for (let start = 0; start < bytes; start += partSize * partsAtOnce) {
        const starts = Array.from({ length: partsAtOnce }, (_, index) => start + index * partSize);
        const copied = starts
          .filter((at) => at < bytes)
          .map(async (at) => {
            const PartNumber = at / partSize + 1;
            const CopySourceRange = `bytes=${at}-${Math.min(at + partSize, bytes) - 1}`;
            const { CopyPartResult } = await this.#client.send(
              new UploadPartCopyCommand({ ...upload, CopySource, CopySourceRange, PartNumber }),
            );
            return { PartNumber, ETag: CopyPartResult?.ETag };
          });
        Parts.push(...(await Promise.all(copied)));
      }
      await this.#client.send(new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts } }));
    } catch (error) {
      await this.#client.send(new AbortMultipartUploadCommand(upload)).catch(() => {});
      throw error;
    }
  }

  async #sha256(uri: string, version: string): Promise<string> {
    const { Body } = await this.#get(uri, undefined, version);
    const hash = createHash('sha256');
    await pipeline(Body as unknown as Readable, hash);
    return hash.digest('hex');
  }

  async #get(uri: string, Range?: string, version = 'null') {
    try {
      const { Body } = await this.#client.send(
        new GetObjectCommand({
          ...objectOf(uri),
          ...(Range !== undefined && { Range }),
          ...(version !== 'null' && { VersionId: version }),
        }),
      );
      if (Body === undefined) throw new Error(`${uri}: got no body`);
      return { Body };
    } catch (error) {
      throw isMissing(error) ? new NotFoundError(`${uri}: no such object`) : error;
    }
  }

  async #put(
    uri: string,
    body: Pick<
      ConstructorParameters<typeof PutObjectCommand>[0],
      'Body' | 'ChecksumAlgorithm' | 'ContentLength' | 'IfNoneMatch'
    >,
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

/** The hash of a checksum in base64; undefined if it is that of a multipart upload, which covers the parts' hashes. */
const hexOf = (checksum: string | undefined): string | undefined =>
  checksum === undefined || checksum.includes('-')
    ? undefined
    : Buffer.from(checksum, 'base64').toString('hex');

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
