import { mkdir, readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { unlessMissing } from '../state/files.ts';
import { modelsOfConfigs } from './endpoints.ts';
import { kinds, writeJson } from './job.ts';
import { removeTree } from './left-files.ts';

/** A job or model that a killed run left in the jobs folder. */
export interface AbandonedJob {
  /** `training-job/NAME`, `model/NAME.json`. */
  name: string;
  /** Closes the job as Stopped and removes its working files; removes the model. */
  close: () => Promise<void>;
}

/** Jobs that are still InProgress or were never described, and all models but those of endpoints. Call it only while no run is in progress. */
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
        // Keep the folder, because a job's name can never be used again.
        await removeTree(join(folder, 'ml'));
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
  const configs = (await unlessMissing(readdir(join(root, 'endpoint-config')))) ?? [];
  const served = await modelsOfConfigs(
    root,
    configs.filter((name) => name.endsWith('.json')),
  );
  for (const name of (await unlessMissing(readdir(join(root, 'model')))) ?? [])
    if (name.endsWith('.json') && !served.has(name.slice(0, -'.json'.length)))
      found.push({ name: `model/${name}`, close: () => rm(join(root, 'model', name), { force: true }) });
  return found;
}
