import { randomUUID } from 'node:crypto';
import { escaped } from './annotate.ts';

/** Prints untrusted text: the runner obeys no command in it. */
export function withoutCommands(text: string): void {
  const end = randomUUID();
  process.stdout.write(`::stop-commands::${end}\n${text}${text.endsWith('\n') ? '' : '\n'}::${end}::\n`);
}

/**
 * A group of the log for untrusted output, printed as it comes: the runner obeys no command in it. The group ends even if
 * the work fails.
 */
export async function group<T>(
  title: string,
  work: (write: (text: string | Buffer) => void) => Promise<T>,
): Promise<T> {
  const end = randomUUID();
  process.stdout.write(`::group::${escaped(title)}\n::stop-commands::${end}\n`);
  let last = '\n';
  try {
    return await work((chunk) => {
      const text = chunk.toString();
      last = text.at(-1) ?? last;
      process.stdout.write(chunk);
    });
  } finally {
    process.stdout.write(`${last === '\n' ? '' : '\n'}::${end}::\n::endgroup::\n`);
  }
}
