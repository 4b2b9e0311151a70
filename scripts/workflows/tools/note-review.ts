/**
 * Notes in the report RUN what became of the review: whether what the pull request's run made was taken over (TAKEN), or
 * that and why (WHY) the model was trained again. In the latter case compares with the report REVIEWED, if there is one: it
 * proves nothing, because whoever may push a branch may have written it, but tells the reader whether the numbers moved.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { cleanOutput } from '../../../pipeline/report/clean-text.ts';
import { parseReport } from '../../../pipeline/report/parse-report.ts';
import type { Report } from '../../../pipeline/report/report.ts';

const { RUN = '', REVIEWED = '', TAKEN, WHY = '' } = process.env;
const report = parseReport(readFileSync(RUN, 'utf8'));
const reviewed = reviewedReport();
const note = [made(), differences()].filter((sentence) => sentence !== '').join(' ');
report.notes.unshift(note);
writeFileSync(RUN, JSON.stringify(report));
console.log(cleanOutput(note));

function reviewedReport(): Report | null {
  if (REVIEWED === '') return null;
  try {
    return parseReport(readFileSync(REVIEWED, 'utf8'));
  } catch (error) {
    // What nobody has verified must not stop a deployment.
    console.log(cleanOutput(`The reviewed run's report cannot be read: ${(error as Error).message}`));
    return null;
  }
}

function made(): string {
  if (TAKEN === 'true')
    return "What the pull request's run made was verified by its attestation and taken over.";
  return `Nothing of the pull request's run was taken over: ${WHY}.`;
}

function differences(): string {
  if (reviewed === null) return '';
  const found = [...differing(reviewed, report)];
  if (found.length === 0)
    return 'Fingerprint, image and all metrics of the candidate equal those of the review.';
  return `Other than in the review: ${found.join('; ')}.`;
}

function* differing(before: Report, after: Report): Iterable<string> {
  if (before.run.fingerprint !== after.run.fingerprint)
    yield `the fingerprint is ${after.run.fingerprint.slice(0, 12)}, was ${before.run.fingerprint.slice(0, 12)}`;
  const digest = ({ candidate }: Report) =>
    candidate?.image.slice(candidate.image.lastIndexOf('@') + 1) ?? 'none';
  if (digest(before) !== digest(after)) yield `the image is ${digest(after)}, was ${digest(before)}`;
  const was = before.verdict?.metrics ?? {};
  const is = after.verdict?.metrics ?? {};
  for (const name of new Set([...Object.keys(was), ...Object.keys(is)])) {
    const [old, now] = [was[name]?.candidate, is[name]?.candidate];
    if (old !== now) yield `${name} is ${now ?? 'missing'}, was ${old ?? 'missing'}`;
  }
}
