import { expect } from '@jest/globals';
import type { Check, MetricResult, Verdict } from '../gate/verdict.ts';
import type { Workspace } from './cli.fixture.ts';

/** What `mlops run --json` prints, as far as a verdict's tests read it. */
export interface Run {
  status: string;
  package: string | null;
  promoted: boolean;
  reused: string[];
  verdict: Verdict;
  report: { html: string; markdown: string };
}

/** Runs the pipeline to its end, in a process of its own. */
export async function runToVerdict(workspace: Workspace, ...options: string[]): Promise<Run> {
  const { code, stdout, stderr } = await workspace.mlops('run', '--json', ...options);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout) as Run;
}

export const check = ({ verdict }: Run, name: string): Check => {
  const found = verdict.checks.find((item) => item.name === name);
  if (found === undefined)
    throw new Error(`no check ${name} among ${verdict.checks.map((item) => item.name)}`);
  return found;
};

export const metric = ({ verdict }: Run, name: string): MetricResult => {
  const found = verdict.metrics[name];
  if (found === undefined) throw new Error(`no metric ${name} among ${Object.keys(verdict.metrics)}`);
  return found;
};

export const failing = ({ verdict }: Run) =>
  verdict.checks.filter(({ outcome }) => outcome === 'fail').map(({ name }) => name);

/** Holds each metric of the candidate within its range, both ends included. */
export function expectWithin(run: Run, ranges: Record<string, readonly [number, number]>): void {
  for (const [name, [least, most]] of Object.entries(ranges)) {
    const { candidate } = metric(run, name);
    expect({ name, candidate, within: candidate >= least && candidate <= most }).toEqual({
      name,
      candidate,
      within: true,
    });
  }
}
