import { sampleRelease } from './release.fixture.ts';
import type { ReleaseResult } from './release-result.ts';

/** A release that went well, as run-pipeline writes it. */
export function sampleResult(change: Partial<ReleaseResult> = {}): ReleaseResult {
  const report = sampleRelease();
  return {
    version: 1,
    kind: 'release',
    project: report.project,
    model: report.model,
    execution: report.release,
    status: 'succeeded',
    release: report.release,
    package: report.package,
    moved: true,
    previous: null,
    left: null,
    predictions: { rows: 200, path: 's3://b/p/' },
    report,
    page_problem: null,
    reason: 'merge of #7',
    actor: 'octocat',
    notes: [],
    failure: null,
    links: [{ label: 'Workflow run', url: 'https://github.com/octo/attrition/actions/runs/77' }],
    ...change,
  };
}
