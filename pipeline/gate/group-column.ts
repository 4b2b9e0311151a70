/**
 * The column of score files that holds each row's group: the one that `data.split` splits by, `{ by: group, column: C }`.
 * null where rows are independent.
 */
export function groupColumnOf(data: object): string | null {
  const { split } = data as { split?: unknown };
  const { by, column } = (split ?? {}) as { by?: unknown; column?: unknown };
  return by === 'group' && typeof column === 'string' ? column : null;
}
