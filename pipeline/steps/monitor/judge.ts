import { sha256 } from '../../hash.ts';
import type { MonitorRequest } from '../../machines/monitor-request.ts';
import type { Finding } from '../../monitor/finding.ts';
import { judge } from '../../monitor/judge.ts';
import type { LabelledRows } from '../../monitor/read-labels.ts';
import type { Reference } from '../../monitor/reference.ts';
import type { LabelledWindow, Summary } from '../../monitor/window.ts';
import { readNumberColumns } from '../../tables/number-columns.ts';
import { readJson, type StepContext } from '../context.ts';
import { lookFolder } from './artifacts.ts';
import { keepLook } from './keep-look.ts';
import { readHistory } from './read-history.ts';
import { readReference } from './read-reference.ts';
import type { KeptHistory } from './records.ts';
import type { Judged, LookPlan, LookSettings, MonitorState } from './state.ts';

export interface JudgeEvent {
  execution: string;
  request: MonitorRequest;
  plan: LookPlan;
  summarised: NonNullable<MonitorState['summarised']>;
}

/**
 * Judges a look: adds what its job read to the history, and says what was found. It writes both beside the look and changes
 * nothing that counts: record-look moves the history.
 *
 * @throws ArtifactChangedError, NotFoundError or UnreadableRecordError where history or reference are not what was recorded, and
 *   JobOutputError where the job's files are not what it says
 */
export async function judgeLook(event: JudgeEvent, context: StepContext): Promise<Judged> {
  const { execution, plan, summarised } = event;
  const { storage, model } = context;
  const { config, truth, captured, captures } = await readJson<LookSettings>(context, plan.look);
  const settings = config.monitoring;
  if (settings === null) throw new Error(`${plan.look}: got monitoring off, expected its settings`);
  const before = await readHistory(plan.history, context);
  const kept = plan.reads ? await keepLook(summarised.output, execution, context) : null;
  const summary = kept?.summary ?? nothingRead(before);
  const names = new Set([
    ...before.history.windows.map((window) => window.summary.package),
    ...summary.windows.map((window) => window.package),
    ...(plan.package === null ? [] : [plan.package]),
  ]);
  const references = new Map<string, Reference | null>();
  for (const name of names) references.set(name, await readReference(name, context));
  const { history, finding } = await judge(before.history, {
    model,
    settings,
    at: plan.at,
    current: plan.package,
    gone: plan.gone,
    references,
    summary,
    labelled: kept?.labelled ?? [],
    read: (window) => readLabelled(window, references, context),
  });
  const folder = lookFolder(context, execution);
  const after: KeptHistory = {
    version: 1,
    captured: kept === null ? before.captured : captured,
    captures: kept === null ? before.captures : captures,
    truth: kept === null ? before.truth : (truth?.version ?? null),
    labels: kept === null ? before.labels : summary.truth,
    history,
  };
  const uri = `${folder}finding.json`;
  await storage.write(uri, JSON.stringify(finding satisfies Finding));
  const alarms = history.alarms.length - before.history.alarms.length;
  return {
    finding: finding.finding,
    reason: finding.reason,
    uri,
    labels: kept?.labels ?? plan.labels,
    captures: after.captures.map((copy) => copy.uri),
    history: await writeHistory(after, `${folder}history.json`, context),
    alarms,
  };
}

async function writeHistory(
  kept: KeptHistory,
  uri: string,
  { storage }: StepContext,
): Promise<{ uri: string; sha256: string }> {
  const text = JSON.stringify(kept);
  await storage.write(uri, text);
  return { uri, sha256: sha256(text) };
}

/** The summary of a look without a job. */
const nothingRead = ({ labels }: Pick<KeptHistory, 'labels'>): Summary => ({
  version: 1,
  sources: [],
  windows: [],
  truth: labels ?? { rows: 0, conflicts: 0, unknown: 0, early: 0, future: 0, bad: 0, matched: 0 },
  notes: [],
});

async function readLabelled(
  { package: name, uri, first, rows }: LabelledWindow,
  references: ReadonlyMap<string, Reference | null>,
  { storage }: StepContext,
): Promise<LabelledRows> {
  const reference = references.get(name);
  // A model that answers classes alone has one score, the code of its decision.
  const isSplit = reference?.problem === 'multiclass' && reference.scores.length > 0;
  const classes = isSplit ? reference.labels.length : 1;
  const scores = classes === 1 ? ['score'] : Array.from({ length: classes }, (_, index) => `score_${index}`);
  const part = { first, rows };
  const columns = await readNumberColumns(await storage.localFile(uri), [...scores, 'label'], part);
  const labels = columns.at(-1) ?? new Float64Array(0);
  if (classes === 1) return { scores: columns[0] ?? new Float64Array(0), labels };
  const all = new Float64Array(rows * classes);
  for (let row = 0; row < rows; row++)
    for (let code = 0; code < classes; code++) all[row * classes + code] = columns[code]?.[row] ?? Number.NaN;
  return { scores: all, labels };
}
