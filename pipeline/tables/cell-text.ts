import { shown } from '../errors.ts';

/** A cell in a message. Messages end in logs and comments, so a cell of a sensitive column is not quoted. */
export const cellText = (
  text: string,
  column: string,
  { sensitive }: { sensitive: readonly string[] },
): string => (sensitive.includes(column) ? 'a value that data.sensitive hides' : shown(text));
