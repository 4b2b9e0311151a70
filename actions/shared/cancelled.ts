/**
 * Aborts when the runner cancels the step, with SIGINT and 7.5 s later SIGTERM. A second signal ends the process at once.
 * main.ts calls it before it loads anything slow.
 */
export function cancelled(): AbortSignal {
  const abort = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const)
    process.on(signal, () => {
      if (abort.signal.aborted) process.exit(1);
      abort.abort();
    });
  return abort.signal;
}
