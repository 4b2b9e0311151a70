import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Config } from '../../config/schema.ts';
import { privacyOf } from '../../gate/privacy.ts';
import type { Finding } from '../../monitor/finding.ts';
import type { Storage } from '../../ports.ts';
import { type LookResult, publishableLook } from '../../report/look-result.ts';
import type { MonitorReport } from '../../report/monitor-report.ts';
import { publishableFailure } from '../../report/publishable.ts';
import { publishableFinding } from '../../report/publishable-finding.ts';
import { readJson, type StepContext } from '../../steps/context.ts';
import type { LookRecord } from '../../steps/monitor/records.ts';
import { lookFailureOf } from './failure.ts';

/** What everybody may see of a look at production that has ended. */
export async function lookResultOf(
  record: LookRecord,
  config: Config,
  context: Pick<StepContext, 'storage'>,
): Promise<LookResult> {
  const { look, status, finding, retrain, superseded, state } = record;
  const { plan, judged, page, page_error: pageError } = state;
  const report = page === undefined ? null : await readJson<MonitorReport>(context, page.report);
  const privacy = privacyOf(config);
  const found =
    report === null && judged !== undefined
      ? publishableFinding(await readJson<Finding>(context, judged.uri), privacy)
      : null;
  return publishableLook({
    version: 1,
    project: config.project,
    model: config.name,
    execution: look,
    status,
    at: plan?.at ?? null,
    package: plan?.package ?? null,
    finding: status === 'succeeded' ? finding : null,
    reason: report?.finding.reason ?? found?.reason ?? 'The look did not end well.',
    superseded,
    retrain: { wanted: retrain.wanted, why: retrain.why },
    cool_down: config.monitoring?.decay?.cool_down ?? 0,
    report,
    failure:
      status === 'succeeded' && finding !== null
        ? pageError === undefined
          ? null
          : {
              step: 'Page',
              error: pageError.Error,
              cause: pageError.Cause,
              log: [],
              hint: 'The look stands; only its page is missing.',
            }
        : publishableFailure(lookFailureOf(record), privacy),
    links: [],
  });
}

/** Writes a result as JSON and, if there is one, the page for everybody; returns their paths. */
export async function writeLookResult(
  result: LookResult,
  page: string | null,
  folder: string,
  storage: Pick<Storage, 'read'> | null,
): Promise<{ json: string; page: string | null }> {
  await mkdir(folder, { recursive: true });
  const json = join(folder, 'look.json');
  await writeFile(json, `${JSON.stringify(result, undefined, 2)}\n`);
  if (page === null || storage === null) return { json, page: null };
  const html = join(folder, 'page.html');
  await writeFile(html, await storage.read(page));
  return { json, page: html };
}
