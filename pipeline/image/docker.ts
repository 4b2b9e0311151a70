import { execFile } from 'node:child_process';

interface DockerOptions {
  /** Beside what this process has. */
  readonly env?: Readonly<Record<string, string>>;
  /** Handed over by standard input. */
  readonly input?: string;
  /** Ends the client, and with it what it asked the daemon for. */
  readonly signal?: AbortSignal;
  /** What the client says, as it comes. */
  readonly onOutput?: ((chunk: Buffer | string) => void) | undefined;
}

/** Runs the Docker client to its end; `code` is null where there is none or a signal ended it. */
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
    // A client that ends before it has read is told by its exit code.
    child.stdin?.on('error', () => {});
    child.stdin?.end(input);
  });
}

/** The client's own: it finds its daemon and its logins by variables; a container gets none of them. */
export function clientEnvironment(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const [key, value] of Object.entries(process.env)) if (value !== undefined) env[key] = value;
  return env;
}

/** The end of a program's output, indented, as an error quotes it. */
export function lastLines(output: string): string {
  const lines = output.split('\n').filter((line) => line.trim() !== '');
  return lines
    .slice(-15)
    .map((line) => `  ${line.slice(0, 500)}`)
    .join('\n');
}
