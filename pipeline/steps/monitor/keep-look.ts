import type { LabelledWindow, Summary } from '../../monitor/window.ts';
import { folder, type StepContext } from '../context.ts';
import { JobOutputError, requireOfJob } from '../train/keep.ts';
import { lookFolder } from './artifacts.ts';

/** `labelled/windows.json` of the job `monitor`: the windows, with the files relative to the job's output. */
type LabelledFile = Omit<LabelledWindow, 'uri'> & { path: string };

/**
 * Copies what the job of a look wrote from the folder that jobs may write to one that only this function may. What was copied
 * before, by a first attempt of this step, stays.
 * @throws RewrittenError, and JobOutputError if it is not what was asked for
 */
export async function keepLook(
  output: string,
  execution: string,
  { storage, root, model }: StepContext,
): Promise<{ summary: Summary; labelled: LabelledWindow[] }> {
  const from = folder(output);
  const to = `${lookFolder({ root, model }, execution)}rows/`;
  requireOfJob(from, root);
  for (const { uri } of await storage.list(from)) {
    const target = to + uri.slice(from.length);
    if (!(await storage.exists(target))) await storage.take(uri, target);
  }
  const summary = await read<Summary>('summary/summary.json');
  const labelled = await read<LabelledFile[]>('labelled/windows.json');
  const kept = new Set((await storage.list(to)).map(({ uri }) => uri.slice(to.length)));
  const expected = ['summary/summary.json', 'labelled/windows.json', ...labelled.map(({ path }) => path)];
  const missing = expected.find((path) => !kept.has(path));
  if (missing !== undefined || kept.size !== expected.length)
    throw new JobOutputError(
      `${from}: got the files ${[...kept].slice(0, 20).join(', ')}, expected ${expected.slice(0, 20).join(', ')}`,
    );
  return { summary, labelled: labelled.map(({ path, ...window }) => ({ ...window, uri: to + path })) };

  async function read<T>(path: string): Promise<T> {
    if (!(await storage.exists(to + path)))
      throw new JobOutputError(`${from}: got no ${path}, expected it of the job that summarises`);
    return JSON.parse(new TextDecoder().decode(await storage.read(to + path))) as T;
  }
}
