import type { FindingName } from '../monitor/finding.ts';
import { prose } from './github-markdown.ts';
import { renderMonitorMarkdown } from './monitor-markdown.ts';
import type { MonitorReport } from './monitor-report.ts';
import { publishableMonitor } from './publishable-monitor.ts';
import { packageName } from './release-reading.ts';
import type { Failure } from './report.ts';

/**
 * What came of a look at production, as plain JSON: run-pipeline writes it, post-report reads it. What it holds, everybody may
 * see.
 */
export interface LookResult {
  version: 1;
  project: string;
  /** The model's name: the project's if it is the only model. */
  model: string;
  execution: string;
  status: 'succeeded' | 'failed' | 'cancelled';
  /** The time that was looked at, ISO 8601; null: the look failed before it had one. */
  at: string | null;
  /** The package that readers see; null: none, or the look failed. */
  package: string | null;
  /** null: the look failed. */
  finding: FindingName | null;
  /** One sentence. */
  reason: string;
  /** Another look came first, so that this one changed nothing. */
  superseded: boolean;
  /** Whether the look asks for a run in mode promote, and why, or why not: one sentence. */
  retrain: { wanted: boolean; why: string };
  /** The shortest time between two runs that decay starts, in seconds (monitoring.decay.cool_down). */
  cool_down: number;
  /** The publishable report that the page shows; null without a page. */
  report: MonitorReport | null;
  failure: Failure | null;
  links: { label: string; url: string }[];
}

/** How a look stands: `well` closes an issue, `trouble` opens one, `open` does neither. */
export type Standing = 'well' | 'trouble' | 'open';

/** A look in a few words, for logs, titles and issues. Sentences may contain text from users. */
export function lookHeadline({ status, finding, reason, failure, package: name }: LookResult): {
  standing: Standing;
  mark: string;
  title: string;
  why: string;
} {
  if (status === 'cancelled')
    return { standing: 'open', mark: '⚪', title: 'Look cancelled', why: 'Nothing was found out.' };
  if (finding === null)
    return {
      standing: 'trouble',
      mark: '🔴',
      title: `Look failed in ${failure?.step ?? 'an unknown step'}`,
      why: failure === null ? 'no reason was given' : `${failure.error}: ${failure.cause}`,
    };
  const of = name === null ? '' : ` (${packageName(name)})`;
  const { standing, mark, words } = findings[finding];
  return { standing, mark, title: `${words}${of}`, why: reason };
}

const findings: Readonly<Record<FindingName, { standing: Standing; mark: string; words: string }>> = {
  healthy: { standing: 'well', mark: '🟢', words: 'Healthy' },
  watch: { standing: 'trouble', mark: '🟡', words: 'To watch' },
  decayed: { standing: 'trouble', mark: '🔴', words: 'Decayed' },
  // It opens no issue before labels can be there, and closes none.
  'cannot tell': { standing: 'open', mark: '⚪', words: 'Cannot tell' },
};

/** The result as a section of an issue or of a summary. Text from users cannot mention anybody, link, break a table or run. */
export function renderLookResult(result: LookResult): string {
  const { report, failure, links, project, model, retrain, superseded } = result;
  const more = [
    superseded ? '_Another look came first, so this one changed nothing._' : '',
    prose(`A run to replace the model: ${retrain.why}`, 600),
  ].filter((line) => line !== '');
  if (report !== null) return `${renderMonitorMarkdown(report, links)}\n${more.join('\n\n')}\n`;
  const { mark, title, why } = lookHeadline(result);
  const subject = project === model ? project : `${project}/${model}`;
  const lines = [
    `### ${mark} ${prose(title, 120)}: ${prose(subject, 120)}`,
    prose(why, 1000),
    ...(failure === null ? [] : [prose(failure.hint, 300)]),
    ...more,
    links
      .filter(({ url }) => /^https:\/\/[^\s<>()]+$/.test(url))
      .map(({ label, url }) => `[${prose(label, 60)}](<${url}>)`)
      .join(' · '),
  ];
  return `${lines.filter((line) => line !== '').join('\n\n')}\n`;
}

/** The result as everybody may see it, whatever wrote it. */
export const publishableLook = (result: LookResult): LookResult => {
  const report = result.report && publishableMonitor(result.report);
  // The report's own sentence is one that everybody may see.
  return { ...result, report, reason: report === null ? result.reason : report.finding.reason };
};
