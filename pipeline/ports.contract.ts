import { readFile } from 'node:fs/promises';
import { describe, expect, test } from '@jest/globals';
import { ConflictError, NotFoundError } from './errors.ts';
import { sha256 } from './hash.ts';
import { packageKey } from './package-key.ts';
import type { Images, Ledger, PackageDescription, Registry, Storage } from './ports.ts';

/*
 * Tests for every implementation of a port. `open` makes empty state and returns a function that opens clients of it,
 * each as another process would.
 */

/** Ids that are special in a file system, a URI or a JavaScript object. */
const oddIds = [
  '.',
  '..',
  '...',
  'a/b',
  'a%2Fb',
  'a',
  'b ',
  ' b',
  '__proto__',
  'constructor',
  'ü',
  'u\u0308',
  '😀',
  '｡',
  'back\\slash',
  'c:d',
  'q?*"<>|',
  '1.json',
  '10',
  '9',
];

const inCodePointOrder = (texts: readonly string[]): string[] =>
  [...texts].sort((a, b) => {
    const [x, y] = [Array.from(a, code), Array.from(b, code)];
    const at = x.findIndex((point, index) => point !== y[index]);
    return at < 0 ? x.length - y.length : (x[at] ?? 0) - (y[at] ?? -1);
  });
const code = (character: string): number => character.codePointAt(0) ?? 0;

