import type { LabelledWindow, Summary } from '../../monitor/window.ts';
import { folder, type StepContext } from '../context.ts';
import { JobOutputError, requireOfJob } from '../train/keep.ts';
import { lookFolder } from './artifacts.ts';
import type { LabelledFile } from './summarise.ts';

/** What the job of a look has written. */
export interface KeptRows {
  summary: Summary;
  labelled: LabelledWindow[];
  /** The prefix of what the next look is to know of labels; null: none were read. */
  labels: string | null;
}

/**
 * Copies what the job of a look wrote from the folder that jobs may write to one that only this function may. What was copied
 * before, by a first attempt of this step, stays.
 * @throws RewrittenError, and JobOutputError if it is not what was asked for
 */
export async function keepLook(
  output: string,
  execution: string,
  { storage, root, model }: StepContext,
): Promise<KeptRows> {
  const from = folder(output);
  const to = `${lookFolder({ root, model }, execution)}rows/`;
  requireOfJob(from, root);
  for (const { uri } of await storage.list(from)) {
    const target = to + uri.slice(from.length);
    if (!(await storage.exists(target))) await storage.take(uri, target);
  }
  const kept = new Set((await storage.list(to)).map(({ uri }) => uri.slice(to.length)));
  const summary = await read<Summary>('summary/summary.json');
  const { windows } = kept.has('labelled/windows.json')
    ? await read<LabelledFile>('labelled/windows.json')
    : { windows: [] };
  const named = ['summary/summary.json', 'labelled/windows.json', ...windows.map(({ uri }) => uri)];
  const other = [...kept].find((path) => !named.includes(path) && !path.startsWith('truth/'));
  const missing = windows.find(({ uri }) => !kept.has(uri));
  if (other !== undefined || missing !== undefined)
    throw new JobOutputError(
      `${from}: got ${other ?? `no ${missing?.uri}`}, expected summary/summary.json, truth/ and the files that labelled/windows.json names`,
    );
  return {
    summary: { ...summary, sources: sourcesOf(summary, execution) },
    labelled: windows.map((window) => ({ ...window, uri: to + window.uri })),
    labels: [...kept].some((path) => path.startsWith('truth/')) ? `${to}truth/` : null,
  };

  async function read<T>(path: string): Promise<T> {
    if (!kept.has(path))
      throw new JobOutputError(`${from}: got no ${path}, expected it of the job that summarises`);
    return JSON.parse(new TextDecoder().decode(await storage.read(to + path))) as T;
  }
}

/** The counted sources: the files of captured requests, which are many, under one name. */
function sourcesOf({ sources }: Summary, execution: string): string[] {
  const releases = sources.filter((source) => !/\.jsonl(\.gz)?$/.test(source));
  return releases.length === sources.length ? releases : [...releases, `captures of ${execution}`];
}
