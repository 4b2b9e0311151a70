import { join } from 'node:path';
import type { Config } from '../../../config/schema.ts';
import { embeddedContext } from '../embedded-context.ts';
import { ImageStore } from '../images/image-store.ts';
import { requireModelKeys } from '../state/model-keys.ts';
import type { ModelHost } from './model-process.ts';

/** Opens this machine's state to start a model's packages. */
export async function openModelHost(
  { project, name: model }: Pick<Config, 'project' | 'name'>,
  {
    home,
    containers = false,
    onNote,
  }: { home: string; containers?: boolean; onNote: (line: string) => void },
): Promise<ModelHost> {
  await requireModelKeys(home, project);
  return {
    home,
    context: embeddedContext({ home, project, model }),
    images: new ImageStore(join(home, 'images'), { onProgress: onNote, containers }),
    onNote,
  };
}
