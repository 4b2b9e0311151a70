import { cleanText } from '../../pipeline/report/clean-text.ts';
import { parseReport } from '../../pipeline/report/parse-report.ts';
import { headlineOf } from '../../pipeline/report/reading.ts';

/** The name of the commit status that a merge may require. Workflows that set it without our tools spell it the same way. */
export const statusContext = 'mlops / verdict';

/** GitHub refuses a longer description. */
const longest = 140;

/**
 * The status that a report makes: a candidate passes if the gate says promote or hold, or if mlops.yaml does not enforce
 * its no. A run without a report, or with one that is none, does not pass.
 * @param fork whether a fork's own run made the report, which nobody can verify
 */
export function statusOf(
  text: string | null,
  { fork }: { fork: boolean },
): { state: 'success' | 'failure'; description: string } {
  const report = reportIn(text);
  if (report === null) return { state: 'failure', description: 'The run left no report that can be used' };
  const { verdict, run } = report;
  const { title, why } = headlineOf(report);
  const passed =
    run.status === 'succeeded' && verdict !== null && (verdict.outcome !== 'reject' || !verdict.enforced);
  const whose = fork ? "By the fork's own run, unverified: " : '';
  const loose = verdict?.enforced === false ? ' (not enforced)' : '';
  return {
    state: passed ? 'success' : 'failure',
    description: cleanText(`${whose}${title}${loose}: ${why}`, longest),
  };
}

function reportIn(text: string | null) {
  if (text === null) return null;
  try {
    return parseReport(text);
  } catch {
    return null;
  }
}
