import { SetupError } from '../backends/embedded/setup-error.ts';
import { lastLines, runDocker } from './docker.ts';

interface BuildOptions {
  /** What people call the image. */
  readonly name: string;
  /** With a Dockerfile. */
  readonly folder: string;
  readonly tag: string;
  /** Such as linux/amd64; default: the daemon's own. */
  readonly platform?: string;
  readonly signal?: AbortSignal;
}

/**
 * `docker build` of a folder: one image and no index, which SageMaker does not take.
 * @throws SetupError where the base image cannot be had or the Dockerfile does not build
 */
export async function buildImage({ name, folder, tag, platform, signal }: BuildOptions): Promise<void> {
  const { code, output } = await runDocker(
    ['build', ...(platform === undefined ? [] : ['--platform', platform]), '--tag', tag, folder],
    // An attestation would make an index of the image. Docker's older builder knows no option for it.
    { env: { BUILDX_NO_DEFAULT_ATTESTATIONS: '1' }, ...(signal && { signal }) },
  );
  signal?.throwIfAborted();
  if (code === 0) return;
  const base = missingBase(output);
  const problem =
    base !== undefined
      ? `its base image ${base} cannot be had; expected FROM to name one that this machine can pull ` +
        '(is it spelt right, is the network there, are you logged in to its registry?)'
      : /exec format error/.test(output)
        ? `this machine cannot run programs of ${platform}; install QEMU (docker run --privileged --rm tonistiigi/binfmt --install all) or build on such a machine`
        : `its Dockerfile does not build (exit ${code})`;
  throw new SetupError(`${name}: ${problem}:\n${lastLines(output)}`);
}

/** The image of the FROM that failed: Docker's older builder fails in that step, BuildKit names the image. */
function missingBase(output: string): string | undefined {
  const step = [...output.matchAll(/^Step \d+\/\d+ : (.*)$/gm)].at(-1)?.[1];
  const from = /^FROM (?:--platform=\S+ )?(\S+)/i.exec(step ?? '')?.[1];
  return from ?? /failed to resolve source metadata for ([^\s:]+(?::[^\s:]+)*)/.exec(output)?.[1];
}
