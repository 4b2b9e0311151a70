import { cleanOutput, cleanText } from '../../pipeline/report/clean-text.ts';

/** The place of an annotation. */
export interface Place {
  title?: string;
  file?: string;
  line?: number;
  col?: number;
}

/**
 * Annotates the step and, given a place in a file, the pull request's diff. It does what the toolkit's `error` does, without
 * loading the toolkit, so that a wrong input is reported at once; and no character in message or place hides another.
 */
export function annotate(level: 'error' | 'warning' | 'notice', message: string, place: Place = {}): void {
  const properties = Object.entries(place)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${escapedProperty(cleanText(String(value)))}`);
  process.stdout.write(
    `::${level}${properties.length > 0 ? ` ${properties.join(',')}` : ''}::${escaped(cleanOutput(message))}\n`,
  );
}

/** Annotates the step with an error. */
export const annotateError = (message: string, place?: Place): void => annotate('error', message, place);

/** Annotates the step with a warning. */
export const annotateWarning = (message: string, place?: Place): void => annotate('warning', message, place);

const escapedProperty = (text: string): string => escaped(text).replaceAll(':', '%3A').replaceAll(',', '%2C');

/** Escapes a command's value into the one line that the runner reads. */
export const escaped = (text: string): string =>
  text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
