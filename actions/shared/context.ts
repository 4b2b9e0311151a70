import type { context } from '@actions/github';

type Toolkit = typeof context;

/**
 * The part of the toolkit's `context` that actions use: facts about the workflow's run. A variable that the runner does not
 * set is undefined in it, and a number NaN.
 */
export interface Context
  extends Pick<Toolkit, 'repo' | 'runId' | 'runAttempt' | 'serverUrl'>,
    Partial<Pick<Toolkit, 'workflow' | 'eventName' | 'sha' | 'ref' | 'actor'>> {
  /** The parts of the events' payloads that actions read; each event has its own. */
  payload: {
    action?: string;
    pull_request?: { number: number; head?: { sha: string; ref: string } };
    /** The run that this one follows. */
    workflow_run?: { head_sha: string; html_url: string };
    /** The inputs of a workflow that was started by hand or by another workflow. */
    inputs?: Record<string, unknown> | null;
  };
}

/** The run's id; null outside a workflow. */
export const runIdOf = ({ runId }: Context): string | null => (runId ? String(runId) : null);

/** A name for a run of the pipeline that ended before it got one. */
export const attemptOf = (context: Context): string =>
  `${runIdOf(context) ?? 'run'}-${context.runAttempt || 1}`;

/** The page of the workflow's run. */
export const runUrl = ({ serverUrl, repo, runId }: Context): string =>
  `${serverUrl}/${repo.owner}/${repo.repo}/actions/runs/${runId}`;