export function storageContract(name: string, open: () => Promise<() => Storage>): void {
  describe(`${name} as Storage`, () => {
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    const uris = async (storage: Storage, prefix: string) =>
      (await storage.list(prefix)).map(({ uri }) => uri);

    test('reads what was written, byte for byte, also by another client', async () => {
      const client = await open();
      const bytes = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      await client().write('s3://bucket/a/bytes', bytes);
      await client().write('s3://bucket/a/text', 'größer 😀\n');
      await client().write('s3://bucket/a/empty', '');
      expect(Uint8Array.from(await client().read('s3://bucket/a/bytes'))).toEqual(bytes);
      expect(text(await client().read('s3://bucket/a/text'))).toBe('größer 😀\n');
      expect(await client().read('s3://bucket/a/empty')).toHaveLength(0);
    });

    test('reads a part, and no more than there is', async () => {
      const storage = (await open())();
      await storage.write('s3://bucket/key', '0123456789');
      const part = async (start: number, end: number) =>
        text(await storage.readRange('s3://bucket/key', start, end));
      expect(await part(0, 4)).toBe('0123');
      expect(await part(4, 10)).toBe('456789');
      expect(await part(8, 100)).toBe('89');
      expect(await part(10, 20)).toBe('');
      await expect(storage.readRange('s3://bucket/none', 0, 1)).rejects.toThrow(NotFoundError);
    });

    test('a write replaces the object', async () => {
      const storage = (await open())();
      await storage.write('s3://bucket/key', 'a long first value');
      await storage.write('s3://bucket/key', 'short');
      expect(text(await storage.read('s3://bucket/key'))).toBe('short');
    });

    test('what is not there is NotFoundError, and named', async () => {
      const storage = (await open())();
      await storage.write('s3://bucket/folder/key', 'x');
      for (const uri of [
        's3://bucket/none',
        's3://none/key',
        's3://bucket/folder',
        's3://bucket/folder/key/x',
      ]) {
        await expect(storage.read(uri)).rejects.toThrow(NotFoundError);
        await expect(storage.read(uri)).rejects.toThrow(uri);
        await expect(storage.localFile(uri)).rejects.toThrow(NotFoundError);
        expect(await storage.exists(uri)).toBe(false);
      }
      expect(await storage.exists('s3://bucket/folder/key')).toBe(true);
      expect(await uris(storage, 's3://none/')).toEqual([]);
      expect(await uris(storage, 's3://bucket/none/')).toEqual([]);
    });

    test('refuses what is no s3:// URI', async () => {
      const storage = (await open())();
      for (const uri of ['', 'key', '/etc/passwd', 's3://', 's3:///key', 'file:///etc/passwd'])
        await expect(storage.read(uri)).rejects.toThrow('expected s3://BUCKET/KEY');
    });

    test('lists by prefix of the text, in code-point order, each object once', async () => {
      const storage = (await open())();
      const keys = [
        'train/b',
        'train/a/c',
        'train/a.csv',
        'train2',
        'train',
        'test/a',
        'train/😀',
        'train/｡',
      ];
      // A key and a "folder" of the same name cannot both be on a file system.
      const written = keys.filter((key) => key !== 'train').map((key) => `s3://bucket/${key}`);
      for (const uri of written) await storage.write(uri, uri);
      await storage.write('s3://bucket2/train/other', 'x');
      for (const prefix of [
        's3://bucket/train/',
        's3://bucket/train',
        's3://bucket/tr',
        's3://bucket/train/a',
        's3://bucket/',
      ]) {
        const expected = inCodePointOrder(written.filter((uri) => uri.startsWith(prefix)));
        expect(await uris(storage, prefix)).toEqual(expected);
      }
      expect(await uris(storage, 's3://bucket')).toContain('s3://bucket/train/b');
    });

    test('an entry tells the size, and a version that changes with the content and only then', async () => {
      const storage = (await open())();
      const entry = async () => (await storage.listVersions('s3://bucket/key'))[0];
      await storage.write('s3://bucket/key', 'größer');
      const first = await entry();
      expect(first).toMatchObject({ uri: 's3://bucket/key', bytes: 8 });
      await storage.write('s3://bucket/key', 'größer');
      expect(await entry()).toEqual(first);
      await storage.write('s3://bucket/key', 'kleiner!');
      expect((await entry())?.version).not.toBe(first?.version);
    });

    test('a local file holds the bytes', async () => {
      const storage = (await open())();
      await storage.write('s3://bucket/some key+%20.csv', 'a,b\n');
      expect(await readFile(await storage.localFile('s3://bucket/some key+%20.csv'), 'utf8')).toBe('a,b\n');
    });

    test('describes an object by its content, and takes over what was written once', async () => {
      const storage = (await open())();
      await storage.write('s3://bucket/jobs/some key+%20/model', 'größer');
      const described = await storage.describe('s3://bucket/jobs/some key+%20/model');
      expect(described).toMatchObject({ bytes: 8, sha256: sha256('größer'), version: expect.any(String) });
      const copied = await storage.take('s3://bucket/jobs/some key+%20/model', 's3://bucket/kept/model');
      expect(copied).toEqual(await storage.describe('s3://bucket/kept/model'));
      expect(copied).toMatchObject({ uri: 's3://bucket/kept/model', bytes: 8, sha256: sha256('größer') });
      expect(text(await storage.read('s3://bucket/kept/model'))).toBe('größer');

      await storage.write('s3://bucket/kept/model', 'other');
      const other = await storage.describe('s3://bucket/kept/model');
      expect(other?.version).not.toBe(copied.version);
      expect(other?.sha256).toBe(sha256('other'));
      expect(await storage.describe('s3://bucket/none')).toBeNull();
      await expect(storage.take('s3://bucket/none', 's3://bucket/kept/none')).rejects.toThrow(NotFoundError);
    });

    test('readers see whole values while writers replace them', async () => {
      const client = await open();
      const value = (writer: number) => String(writer).repeat(200_000);
      const whole = new Set(Array.from({ length: 8 }, (_, writer) => value(writer)));
      await client().write('s3://bucket/key', value(0));
      const writes = Array.from({ length: 8 }, (_, writer) =>
        client().write('s3://bucket/key', value(writer)),
      );
      const reads = Array.from({ length: 20 }, async () => text(await client().read('s3://bucket/key')));
      for (const read of await Promise.all(reads)) expect(whole.has(read)).toBe(true);
      await Promise.all(writes);
      expect(await uris(client(), 's3://bucket/')).toEqual(['s3://bucket/key']);
    });
  });
}

