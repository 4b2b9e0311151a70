import { cleanJson, cleanOutput } from '../report/clean-text.ts';

/*
 * The only places where a command prints. Names, labels, values and log lines come from files of any origin, so whatever a
 * command prints is cleaned here.
 */

/** Prints lines on standard output. */
export function print(text = ''): void {
  process.stdout.write(`${cleanOutput(text)}\n`);
}

/** Prints lines in colours on standard output. The parts of the text that come from users must be clean already. */
export function printStyled(text: string): void {
  process.stdout.write(`${cleanOutput(text, { colors: true })}\n`);
}

/** Prints lines on standard error: errors, progress and whatever else is no result. */
export function note(text: string): void {
  process.stderr.write(`${cleanOutput(text)}\n`);
}

/** Prints a value as JSON on standard output. */
export function printJson(value: unknown): void {
  process.stdout.write(`${cleanJson(JSON.stringify(value, undefined, 2))}\n`);
}

/** Prints a part of a JSON value that is too long to hold as one text. */
export function printJsonLine(part: string): void {
  process.stdout.write(`${cleanJson(part)}\n`);
}
