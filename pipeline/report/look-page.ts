import type { StepContext } from '../steps/context.ts';
import { lookFolder } from '../steps/monitor/artifacts.ts';
import { type LookPageEvent, monitorReportOf } from './monitor-report-of.ts';
import { publishableMonitor } from './publishable-monitor.ts';

/** Writes the page of a look at production and the value that it is made from. Everybody may see both. Returns their URIs. */
export async function monitorPage(
  event: LookPageEvent,
  context: StepContext,
): Promise<{ uri: string; report: string }> {
  // The charting library loads slowly.
  const { monitorHtml } = await import('./monitor-html.ts');
  const folder = lookFolder(context, event.execution);
  const report = publishableMonitor(await monitorReportOf(event, context));
  const uris = { uri: `${folder}page.html`, report: `${folder}report.json` };
  await context.storage.write(uris.report, JSON.stringify(report));
  await context.storage.write(uris.uri, monitorHtml(report));
  return uris;
}
