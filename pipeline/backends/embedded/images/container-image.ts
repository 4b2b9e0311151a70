import { randomUUID } from 'node:crypto';
import { chmod, lstat, opendir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SetupError } from '../../../errors.ts';
import { buildImage } from '../../../image/build-image.ts';
import { clientEnvironment, lastLines, runDocker } from '../../../image/docker.ts';
import { hasEnded, ownerOf } from '../owner.ts';
import type { Image, Program, ProgramOptions } from './image.ts';
import { startCommand } from './process-group.ts';

/** Labels each container with the process that runs it, so that the containers of a killed process can be removed. */
const OWNER_LABEL = 'mlops.owner';
const STOP_ATTEMPTS = 50;
/** A program that forks without end fills this number and not the machine's table of processes. */
const MOST_PROCESSES = 4096;
/** The program `chown` is the image's own, so it may do anything, or nothing. */
const CHOWN_SECONDS = 300;
/** Files and folders that are looked at to see whether any has another owner. */
const MOST_LOOKED_AT = 20_000;

/** `isolated`: the program has no network, like SageMaker's network isolation. */
type ContainerOptions = ProgramOptions & { readonly isolated?: boolean };

/**
 * Opens an image that Docker runs as SageMaker does: `IMAGE train` or `IMAGE serve` with the job's folder at /opt/ml.
 * With `folder` the image is built from it and tagged with the content's digest. Otherwise `uri` names an image by
 * digest (or a local one by id) that Docker has or pulls.
 *
 * The program runs as the user that the image names, root by default. For another user the job's folder is first made
 * writable. If files end up with another owner, the image's `chown`, run as root, gives them to this process's user,
 * so that it can read and remove them.
 * @throws SetupError if Docker cannot be reached, or the image cannot be built or pulled
 */
export async function openContainerImage(options: {
  readonly uri: string;
  readonly folder?: string;
  readonly onProgress: (line: string) => void;
}): Promise<Image> {
  const { uri, folder, onProgress } = options;
  const rootless = await checkDocker();
  await removeOrphans();
  const image = folder === undefined ? await pull(uri, onProgress) : await build(uri, folder, onProgress);
  const owner = rootless ? '0:0' : `${process.getuid?.()}:${process.getgid?.()}`;

  async function start(program: string, job: ContainerOptions): Promise<Program> {
    if (!/^(|0|root)(:|$)/.test(image.user)) await openToAll(job.baseDir);
    const name = `mlops-${program}-${randomUUID()}`;
    const client = await startCommand(
      [
        ...['docker', ...runIn(job.baseDir, { name, processes: MOST_PROCESSES }), '--init'],
        ...Object.entries(job.env).flatMap(([key, value]) => ['--env', `${key}=${value}`]),
        ...(job.port === undefined ? [] : ['--publish', `127.0.0.1:${job.port}:8080`]),
        ...(job.isolated ? ['--network', 'none'] : []),
        ...[image.id, program, ...(job.args ?? [])],
      ],
      { env: clientEnvironment(), cwd: job.baseDir, onLine: job.onLine, separateErrors: true },
    );
    let running = true;
    const exited = client.exited.then(async (exit) => {
      if (await mayHaveForeignFiles(job.baseDir)) {
        const problem = await takeOver(job.baseDir, image.id);
        if (problem !== null) job.onLine(problem);
      }
      running = false;
      return exit;
    });
    async function stop(graceSeconds: number): Promise<void> {
      // Docker refuses, or does nothing, while the container is being created, so try several times.
      for (let attempt = 0; running && attempt < STOP_ATTEMPTS; attempt++) {
        await runDocker(['stop', '--time', String(Math.ceil(graceSeconds)), name]);
        await Promise.race([exited, delay(200)]);
      }
      if (running) await runDocker(['rm', '--force', name]);
      await client.stop(1);
      await exited;
    }
    return { exited, stop };
  }

  /** Gives the job's files to this process's user; returns why it could not. */
  async function takeOver(baseDir: string, id: string): Promise<string | null> {
    const name = `mlops-chown-${randomUUID()}`;
    const run = [...runIn(baseDir, { name, processes: 16 }), '--user', '0:0', '--network', 'none'];
    const chown = ['--entrypoint', 'chown', id, '-hR', owner, '/opt/ml'];
    const signal = AbortSignal.timeout(CHOWN_SECONDS * 1000);
    const { code, output } = await runDocker([...run, ...chown], { signal });
    if (code === 0) return null;
    if (signal.aborted) await runDocker(['rm', '--force', name]);
    const why = signal.aborted
      ? `its chown did not end within ${CHOWN_SECONDS} s`
      : `the image has no chown: ${output.slice(0, 1000)}`;
    return `The files of this job keep another owner, because ${why}`;
  }
  return { uri, start };
}

