import { prose } from '../../pipeline/report/github-markdown.ts';
import { type Headline, headlineOf, subjectOf } from '../../pipeline/report/reading.ts';
import type { Report } from '../../pipeline/report/report.ts';
import { type Context, runUrl } from '../shared/context.ts';
import type { Octokit } from '../shared/github.ts';
import type { Annotation } from './annotations.ts';
import { titleOf } from './places.ts';

const conclusions = {
  promote: 'success',
  hold: 'neutral',
  reject: 'failure',
  failed: 'failure',
  cancelled: 'cancelled',
} as const satisfies Record<Headline['tone'], string>;

/** Shows the verdict among the checks of a commit, with annotations on mlops.yaml. */
export async function postCheckRun(
  report: Report,
  {
    octokit,
    context,
    sha,
    config,
    annotations,
    details,
    now,
  }: {
    octokit: Octokit;
    context: Context;
    sha: string;
    /** Path of mlops.yaml in the repository. */
    config: string;
    annotations: Annotation[];
    /** Address of the comment. */
    details: string | undefined;
    now: Date;
  },
): Promise<void> {
  const { tone, title, why, outcome, warning } = headlineOf(report);
  // A verdict that is not enforced blocks nobody, and a fork's run must not pass its own check (workflow_run).
  const binding = report.verdict?.enforced !== false && context.payload.workflow_run === undefined;
  const environment = report.environment === null ? '' : ` (${report.environment})`;
  await octokit.rest.checks.create({
    ...context.repo,
    name: titleOf(`Model report: ${subjectOf(report)}${environment}`),
    head_sha: sha,
    status: 'completed',
    conclusion: binding || tone === 'cancelled' ? conclusions[tone] : 'neutral',
    completed_at: now.toISOString(),
    details_url: details ?? runUrl(context),
    output: {
      title: titleOf(`${title}: ${why}`),
      summary: [warning ?? '', why, ...outcome]
        .filter((text) => text !== '')
        .map((text) => prose(text, 600))
        .join('\n\n'),
      annotations: annotations.map(({ level, line, ...rest }) => ({
        path: config,
        start_line: line,
        end_line: line,
        annotation_level: level,
        ...rest,
      })),
    },
  });
}
