import type { Config } from '../config/schema.ts';

/**
 * The column of score files that holds each row's group: the one that `data.split` splits by, `{ by: group, column: C }`.
 * null where rows are independent.
 */
export const groupColumnOf = ({ split }: Pick<Config['data'], 'split'>): string | null =>
  split.by === 'group' ? split.column : null;
