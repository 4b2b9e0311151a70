import { readJson, type StepContext } from '../steps/context.ts';
import { releaseFolder } from '../steps/release/artifacts.ts';
import type { PrivateSummary } from '../steps/release/delivery.ts';
import type { ReleaseState } from '../steps/release/state.ts';
import { publishableRelease } from './publishable-release.ts';
import { rowsWithoutComparison } from './release-comparison.ts';
import { isShownAgain, type PageEvent, releaseReportOf } from './release-report-of.ts';

/** Writes the pages of a release: one for everybody, and one with rows for those who may see the data. Returns their URIs. */
export async function page(
  event: PageEvent,
  context: StepContext,
): Promise<NonNullable<ReleaseState['page']>> {
  // The charting library loads slowly.
  const { releaseHtml } = await import('./release-html.ts');
  const { storage } = context;
  const folder = releaseFolder(context, event.execution);
  const report = await releaseReportOf(event, context);
  const summary = `${releaseFolder(context, event.delivered.release)}summary/private.json`;
  const made = report.predictions === null ? undefined : await readJson<PrivateSummary>(context, summary);
  const rows = made && isShownAgain(event) ? rowsWithoutComparison(made) : made;
  const uris = {
    uri: `${folder}page.html`,
    private: `${folder}private.html`,
    report: `${folder}release.json`,
  };
  await storage.write(uris.report, JSON.stringify(publishableRelease(report)));
  await storage.write(uris.uri, releaseHtml(report));
  await storage.write(uris.private, releaseHtml(report, rows));
  return uris;
}
