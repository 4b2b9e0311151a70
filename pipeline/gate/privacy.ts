import type { Config } from '../config/schema.ts';

/** The settings of mlops.yaml that keep data from publication. */
export interface Privacy {
  /** data.sensitive */
  sensitive: string[];
  /** report.min_group */
  min_group: number;
  /** data.row_id */
  row_id: string | null;
}

/** The privacy of reports and runs of an earlier version, which do not state it. */
export const usualPrivacy: Privacy = { sensitive: [], min_group: 10, row_id: null };

/** Runs of an earlier version lack the settings. */
export const privacyOf = ({
  data,
  report,
}: Pick<Config, 'data'> & Partial<Pick<Config, 'report'>>): Privacy => ({
  sensitive: data.sensitive ?? usualPrivacy.sensitive,
  min_group: report?.min_group ?? usualPrivacy.min_group,
  row_id: data.row_id,
});

/** Whether a text names no sensitive column, alone or as a part such as in `Religion=x` or `cat__Religion_x`. */
export function namesNoneOf(sensitive: readonly string[]): (text: string) => boolean {
  const names = sensitive.map((name) => name.replace(/[\\^$.*+?()[\]{}|/-]/g, String.raw`\$&`));
  if (names.length === 0) return () => true;
  const named = new RegExp(`(?<![\\p{L}\\p{N}])(?:${names.join('|')})(?![\\p{L}\\p{N}])`, 'u');
  return (text) => !named.test(text);
}
