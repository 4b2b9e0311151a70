import { readFileSync } from 'node:fs';

/** Where and why a workflow runs, as the runner tells. */
export interface Context {
  /** `OWNER/NAME`. */
  repository: string;
  runId: string;
  runAttempt: number;
  workflow: string;
  eventName: string;
  /** The event's payload; empty where there is none. */
  event: GitHubEvent;
  /** What the workflow runs on: for a pull request a merge that no branch has. */
  sha: string;
  ref: string;
  actor: string;
  serverUrl: string;
  apiUrl: string;
}

/** What is read of an event's payload; each event has its own part of it. */
export interface GitHubEvent {
  action?: string;
  number?: number;
  pull_request?: {
    number: number;
    head: { sha: string; ref: string; repo: { full_name: string } | null };
    base: { ref: string; sha: string };
  };
  /** The run that this one follows. */
  workflow_run?: { head_sha: string; html_url: string };
  inputs?: Record<string, string>;
  client_payload?: Record<string, unknown>;
}

export function readContext(env: NodeJS.ProcessEnv): Context {
  const path = env.GITHUB_EVENT_PATH;
  return {
    repository: env.GITHUB_REPOSITORY ?? '',
    runId: env.GITHUB_RUN_ID ?? '',
    runAttempt: Number(env.GITHUB_RUN_ATTEMPT ?? 1),
    workflow: env.GITHUB_WORKFLOW ?? '',
    eventName: env.GITHUB_EVENT_NAME ?? '',
    event: path ? (JSON.parse(readFileSync(path, 'utf8')) as GitHubEvent) : {},
    sha: env.GITHUB_SHA ?? '',
    ref: env.GITHUB_REF ?? '',
    actor: env.GITHUB_ACTOR ?? '',
    serverUrl: env.GITHUB_SERVER_URL ?? 'https://github.com',
    apiUrl: env.GITHUB_API_URL ?? 'https://api.github.com',
  };
}

/** The page of the workflow's run. */
export const runUrl = ({ serverUrl, repository, runId }: Context): string =>
  `${serverUrl}/${repository}/actions/runs/${runId}`;
