import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { FileError, SetupError } from '../errors.ts';
import { lastLines, runDocker } from './docker.ts';

interface BuildOptions {
  /** The image's name in messages. */
  readonly name: string;
  /** A folder with a Dockerfile. */
  readonly folder: string;
  readonly tag: string;
  /** Such as linux/amd64; default: the daemon's own. */
  readonly platform?: string;
  readonly signal?: AbortSignal;
  /** Called with Docker's output as it arrives. */
  readonly onOutput?: ((chunk: Buffer | string) => void) | undefined;
}

/**
 * Runs `docker build` on a folder. The image is in Docker's own format, since SageMaker refuses OCI's (media-types.ts).
 * @throws FileError if there is no Dockerfile, its base image cannot be pulled or the build fails
 */
export async function buildImage(options: BuildOptions): Promise<void> {
  const { name, folder, tag, platform, signal, onOutput } = options;
  const file = join(folder, 'Dockerfile');
  const dockerfile = await readFile(file, 'utf8').catch(() => {
    throw new FileError(`${name}: ${file}: got no such file, expected the Dockerfile of its image`, { file });
  });
  const { code, output } = await runDocker(
    [
      ...(await builder()),
      ...(platform === undefined ? [] : ['--platform', platform]),
      ...['--tag', tag, folder],
    ],
    { onOutput, ...(signal && { signal }) },
  );
  signal?.throwIfAborted();
  if (code === 0) return;
  const base = missingBase(output);
  if (base === undefined && /exec format error/.test(output))
    throw new SetupError(
      `${name}: this machine cannot run programs of ${platform}; install QEMU (docker run --privileged --rm tonistiigi/binfmt --install all) or build on a machine of that platform:\n${lastLines(output)}`,
    );
  const problem =
    base !== undefined
      ? `its base image ${base} cannot be pulled; expected FROM to name one that this machine can pull ` +
        '(is it spelt right, is the network there, are you logged in to its registry?)'
      : `its Dockerfile fails to build (exit ${code})`;
  throw new FileError(`${name}: ${problem}:\n${lastLines(output)}`, {
    file,
    line: failedLine(output, dockerfile),
  });
}

/**
 * BuildKit makes an OCI image unless asked otherwise, and for an attestation an index around it. Docker's older builder
 * makes Docker's format alone, and has no options for it.
 */
async function builder(): Promise<string[]> {
  if (process.env.DOCKER_BUILDKIT === '0') return ['build'];
  const { code } = await runDocker(['buildx', 'version']);
  if (code !== 0) return ['build'];
  // The output goes to Docker's images, whatever builder is selected.
  const output = 'type=docker,oci-mediatypes=false,compression=gzip,force-compression=true';
  return ['buildx', 'build', '--provenance=false', '--sbom=false', '--output', output];
}

/** The image of the FROM that failed. Docker's older builder fails in that step; BuildKit names the image. */
function missingBase(output: string): string | undefined {
  const step = [...output.matchAll(/^Step \d+\/\d+ : (.*)$/gm)].at(-1)?.[1];
  const from = /^FROM (?:--platform=\S+ )?(\S+)/i.exec(step ?? '')?.[1];
  return from ?? /failed to resolve source metadata for ([^\s:]+(?::[^\s:]+)*)/.exec(output)?.[1];
}

/** The line of the Dockerfile that failed. BuildKit prints its number; the older builder prints the step. */
function failedLine(output: string, dockerfile: string): number | undefined {
  const told = /^Dockerfile:(\d+)$/m.exec(output)?.[1];
  if (told !== undefined) return Number(told);
  const step = [...output.matchAll(/^Step \d+\/\d+ : (\S+ \S*)/gm)].at(-1)?.[1];
  const index = dockerfile
    .split('\n')
    .findIndex((line) => step !== undefined && line.trim().startsWith(step));
  return index === -1 ? undefined : index + 1;
}
