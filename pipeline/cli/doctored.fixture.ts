import { readdirSync, rmSync } from 'node:fs';
import type { Workspace } from './cli.fixture.ts';

/** Changes the newest version of every item of a kind in the ledger, as an earlier version of the template had left it. */
export function doctored(
  workspace: Workspace,
  folder: string,
  change: (value: Record<string, unknown>) => Record<string, unknown>,
): void {
  for (const id of readdirSync(workspace.path(folder))) {
    const versions = readdirSync(workspace.path(folder, id)).map((name) => Number.parseInt(name, 10));
    const path = `${folder}/${id}/${Math.max(...versions)}.json`;
    const changed = change(JSON.parse(workspace.read(path)));
    // The file may be shared with another working directory.
    rmSync(workspace.path(path));
    workspace.write({ [path]: JSON.stringify(changed) });
  }
}