export function ledgerContract(name: string, open: () => Promise<() => Ledger>): void {
  describe(`${name} as Ledger`, () => {
    test('nothing is null, and an empty list', async () => {
      const ledger = (await open())();
      expect(await ledger.get('run', 'none')).toBeNull();
      expect(await ledger.list('run')).toEqual([]);
    });

    test('versions count from 1, and every client sees the newest', async () => {
      const client = await open();
      expect(await client().put('run', 'a', { n: 1 })).toEqual({ id: 'a', version: 1, value: { n: 1 } });
      expect(await client().put('run', 'a', { n: 2 })).toEqual({ id: 'a', version: 2, value: { n: 2 } });
      expect(await client().get('run', 'a')).toEqual({ id: 'a', version: 2, value: { n: 2 } });
      expect(await client().get('other', 'a')).toBeNull();
    });

    test('keeps any JSON value', async () => {
      const ledger = (await open())();
      const value = JSON.parse(
        '{"__proto__":{"a":1},"text":"größer 😀\\u0000\\n","list":[null,true,-1e-300],"":0}',
      );
      await ledger.put('run', 'a', value);
      expect((await ledger.get('run', 'a'))?.value).toEqual(value);
    });

    test('a conditional write needs the version that is there', async () => {
      const ledger = (await open())();
      await expect(ledger.putIf('champion', 'current', 'x', 1)).rejects.toThrow(ConflictError);
      expect(await ledger.get('champion', 'current')).toBeNull();
      expect((await ledger.putIf('champion', 'current', 'a', 0)).version).toBe(1);
      await expect(ledger.putIf('champion', 'current', 'b', 0)).rejects.toThrow(ConflictError);
      await expect(ledger.putIf('champion', 'current', 'b', 2)).rejects.toThrow(ConflictError);
      expect((await ledger.putIf('champion', 'current', 'b', 1)).version).toBe(2);
      expect(await ledger.get('champion', 'current')).toEqual({ id: 'current', version: 2, value: 'b' });
    });

    test('of 50 conditional writes at once exactly one wins', async () => {
      const client = await open();
      await client().put('champion', 'current', 'before');
      const writes = await Promise.allSettled(
        Array.from({ length: 50 }, (_, writer) => client().putIf('champion', 'current', writer, 1)),
      );
      const won = writes.flatMap((write, writer) => (write.status === 'fulfilled' ? [writer] : []));
      const lost = writes.flatMap((write) => (write.status === 'rejected' ? [write.reason] : []));
      expect(won).toHaveLength(1);
      for (const error of lost) expect(error).toBeInstanceOf(ConflictError);
      expect(await client().get('champion', 'current')).toEqual({ id: 'current', version: 2, value: won[0] });
    });

    test('50 plain writes at once all count', async () => {
      const client = await open();
      const items = await Promise.all(Array.from({ length: 50 }, (_, n) => client().put('run', 'a', n)));
      const newest = items.find(({ version }) => version === 50);
      expect(new Set(items.map(({ version }) => version)).size).toBe(50);
      expect(await client().get('run', 'a')).toEqual(newest);
    });

    test('odd ids stay apart, and are listed in code-point order', async () => {
      const client = await open();
      for (const id of oddIds) await client().put('run', id, { of: id });
      for (const id of oddIds)
        expect(await client().get('run', id)).toEqual({ id, version: 1, value: { of: id } });
      expect((await client().list('run')).map(({ id }) => id)).toEqual(inCodePointOrder(oddIds));
      expect(await client().get('run', 'A')).toBeNull();
    });

    test('a list holds the newest version of every item of the kind, and no other', async () => {
      const ledger = (await open())();
      await ledger.put('run', 'b', 1);
      await ledger.put('run', 'b', 2);
      await ledger.put('run', 'a', 3);
      await ledger.put('runs', 'c', 4);
      expect(await ledger.list('run')).toEqual([
        { id: 'a', version: 1, value: 3 },
        { id: 'b', version: 2, value: 2 },
      ]);
    });
  });
}

