import { randomUUID } from 'node:crypto';

/** Prints text that may hold anything: the runner obeys no command in it. */
export function withoutCommands(text: string): void {
  const end = randomUUID();
  process.stdout.write(`::stop-commands::${end}\n${text}${text.endsWith('\n') ? '' : '\n'}::${end}::\n`);
}
