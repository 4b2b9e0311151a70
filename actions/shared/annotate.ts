import { cleanOutput } from '../../pipeline/report/clean-text.ts';

/** The place of an annotation. */
export interface Place {
  title?: string;
  file?: string;
  line?: number;
  col?: number;
}

/**
 * Annotates the step with an error and, given a place in a file, the pull request's diff. It does what the toolkit's `error`
 * does, without loading the toolkit, so that a wrong input is reported at once.
 */
export function annotateError(message: string, place: Place = {}): void {
  const properties = Object.entries(place)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => `${name}=${escaped(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`,
    );
  process.stdout.write(
    `::error${properties.length > 0 ? ` ${properties.join(',')}` : ''}::${escaped(cleanOutput(message))}\n`,
  );
}

/** Escapes a command's value into the one line that the runner reads. */
export const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
