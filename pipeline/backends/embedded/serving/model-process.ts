import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { Agent, request as httpRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import type { Config } from '../../../config/schema.ts';
import { InputError, SetupError } from '../../../errors.ts';
import { type Contract, contractOf } from '../../../serve/contract.ts';
import { type ModelReply, ModelUnreachableError } from '../../../serve/service.ts';
import { type Manifest, readJson } from '../../../steps/context.ts';
import { requireArtifact } from '../../../steps/train/unchanged.ts';
import type { EmbeddedContext } from '../embedded-context.ts';
import type { ImageStore } from '../images/image-store.ts';
import { unpack } from '../jobs/archive.ts';
import { type StartedServer, startModelServer } from '../jobs/model-server.ts';
import { unlessMissing } from '../state/files.ts';
import { claim, isGone } from '../state/run-owner.ts';

/** Where and how packages are started. */
export interface ModelHost {
  /** The folder with all state, `.mlops`. */
  home: string;
  context: EmbeddedContext;
  images: ImageStore;
  /** Called with a sentence if a model lets one wait. */
  onNote: (line: string) => void;
}

/** A package whose `serve` runs on this machine. */
export interface ModelProcess {
  contract: Contract;
  /** Aborted when `serve` ends by itself. */
  signal: AbortSignal;
  /** The last lines that it has printed. */
  lines: readonly string[];
  /** @throws ModelUnreachableError */
  invoke(body: string | Uint8Array, contentType: string, accept?: string): Promise<ModelReply>;
  /** Ends the process, its children, and its files; SIGKILL comes after so many seconds. */
  stop(graceSeconds: number): Promise<void>;
}

/** Seconds; jobs/context.ts says what each is. */
const waits = { stop: 120, end: 5, abort: 0.7, ping: 240, quiet: 10, elsewhere: 1 };
/** SageMaker's longest invocation. */
const LONGEST_ANSWER = 60_000;
const MOST_ANSWER_BYTES = 100 * 2 ** 20;
const LAST_LINES = 20;

/** What is wrong with the named package, where it is not there. */
const noPackage = (name: string) =>
  new InputError(
    `got package ${JSON.stringify(name)}, expected one of the registry on this machine: \`npx mlops history\` lists them`,
  );

/**
 * Starts a package's model: its own image and artifact, if the artifact is still the one that was judged.
 * @throws InputError if there is no such package, ArtifactChangedError, SetupError if its image cannot start here, JobFailure
 *   if it does not come up
 */
export async function startModel(name: string, host: ModelHost, signal: AbortSignal): Promise<ModelProcess> {
  const { context, home, images, onNote } = host;
  const found = await context.registry.get(name);
  if (found === null) throw noPackage(name);
  await requireArtifact(found, context);
  const [manifest, config] = await Promise.all([
    readJson<Manifest>(context, found.preparation.manifest),
    readJson<Config>(context, found.config),
  ]);
  const contract = contractOf({ name, threshold: found.threshold, manifest, config });
  const image = await images.open(found.image);
  const folder = join(serving(home), randomUUID());
  const release = claim(join(folder, 'owner'));
  const lines: string[] = [];
  const clear = async () => {
    release();
    await rm(folder, { recursive: true, force: true });
  };
  try {
    const baseDir = join(folder, 'ml');
    await mkdir(join(baseDir, 'model'), { recursive: true });
    await unpack(await context.storage.localFile(found.artifact), join(baseDir, 'model'), signal).catch(
      (error: Error) => {
        signal.throwIfAborted();
        throw new SetupError(`${found.artifact}: expected a tar.gz of the model: ${error.message}`);
      },
    );
    const server = await startModelServer({ waits }, image, {
      baseDir,
      env: {},
      onLine: (line) => {
        lines.push(line);
        if (lines.length > LAST_LINES) lines.shift();
      },
      onNote,
      signal,
    });
    return running(server, { contract, lines, clear });
  } catch (error) {
    await clear();
    const printed = lines.map((line) => `\n    | ${line.slice(0, 400)}`).join('');
    if (error instanceof Error && printed !== '') error.message += `; its last lines:${printed}`;
    throw error;
  }
}

function running(
  { port, signal, stop }: StartedServer,
  { contract, lines, clear }: { contract: Contract; lines: readonly string[]; clear: () => Promise<void> },
): ModelProcess {
  const agent = new Agent({ keepAlive: true, maxFreeSockets: 64 });
  return {
    contract,
    signal,
    lines,
    invoke: (body, contentType, accept) =>
      send({ port, agent }, typeof body === 'string' ? Buffer.from(body) : body, {
        'Content-Type': contentType,
        ...(accept !== undefined && { Accept: accept }),
      }),
    stop: async (graceSeconds) => {
      agent.destroy();
      await stop(graceSeconds).finally(clear);
    },
  };
}

/** Posts a body over a connection that stays open: each new one would cost more than many models' answer. */
async function send(
  { port, agent }: { port: number; agent: Agent },
  payload: Uint8Array,
  headers: Record<string, string>,
): Promise<ModelReply> {
  // A server may close an idle connection at the moment in which it is used again; nothing has read the request then.
  for (;;) {
    const attempt = { reused: false };
    try {
      return await sendOnce({ port, agent }, payload, headers, attempt);
    } catch (error) {
      const { code = '' } = error as NodeJS.ErrnoException;
      if (attempt.reused && ['ECONNRESET', 'EPIPE'].includes(code)) continue;
      throw new ModelUnreachableError(`the model did not answer: ${(error as Error).message}`);
    }
  }
}

function sendOnce(
  { port, agent }: { port: number; agent: Agent },
  payload: Uint8Array,
  headers: Record<string, string>,
  attempt: { reused: boolean },
): Promise<ModelReply> {
  return new Promise((resolve, reject) => {
    const request = httpRequest(
      {
        host: '127.0.0.1',
        port,
        agent,
        method: 'POST',
        path: '/invocations',
        headers: { ...headers, 'Content-Length': payload.length },
        timeout: LONGEST_ANSWER,
      },
      (response) => {
        attempt.reused = false;
        reply(response).then(resolve, reject);
      },
    );
    request.on('timeout', () => request.destroy(new Error(`no answer within ${LONGEST_ANSWER / 1000} s`)));
    request.on('error', (error) => {
      attempt.reused = attempt.reused || request.reusedSocket;
      reject(error);
    });
    request.end(payload);
  });
}

async function reply(response: IncomingMessage): Promise<ModelReply> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > MOST_ANSWER_BYTES)
      throw new Error(`it answers more than ${MOST_ANSWER_BYTES / 2 ** 20} MB, expected fewer`);
  }
  return {
    status: response.statusCode ?? 0,
    contentType: response.headers['content-type'] ?? 'application/octet-stream',
    body: chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks),
  };
}

const serving = (home: string): string => join(home, 'serving');

/** Removes the files of processes that were killed. */
export async function removeAbandonedModels(home: string): Promise<void> {
  for (const name of (await unlessMissing(readdir(serving(home)))) ?? []) {
    const folder = join(serving(home), name);
    if ((await isGone(join(folder, 'owner'))) === true) await rm(folder, { recursive: true, force: true });
  }
}
