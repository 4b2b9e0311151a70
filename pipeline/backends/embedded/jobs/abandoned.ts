import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../state/files.ts';
import { kinds, writeJson } from './job.ts';

/** What a run left in the jobs folder that ended without ending its jobs. */
export interface AbandonedJob {
  /** `training-job/NAME`, `model/NAME.json`. */
  name: string;
  /** Closes the job as Stopped and removes its working files; removes the model. */
  close: () => Promise<void>;
}

/** Jobs that are still InProgress, or died before they were described, and models; to be asked for where no run is on. */
export async function abandonedJobs(root: string): Promise<AbandonedJob[]> {
  const found: AbandonedJob[] = [];
  for (const [kind, word] of Object.entries(kinds)) {
    for (const name of (await unlessMissing(readdir(join(root, kind)))) ?? []) {
      const folder = join(root, kind, name);
      const file = join(folder, 'describe.json');
      const text = await unlessMissing(readFile(file, 'utf8'));
      const description = text === null ? {} : (JSON.parse(text) as Record<string, unknown>);
      const status = `${word}JobStatus`;
      if (text !== null && description[status] !== 'InProgress') continue;
      const close = async () => {
        // The folder stays: a job's name is taken for ever.
        await rm(join(folder, 'ml'), { recursive: true, force: true });
        await mkdir(join(folder, 'ml'));
        await writeJson(file, {
          ...description,
          [status]: 'Stopped',
          FailureReason: 'The run was killed, and this job with it.',
          LastModifiedTime: new Date().toISOString(),
        });
      };
      found.push({ name: `${kind}/${name}`, close });
    }
  }
  for (const name of (await unlessMissing(readdir(join(root, 'model')))) ?? [])
    if (name.endsWith('.json'))
      found.push({ name: `model/${name}`, close: () => rm(join(root, 'model', name), { force: true }) });
  return found;
}
