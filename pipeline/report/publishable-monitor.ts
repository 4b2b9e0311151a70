import { namesNoneOf } from '../gate/privacy.ts';
import type { Evidence } from '../monitor/finding.ts';
import { OTHERS } from './monitor-drift.ts';
import type { ColumnDrift, Count, Drift, MonitorReport } from './monitor-report.ts';
import { publishableEvidence, publishableFinding } from './publishable-finding.ts';

const WITHHELD = 'What was found names a column of data.sensitive, which this page does not show.';

/**
 * The look as everybody may see it: without columns of data.sensitive, without categories that training never saw, and without
 * counts of groups of fewer rows than report.min_group. Made from a publishable look, it is the same one.
 */
export function publishableMonitor(report: MonitorReport): MonitorReport {
  const { finding, drift, privacy } = report;
  const isTold = namesNoneOf(privacy.sensitive);
  const told = (texts: readonly string[]) => texts.filter(isTold);
  const about = (evidence: readonly Evidence[]) => publishableEvidence(evidence, privacy);
  return {
    ...report,
    finding: publishableFinding(finding, privacy),
    windows: report.windows.map((window) => ({
      ...window,
      columns: told(window.columns),
      why: window.why === null || isTold(window.why) ? window.why : WITHHELD,
    })),
    events: report.events.map((event) => ({
      ...event,
      details: told(event.details),
    })),
    drift: drift && publishableDrift(drift, privacy.min_group, isTold, about),
    labels: report.labels && {
      ...report.labels,
      coverage: report.labels.coverage.map(({ rows, labelled }) => ({
        rows: withheld(rows, privacy.min_group),
        labelled: withheld(labelled, privacy.min_group),
      })),
    },
    notes: told(report.notes),
  };
}

const withheld = (count: Count, least: number): Count =>
  count === 'few' || isFew(count, least) ? 'few' : count;

function publishableDrift(
  drift: Drift,
  least: number,
  isTold: (text: string) => boolean,
  about: (evidence: readonly Evidence[]) => Evidence[],
): Drift {
  // A window of few rows is a small group as a whole.
  const isSmall = drift.rows < least;
  return {
    ...drift,
    decisions: isSmall ? [] : foldedCategories(drift.decisions, least),
    scores: isSmall
      ? []
      : drift.scores.map((scores) => ({
          ...scores,
          evidence: about(scores.evidence === null ? [] : [scores.evidence])[0] ?? null,
        })),
    columns: isSmall
      ? []
      : drift.columns
          .filter(({ name }) => isTold(name))
          .map((column) => ({
            ...column,
            bins:
              column.type === 'category'
                ? foldedCategories(column.bins, least)
                : foldedRanges(column.bins, least),
            missing: {
              reference: withheld(column.missing.reference, least),
              window: withheld(column.missing.window, least),
            },
            unseen: column.unseen === null ? null : withheld(column.unseen, least),
            evidence: about(column.evidence),
          })),
  };
}

type Bin = ColumnDrift['bins'][number];

const isFew = (count: number, least: number): boolean => count > 0 && count < least;

/** Small categories of either side are counted together, with one more where they are few even so. */
function foldedCategories(bins: ColumnDrift['bins'], least: number): ColumnDrift['bins'] {
  const isSmall = (bin: Omit<Bin, 'label'>) => isFew(bin.reference, least) || isFew(bin.window, least);
  const isKept = (bin: Bin) => bin.label !== OTHERS && !isSmall(bin);
  const kept = bins.filter(isKept);
  const rest = bins.filter((bin) => !isKept(bin));
  if (rest.length === 0) return kept;
  const others = { label: OTHERS, reference: 0, window: 0 };
  const take = (bin: Bin) => {
    others.reference += bin.reference;
    others.window += bin.window;
  };
  rest.forEach(take);
  const smallestFirst = kept.toSorted((a, b) => a.reference + a.window - b.reference - b.window);
  const taken = new Set<Bin>();
  for (const bin of smallestFirst) {
    if (!isSmall(others)) break;
    take(bin);
    taken.add(bin);
  }
  return [...kept.filter((bin) => !taken.has(bin)), others];
}

/** Small ranges join the one before them, the first ones the one after. */
function foldedRanges(bins: ColumnDrift['bins'], least: number): ColumnDrift['bins'] {
  const folded: ColumnDrift['bins'] = [];
  for (const bin of bins) {
    const last = folded.at(-1);
    const isJoined =
      last !== undefined &&
      [last, bin].some((each) => isFew(each.reference, least) || isFew(each.window, least));
    if (isJoined) {
      folded[folded.length - 1] = {
        label: joinedLabel(last.label, bin.label),
        reference: last.reference + bin.reference,
        window: last.window + bin.window,
      };
    } else folded.push(bin);
  }
  return folded;
}

/** "below 25" and "25 to 31" are "below 31". */
function joinedLabel(first: string, second: string): string {
  const to = / to (.+)$/.exec(second)?.[1];
  const from = /^(.+?)(?: to .+)?$/.exec(first)?.[1] ?? first;
  if (first.startsWith('below ')) return to === undefined ? 'all values' : `below ${to}`;
  return to === undefined ? `${from} and more` : `${from} to ${to}`;
}