/** `open` takes the group of packages. */
export function registryContract(name: string, open: () => Promise<(group: string) => Registry>): void {
  describe(`${name} as Registry`, () => {
    test('numbers packages from 1, pending, newest first', async () => {
      const registry = await open();
      const first = await registry('churn').register(description('a'));
      expect(first).toEqual({ ...description('a'), name: 'churn/1', status: 'PendingManualApproval' });
      for (let n = 2; n <= 11; n++) await registry('churn').register(description(`${n}`));
      const names = (await registry('churn').list()).map((item) => item.name);
      expect(names).toEqual(Array.from({ length: 11 }, (_, n) => `churn/${11 - n}`));
      expect(await registry('churn').get('churn/1')).toEqual(first);
    });

    test('lists as many of the newest as are asked for', async () => {
      const registry = (await open())('churn');
      expect(await registry.list(3)).toEqual([]);
      for (let n = 1; n <= 5; n++) await registry.register(description(`${n}`));
      await registry.approve('churn/4', 'Approved', 'better');
      expect(await registry.list(2)).toEqual([
        { name: 'churn/5', status: 'PendingManualApproval' },
        { name: 'churn/4', status: 'Approved' },
      ]);
      expect(await registry.list(9)).toHaveLength(5);
    });

    test('finds a package by what it was made from, and nothing by half of it', async () => {
      const registry = await open();
      const key = packageKey(description('a'));
      expect(await registry('churn').find(key)).toBeNull();
      const made = await registry('churn').register(description('a'));
      for (let n = 0; n < 10; n++) await registry('churn').register(description(`${n}`));
      await registry('churn').approve(made.name, 'Approved', 'better');
      expect(await registry('churn').find(key)).toEqual({ ...made, status: 'Approved' });
      for (const other of [
        { fingerprint: 'b' },
        { artifact: 's3://bucket/b' },
        { config: 'b' },
        { code: 'b' },
      ])
        expect(await registry('churn').find(packageKey({ ...description('a'), ...other }))).toBeNull();
    });

    test('knows its own group only', async () => {
      const registry = await open();
      await registry('churn').register(description('a'));
      expect((await registry('churn-2').register(description('b'))).name).toBe('churn-2/1');
      expect((await registry('churn').list()).map((item) => item.name)).toEqual(['churn/1']);
    });

    test('gives two packages of one moment two numbers', async () => {
      const registry = await open();
      const made = await Promise.all(
        Array.from({ length: 10 }, (_, n) => registry('churn').register(description(`${n}`))),
      );
      const names = made.map((item) => item.name);
      expect(new Set(names)).toEqual(new Set(Array.from({ length: 10 }, (_, n) => `churn/${n + 1}`)));
      for (const item of made) expect(await registry('churn').get(item.name)).toEqual(item);
    });

    test('approval changes the status alone', async () => {
      const registry = await open();
      const made = await registry('churn').register(description('a'));
      await registry('churn').approve(made.name, 'Approved', 'it is better');
      await registry('churn').approve(made.name, 'Approved', 'said again');
      expect(await registry('churn').get(made.name)).toMatchObject({ ...made, status: 'Approved' });
      await registry('churn').approve(made.name, 'Rejected', 'it is not');
      expect((await registry('churn').list())[0]?.status).toBe('Rejected');
    });

    test('what is not there: null to get, NotFoundError to approve', async () => {
      const registry = (await open())('churn');
      expect(await registry.get('churn/1')).toBeNull();
      await expect(registry.approve('churn/1', 'Approved', '')).rejects.toThrow(NotFoundError);
      expect(await registry.list()).toEqual([]);
    });
  });
}

/** `open` also gives an image that is there, one that is not, and one of another repository. */
export function imagesContract(
  name: string,
  open: () => Promise<{ images: Images; there: string; gone: string; elsewhere: string }>,
): void {
  describe(`${name} as Images`, () => {
    test('an image that is there is held, judged or always, and again', async () => {
      const { images, there } = await open();
      for (const how of ['judged', 'judged', 'always', 'always', 'judged'] as const)
        expect([how, await images.hold(there, how)]).toEqual([how, 'held']);
    });

    test('of one call in many places at once each succeeds', async () => {
      const { images, there } = await open();
      const held = await Promise.all(Array.from({ length: 8 }, () => images.hold(there, 'always')));
      expect(new Set(held)).toEqual(new Set(['held']));
    });

    test('what is not there, or in another repository, is told', async () => {
      const { images, gone, elsewhere } = await open();
      expect(await images.hold(gone, 'always')).toBe('gone');
      expect(await images.hold(elsewhere, 'judged')).toBe('elsewhere');
    });
  });
}

/** What a run registers. */
export function description(fingerprint: string): PackageDescription {
  return {
    fingerprint,
    execution: 'execution-1',
    image: 'model@sha256:0',
    artifact: 's3://bucket/model.tar.gz',
    hyperparameters: { C: '0.3' },
    threshold: 0.5,
    data: { source: 'data.csv', version: '1' },
    preparation: {
      key: 'key',
      settings: 's3://bucket/prepare.json',
      script: null,
      manifest: 's3://bucket/manifest.json',
    },
    config: 's3://bucket/config.json',
    code: 's3://bucket/code.json',
    verdict: 's3://bucket/verdict.json',
    evidence: 's3://bucket/evidence.json',
    outcome: 'promote',
    metrics: { roc_auc: 0.9 },
    created_at: '2026-01-01T00:00:00.000Z',
  };
}
