import { constants } from 'node:os';
import type { Exit, Image, Program, ProgramOptions } from '../images/image.ts';
import type { Jobs } from './context.ts';
import { JobFailure } from './errors.ts';
import { readLeft } from './left-files.ts';
import { secretFilter } from './secrets.ts';

/** Longer timers fire at once. */
const LONGEST_TIMER = 2 ** 31 - 1;
/** What the service takes of a failure or exit message. */
const MESSAGE_LENGTH = 1024;

/** Opens the image. An error fails the job, because its user can fix it. */
export async function findImage(jobs: Jobs, uri: string): Promise<Image> {
  try {
    return await jobs.image(uri);
  } catch (error) {
    throw new JobFailure(`ClientError: image ${uri}: ${(error as Error).message}`);
  }
}

export async function startProgram(
  image: Image,
  program: 'train' | 'serve' | 'prepare',
  options: ProgramOptions,
): Promise<Program> {
  const withoutSecrets = secretFilter();
  const onLine = (line: string) => options.onLine(withoutSecrets(line));
  try {
    return await image.start(program, { ...options, onLine });
  } catch (error) {
    throw new JobFailure(
      `ClientError: image ${image.uri} cannot start ${program}: ${(error as Error).message}`,
    );
  }
}

/**
 * Runs a program until it ends by itself, or after SIGTERM when its time is over or the signal aborts. Its whole
 * process group has ended when this resolves.
 * @param maxSeconds StoppingCondition.MaxRuntimeInSeconds
 */
export async function runProgram(
  jobs: Jobs,
  image: Image,
  program: 'train' | 'prepare',
  options: ProgramOptions,
  limits: { signal: AbortSignal; maxSeconds: number | undefined },
): Promise<{ exit: Exit; tooLong: boolean }> {
  const { signal, maxSeconds } = limits;
  const running = await startProgram(image, program, options);
  let tooLong = false;
  const stops: Promise<void>[] = [];
  const stop = (seconds: number) => {
    const stopped = running.stop(seconds);
    stopped.catch(() => undefined); // awaited below
    stops.push(stopped);
  };
  const onAbort = () => stop(jobs.waits.abort);
  signal.addEventListener('abort', onAbort, { once: true });
  if (signal.aborted) onAbort();
  const timer =
    maxSeconds === undefined
      ? undefined
      : setTimeout(
          () => {
            tooLong = true;
            options.onLine(`MaxRuntimeInSeconds (${maxSeconds}) is over: ${program} gets SIGTERM`);
            stop(jobs.waits.stop);
          },
          Math.min(maxSeconds * 1000, LONGEST_TIMER),
        );
  try {
    return { exit: await running.exited, tooLong };
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', onAbort);
    await Promise.all([...stops, running.stop(0)]);
  }
}

/** The exit code as in a shell and in SageMaker: 128 plus the signal's number if a signal ended the program. */
export function exitCode(exit: Exit): number {
  if (exit.code !== null) return exit.code;
  return 128 + (constants.signals[exit.signal as NodeJS.Signals] ?? 0);
}

/**
 * The first 1,024 characters of a file that a program writes to say how it went; the empty string where there is none.
 * @throws JobFailure if it is not a regular file
 */
export async function readMessage(base: string, path: string): Promise<string> {
  const text = (await readLeft(base, path, 4 * MESSAGE_LENGTH)) ?? '';
  // Searched before it is cut: half of a secret is not found.
  return secretFilter()(text).slice(0, MESSAGE_LENGTH).trim();
}
