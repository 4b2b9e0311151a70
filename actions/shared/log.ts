import { randomUUID } from 'node:crypto';
import { StringDecoder } from 'node:string_decoder';
import { cleanOutput } from '../../pipeline/report/clean-text.ts';
import { escaped } from './annotate.ts';

/** Prints untrusted text: the runner obeys no command in it, and no character in it hides another. */
export function withoutCommands(text: string): void {
  const end = randomUUID();
  const clean = cleanOutput(text);
  process.stdout.write(`::stop-commands::${end}\n${clean}${clean.endsWith('\n') ? '' : '\n'}::${end}::\n`);
}

/**
 * A group of the log for untrusted output, printed as it comes: the runner obeys no command in it, and of terminal
 * sequences only colours are left. The group ends even if the work fails.
 */
export async function group<T>(
  title: string,
  work: (write: (text: string | Buffer) => void) => Promise<T>,
): Promise<T> {
  const end = randomUUID();
  process.stdout.write(`::group::${escaped(title)}\n::stop-commands::${end}\n`);
  let last = '\n';
  const decoder = new StringDecoder('utf8');
  try {
    return await work((chunk) => {
      const text = cleanOutput(typeof chunk === 'string' ? chunk : decoder.write(chunk), { colors: true });
      last = text.at(-1) ?? last;
      process.stdout.write(text);
    });
  } finally {
    process.stdout.write(`${last === '\n' ? '' : '\n'}::${end}::\n::endgroup::\n`);
  }
}
