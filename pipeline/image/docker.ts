import { execFile } from 'node:child_process';

interface DockerOptions {
  /** Added to this process's environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Text for standard input. */
  readonly input?: string;
  /** Ends the client, and with it its work in the daemon. */
  readonly signal?: AbortSignal;
  /** Called with the client's output as it arrives. */
  readonly onOutput?: ((chunk: Buffer | string) => void) | undefined;
}

/** Runs the Docker client; `code` is null if there is no client or a signal ended it. */
export function runDocker(
  args: readonly string[],
  { env, input, signal, onOutput }: DockerOptions = {},
): Promise<{ code: number | null; output: string }> {
  return new Promise((resolve) => {
    const child = execFile(
      'docker',
      args,
      {
        env: { ...clientEnvironment(), ...env },
        maxBuffer: 64 * 1024 * 1024,
        windowsHide: true,
        ...(signal && { signal }),
      },
      (error, stdout, stderr) => {
        const code = error === null ? 0 : typeof error.code === 'number' ? error.code : null;
        const missing = error?.code === 'ENOENT' ? 'There is no program `docker` on the PATH.' : '';
        resolve({ code, output: `${stdout}${stderr}${missing}` });
      },
    );
    if (onOutput !== undefined)
      for (const stream of [child.stdout, child.stderr]) stream?.on('data', onOutput);
    // If the client ends before it reads its input, its exit code tells.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The Docker client finds its daemon and its logins by these variables. A container gets none of them. */
export function clientEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(process.env)) if (value !== undefined) env[key] = value;
  return env;
}

/** The end of a program's output, indented, for an error message. */
export function lastLines(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(-15)
    .map((line) => `  ${line.slice(0, 500)}`)
    .join('\n');
}
