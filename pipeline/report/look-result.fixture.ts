import type { FindingName } from '../monitor/finding.ts';
import type { LookResult } from './look-result.ts';

/** A look that found this, as run-pipeline writes it, without its page. */
export function sampleLook(finding: FindingName | null, change: Partial<LookResult> = {}): LookResult {
  const decayed = finding === 'decayed';
  return {
    version: 1,
    project: 'attrition',
    model: 'attrition',
    execution: '77-attrition-monitor-1',
    status: finding === null ? 'failed' : 'succeeded',
    at: '2026-03-04T05:00:00Z',
    package: 'attrition/7',
    finding,
    reason: decayed ? 'ROC AUC is below 0.7.' : 'Everything was judged.',
    superseded: false,
    retrain: { wanted: decayed, why: decayed ? 'Decay of attrition/7.' : 'No decay was found.' },
    cool_down: 7 * 86_400,
    report: null,
    failure:
      finding === null
        ? { step: 'Summarise', error: 'AlgorithmError', cause: 'the disk is full', log: [], hint: 'Free it.' }
        : null,
    links: [],
    ...change,
  };
}