/** The `docker run` of a container with a job's folder at /opt/ml, with options but no image. */
const runIn = (baseDir: string, { name, processes }: { name: string; processes: number }): string[] => [
  ...['run', '--rm', '--name', name, '--label', `${OWNER_LABEL}=${ownerOf(process.pid)}`],
  // Docker keeps no log: the job keeps what the program prints, as much as fits there.
  ...['--log-driver', 'none', '--pids-limit', String(processes)],
  ...['--mount', `type=bind,"source=${baseDir}",target=/opt/ml`],
];

interface LocalImage {
  readonly id: string;
  /** The USER of the Dockerfile; empty: root. */
  readonly user: string;
}

async function inspect(reference: string): Promise<LocalImage | undefined> {
  const { code, output } = await runDocker([
    'image',
    'inspect',
    '--format',
    '{{.Id}} {{.Config.User}}',
    reference,
  ]);
  const [id = '', user = ''] = output.trim().split(' ');
  return code === 0 ? { id, user } : undefined;
}

async function build(uri: string, folder: string, onProgress: (line: string) => void): Promise<LocalImage> {
  const [name = '', digest = ''] = uri.split('@sha256:');
  const tag = `mlops/${name.toLowerCase().replace(/[^a-z0-9]+/g, '-')}:${digest}`;
  const built = await inspect(tag);
  if (built !== undefined) return built;
  onProgress(`Building the container image of ${name} (once) ...`);
  await buildImage({ name, folder, tag });
  const image = await inspect(tag);
  if (image === undefined) throw new SetupError(`${name}: Docker built it but does not list it as ${tag}`);
  return image;
}

async function pull(uri: string, onProgress: (line: string) => void): Promise<LocalImage> {
  const local = (await inspect(uri)) ?? (await inspect(uri.slice(uri.indexOf('@') + 1)));
  if (local !== undefined) return local;
  onProgress(`Pulling ${uri} ...`);
  const { output } = await runDocker(['pull', '--quiet', uri]);
  const image = await inspect(uri);
  if (image === undefined) {
    throw new SetupError(
      `${uri}: Docker neither has this image nor can pull it (is it spelled right, are you logged in to its registry?):\n${lastLines(output)}`,
    );
  }
  return image;
}

/** Whether the daemon runs without root; then root in a container is this process's user. */
async function checkDocker(): Promise<boolean> {
  const { code, output } = await runDocker(['info', '--format', '{{json .SecurityOptions}}']);
  if (code === 0 && output.trim().startsWith('[')) return output.includes('name=rootless');
  throw new SetupError(
    `Containers need Docker, which cannot be reached; start it, or run without --containers:\n${lastLines(output)}`,
  );
}

/** Removes containers of processes of this machine that have ended without stopping them. */
async function removeOrphans(): Promise<void> {
  const format = `{{.ID}} {{.Label "${OWNER_LABEL}"}}`;
  const { output } = await runDocker(['ps', '--all', '--filter', `label=${OWNER_LABEL}`, '--format', format]);
  for (const line of output.trim().split('\n')) {
    const [id = '', owner = ''] = line.split(' ');
    if (hasEnded(owner)) await runDocker(['rm', '--force', id]);
  }
}

async function openToAll(path: string): Promise<void> {
  const status = await lstat(path);
  if (status.isSymbolicLink()) return;
  await chmod(path, status.mode | (status.isDirectory() ? 0o777 : 0o666));
  if (status.isDirectory()) for (const name of await readdir(path)) await openToAll(join(path, name));
}

/** Whether a file in the folder has another owner, as far as so many can be looked at. Follows no link. */
async function mayHaveForeignFiles(folder: string): Promise<boolean> {
  const uid = process.getuid?.();
  if (uid === undefined) return false;
  const waiting = [folder];
  let looked = 0;
  try {
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      for await (const entry of await opendir(next)) {
        const at = join(next, entry.name);
        looked += 1;
        if (looked > MOST_LOOKED_AT || (await lstat(at)).uid !== uid) return true;
        if (entry.isDirectory()) waiting.push(at);
      }
    }
  } catch {
    // A folder that cannot be read, or a path that is too long.
    return true;
  }
  return false;
}
