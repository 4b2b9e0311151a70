/** Where an annotation stands. */
export interface Place {
  title?: string;
  file?: string;
  line?: number;
  col?: number;
}

/**
 * An error on the step and, where a place in a file is given, on the pull request's diff. As the toolkit's `error`, which
 * loads its client of GitHub first: a wrong input is to be told at once.
 */
export function annotateError(message: string, place: Place = {}): void {
  const properties = Object.entries(place)
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => `${name}=${escaped(String(value)).replaceAll(':', '%3A').replaceAll(',', '%2C')}`,
    );
  process.stdout.write(
    `::error${properties.length > 0 ? ` ${properties.join(',')}` : ''}::${escaped(message)}\n`,
  );
}

/** A command's value as one line, as the runner reads it. */
export const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
