import type { History, WindowRecord } from './history.ts';
import type { Summary, WindowColumn, WindowSummary } from './window.ts';

const byKey = (a: WindowRecord, b: WindowRecord) =>
  compare(a.summary.start, b.summary.start) || compare(a.summary.package, b.summary.package);

const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);

/**
 * The history with the rows of a summary's sources. Sources that it has already change nothing. A window that gets more rows is
 * judged again.
 *
 * @param dueOf when a window's labels are due, from its end
 * @throws Error if some sources of the summary are counted already and others are not: their rows cannot be told apart
 */
export function mergeSummary(
  history: History,
  summary: Summary,
  dueOf: (end: string) => string,
): Pick<History, 'sources' | 'windows'> {
  const known = new Set(history.sources);
  const added = summary.sources.filter((source) => !known.has(source));
  if (added.length === 0) return history;
  if (added.length < summary.sources.length) {
    const again = summary.sources.find((source) => known.has(source));
    throw new Error(
      `the summary has rows of ${again}, which an earlier look counted, and of ${added[0]}, which is new: expected new sources only`,
    );
  }
  const windows = new Map(history.windows.map((record) => [keyOf(record.summary), record]));
  for (const window of summary.windows) {
    const record = windows.get(keyOf(window));
    windows.set(
      keyOf(window),
      record ? { ...record, summary: addUp(record.summary, window), judged: null } : recordOf(window, dueOf),
    );
  }
  return {
    sources: [...history.sources, ...added].sort(compare),
    windows: [...windows.values()].sort(byKey),
  };
}

/** The key of a window of a package. */
export const keyOf = (window: { package: string; start: string }): string =>
  `${window.start} ${window.package}`;

function recordOf(summary: WindowSummary, dueOf: (end: string) => string): WindowRecord {
  return {
    summary,
    drift: null,
    why: null,
    judged: null,
    judgements: 0,
    estimates: {},
    labels: {
      state: 'not yet',
      why: null,
      due: dueOf(summary.end),
      count: 0,
      bad: 0,
      coverage: [],
      version: 0,
      late: 0,
      read: null,
      metrics: {},
    },
  };
}

function addUp(first: WindowSummary, second: WindowSummary): WindowSummary {
  return {
    ...first,
    rows: first.rows + second.rows,
    scores: merged(first.scores, second.scores, (a, b) => ({
      name: a.name,
      counts: sums(a.counts, b.counts),
      sums: sums(a.sums, b.sums),
      bad: a.bad + b.bad,
    })),
    decisions: sums(first.decisions, second.decisions),
    columns: merged(first.columns, second.columns, addColumns),
  };
}

function addColumns(a: WindowColumn, b: WindowColumn): WindowColumn {
  if (a.absent) return { ...b, missing: a.missing + b.missing } as WindowColumn;
  if (b.absent) return { ...a, missing: a.missing + b.missing };
  const common = { counts: sums(a.counts, b.counts), missing: a.missing + b.missing };
  if (a.type === 'number' && b.type === 'number') return { ...a, ...common };
  if (a.type === 'category' && b.type === 'category')
    return {
      ...a,
      ...common,
      others: a.others + b.others,
      unseen: a.unseen + b.unseen,
      // The first ones by text, as in each summary: the same in whatever order sources come.
      examples: [...new Set([...a.examples, ...b.examples])].sort().slice(0, 5),
    };
  throw new Error(
    `the column ${a.name} is a ${a.type} in one summary and a ${b.type} in another of the same window`,
  );
}

/** Parts of the same name are added up; others are kept. */
function merged<T extends { name: string }>(first: T[], second: T[], add: (a: T, b: T) => T): T[] {
  const names = [...new Set([...first, ...second].map(({ name }) => name))];
  return names.map((name) => {
    const [a, b] = [first, second].map((parts) => parts.find((part) => part.name === name));
    return a && b ? add(a, b) : (a ?? b)!;
  });
}

function sums(a: number[], b: number[]): number[] {
  if (a.length !== b.length)
    throw new Error(
      `got ${a.length} and ${b.length} counts of the same bins of one window, expected as many`,
    );
  return a.map((value, i) => value + b[i]!);
}
