import { mkdir, readdir, rename } from 'node:fs/promises';
import { join, relative } from 'node:path';
import { SetupError } from '../../../errors.ts';
import { kindOf } from '../../../model-ledger.ts';
import { FileLedger } from './file-ledger.ts';
import { unlessMissing } from './files.ts';

/*
 * Before a project could have several models, its ledger had files KIND/ID/N.json; now they are KIND/MODEL/ID/N.json.
 * The old items belong to the model with the project's name.
 */

interface EarlierItem {
  kind: string;
  /** Encoded, as the folder's name. */
  id: string;
}

/** Items of the ledger whose keys name no model. */
export async function earlierItems(home: string, project: string): Promise<EarlierItem[]> {
  const root = join(home, 'ledger', project);
  const found: EarlierItem[] = [];
  for (const kind of await foldersIn(root))
    for (const id of await foldersIn(join(root, kind))) {
      const names = (await unlessMissing(readdir(join(root, kind, id)))) ?? [];
      if (names.some((name) => /^\d+\.json$/.test(name))) found.push({ kind, id });
    }
  return found;
}

/** Throws SetupError if the ledger has items whose keys name no model. */
export async function requireModelKeys(home: string, project: string): Promise<void> {
  if ((await earlierItems(home, project)).length === 0) return;
  throw new SetupError(
    `${relative('', join(home, 'ledger', project)) || home}: written by an earlier version of this template, whose keys name no model; ` +
      'expected keys that do: `mlops doctor --repair` moves the items; or delete the folder to start without them',
  );
}

/** Moves every such item to the model with the project's name. After a kill, a second call continues. */
export async function moveToModel(home: string, project: string): Promise<void> {
  const root = join(home, 'ledger', project);
  const ledger = new FileLedger(root);
  for (const { kind, id } of await earlierItems(home, project)) {
    const folder = join(root, kindOf(kind, project));
    await mkdir(folder, { recursive: true });
    if (kind === 'run') await nameModel(ledger, id, project);
    await rename(join(root, kind, id), join(folder, id));
  }
}

/** Writes the model's name into a run's record, because the run's report needs it. */
async function nameModel(ledger: FileLedger, folder: string, model: string): Promise<void> {
  const id = decodeURIComponent(folder);
  const run = await ledger.get<{ state?: { request?: Record<string, unknown> } }>('run', id);
  const request = run?.value.state?.request;
  if (run === null || request === undefined || 'model' in request) return;
  const config = { ...(request.config as object), name: model };
  await ledger.put('run', id, {
    ...run.value,
    state: { ...run.value.state, request: { ...request, model, config } },
  });
}

async function foldersIn(path: string): Promise<string[]> {
  const entries = (await unlessMissing(readdir(path, { withFileTypes: true }))) ?? [];
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}
