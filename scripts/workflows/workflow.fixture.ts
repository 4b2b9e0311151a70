import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';

export interface Step {
  name?: string;
  if?: string;
  uses?: string;
  with?: Record<string, unknown>;
  env?: Record<string, unknown>;
  run?: string;
}

export interface Job {
  if?: string;
  'cache-mode'?: string;
  uses?: string;
  permissions?: Record<string, 'read' | 'write'>;
  env?: Record<string, unknown>;
  'timeout-minutes'?: number;
  steps?: Step[];
}

export interface Workflow {
  on: Record<string, unknown>;
  permissions?: unknown;
  'cache-mode'?: string;
  concurrency?: { group: string; 'cancel-in-progress': boolean };
  jobs: Record<string, Job>;
}

export const read = (text: string): Workflow => parse(text) as Workflow;

/** Every workflow of this repository, by its file name. */
export const workflows = (): Record<string, Workflow> =>
  Object.fromEntries(
    globSync('.github/workflows/*.yml').map((file) => [basename(file), read(readFileSync(file, 'utf8'))]),
  );

const own = 'github.event.pull_request.head.repo.full_name == github.repository';

/** The faults of a workflow that a fork could exploit, each a sentence. */
export function nearForks(workflow: Workflow): string[] {
  if ('pull_request_target' in workflow.on) return ['runs on pull_request_target'];
  const jobs = Object.entries(workflow.jobs);
  const wrong = (name: string, job: Job, why: string) =>
    powers(job).map((power) => `job ${name} ${why} and holds ${power}`);
  if ('pull_request' in workflow.on)
    // For this event GitHub makes a fork's token read-only and gives it no secrets.
    return jobs.filter(([, job]) => !isOwn(job)).flatMap(([name, job]) => wrong(name, job, 'runs for forks'));
  if ('workflow_run' in workflow.on)
    return jobs.flatMap(([name, job]) => [
      ...(job.steps ?? [])
        .filter((step) => step.uses?.startsWith('actions/checkout@'))
        .filter((step) => 'ref' in (step.with ?? {}) || 'repository' in (step.with ?? {}))
        .map(() => `job ${name} checks out what the event names`),
      ...(readsFork(job) ? wrong(name, job, "reads the fork's run") : []),
    ]);
  return [];
}

/** Whether the job runs only for heads of this repository: every alternative of its condition requires that. */
const isOwn = ({ if: condition = '' }: Job): boolean =>
  condition
    .replaceAll(/\([^()]*\)/g, '')
    .split('||')
    .every((each) => each.includes(own));

const readsFork = (job: Job): boolean =>
  (job.steps ?? []).some((step) => {
    const text = JSON.stringify([step.with, step.env, step.run]);
    return (
      'run-id' in (step.with ?? {}) ||
      text.includes('workflow_run.') ||
      /\bgit (fetch|clone|pull)\b/.test(text)
    );
  });

/** The credentials and write tokens of a job. */
function powers(job: Job): string[] {
  const { permissions } = job;
  const written = Object.entries(permissions ?? { everything: 'write' }).filter(([, how]) => how === 'write');
  const text = JSON.stringify(job);
  return [
    ...written.map(([name]) => `${name}: write`),
    ...(/\bsecrets\b/.test(text) ? ['a secret'] : []),
    ...(/configure-aws-credentials|role-to-assume/.test(text) ? ['a role'] : []),
  ];
}
