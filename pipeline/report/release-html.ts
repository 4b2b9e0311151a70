import type { PrivateSummary } from '../steps/release/delivery.ts';
import type { ReleaseReport } from './release-report.ts';

export function releaseHtml(report: ReleaseReport, rows?: PrivateSummary): string {
  return JSON.stringify({ report, rows });
}
