import { randomUUID } from 'node:crypto';
import { escaped } from './annotate.ts';

/** Prints text that may hold anything: the runner obeys no command in it. */
export function withoutCommands(text: string): void {
  const end = randomUUID();
  process.stdout.write(`::stop-commands::${end}\n${text}${text.endsWith('\n') ? '' : '\n'}::${end}::\n`);
}

/**
 * A group of the log, which takes lines as they come and that may hold anything: the runner obeys no command in them.
 * Whatever becomes of the work, the group ends.
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
