import { globSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { parse } from 'yaml';
import { runs } from './expression.fixture.ts';

export interface Step {
  name?: string;
  if?: string;
  uses?: string;
  with?: Record<string, unknown>;
  env?: Record<string, unknown>;
  run?: string;
}

export interface Concurrency {
  group: string;
  'cancel-in-progress'?: boolean | string;
  queue?: 'single' | 'max';
}

export interface Job {
  if?: string;
  'cache-mode'?: string;
  needs?: string | string[];
  uses?: string;
  with?: Record<string, unknown>;
  environment?: string | { name: string; url: string };
  concurrency?: Concurrency;
  outputs?: Record<string, string>;
  permissions?: Record<string, 'read' | 'write'>;
  env?: Record<string, unknown>;
  'timeout-minutes'?: number;
  steps?: Step[];
}

export interface Workflow {
  on: Record<string, unknown>;
  permissions?: unknown;
  'cache-mode'?: string;
  concurrency?: Concurrency;
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
  const jobs = Object.entries(workflow.jobs);
  if ('pull_request_target' in workflow.on)
    return jobs.flatMap(([name, job]) => [
      ...(job.uses !== undefined || (job.steps ?? []).some(({ uses }) => uses !== undefined)
        ? [`job ${name} uses an action beside a token`]
        : []),
      ...powers(job)
        .filter((power) => power !== 'statuses: write')
        .map((power) => `job ${name} runs for forks and holds ${power}`),
      ...[...JSON.stringify(job).matchAll(/\b(?:github\.head_ref|event\.pull_request\.([\w.]+))/g)]
        .filter(([, field = '']) => !['head.sha', 'updated_at', 'draft'].includes(field))
        .map(([text]) => `job ${name} reads ${text}, which the author chose`),
    ]);
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

export interface Outcome {
  result: 'success' | 'failure' | 'cancelled' | 'skipped';
  outputs: Record<string, string>;
}

/**
 * What becomes of each job for an event, with `play` in place of the work of those that run: a job waits for those that it
 * needs, and without a status function runs only if all of them succeeded; one that is skipped did not.
 */
export function play(
  workflow: Workflow,
  contexts: Record<string, unknown>,
  work: (name: string) => Partial<Outcome> = () => ({}),
): Record<string, Outcome> {
  const done: Record<string, Outcome> = {};
  const names = Object.keys(workflow.jobs);
  while (Object.keys(done).length < names.length) {
    const before = Object.keys(done).length;
    for (const name of names) {
      const job = workflow.jobs[name] ?? {};
      const needed = [job.needs ?? []].flat();
      if (name in done || needed.some((each) => !(each in done))) continue;
      const needs = Object.fromEntries(needed.map((each) => [each, done[each]]));
      const well = needed.every((each) => done[each]?.result === 'success');
      const scope = { contexts: { ...contexts, needs }, status: well ? 'success' : 'failure' } as const;
      done[name] = runs(job.if, scope)
        ? { result: 'success', outputs: {}, ...work(name) }
        : { result: 'skipped', outputs: {} };
    }
    if (Object.keys(done).length === before)
      throw new Error('got jobs that need each other, expected an order');
  }
  return done;
}

/** The names of the jobs that ran. */
export const ran = (outcomes: Record<string, Outcome>): string[] =>
  Object.entries(outcomes)
    .filter(([, { result }]) => result !== 'skipped')
    .map(([name]) => name);
