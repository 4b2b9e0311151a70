/*
 * A process that runs one command of `mlops` after another. Half of a short command's time is loading, and here the
 * modules are loaded once. program.ts itself starts anew for each command, as it would in a process of its own.
 */

interface Command {
  cwd: string;
  args: string[];
  env: Record<string, string>;
}

let runs = 0;

process.on('message', async ({ cwd, args, env }: Command) => {
  process.chdir(cwd);
  for (const name of Object.keys(process.env)) if (!(name in env)) delete process.env[name];
  Object.assign(process.env, env);
  process.argv.splice(2, Number.POSITIVE_INFINITY, ...args);
  process.exitCode = undefined;
  const [stdout, stderr] = [recorded(process.stdout), recorded(process.stderr)];
  try {
    await import(`./program.ts?${runs++}`);
  } finally {
    process.send?.({ code: process.exitCode ?? 0, stdout: stdout.end(), stderr: stderr.end() });
    process.removeAllListeners('uncaughtException');
  }
});

/** Keeps what a stream is given, in place of writing it. */
function recorded(stream: NodeJS.WriteStream): { end: () => string } {
  const chunks: Uint8Array[] = [];
  stream.write = ((chunk: string | Uint8Array, encoding?: unknown, done?: unknown) => {
    chunks.push(Buffer.from(chunk as string));
    const settled = typeof encoding === 'function' ? encoding : done;
    if (typeof settled === 'function') settled();
    return true;
  }) as typeof stream.write;
  return {
    end: () => {
      stream.removeAllListeners('error');
      return Buffer.concat(chunks).toString();
    },
  };
}
