import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Workspace } from '../../pipeline/cli/workspace.fixture.ts';

/** What a reader finds of the current release. */
export interface Seen {
  release: string;
  package: string;
}

const storage = '.mlops/s3/mlops/small';
const magic = 'PAR1';

/**
 * Reads the pointer and the files that it leads to, as a reader does who asks at any moment. null: nothing is released yet.
 * Throws if the pointer or a file is not whole, or if the catalog does not list the release.
 */
export function readCurrent(workspace: Workspace): Seen | null {
  const pointer = workspace.path(storage, 'pointers/small.json');
  if (!existsSync(pointer)) return null;
  const { release, package: name } = JSON.parse(readFileSync(pointer, 'utf8')) as Seen;
  const folder = workspace.path(storage, `predictions/model=small/release=${release}`);
  const files = readdirSync(folder);
  if (files.length === 0) throw new Error(`release ${release}: no file of predictions`);
  for (const file of files) {
    const bytes = readFileSync(join(folder, file));
    const ends = [bytes.subarray(0, 4), bytes.subarray(-4)].map(String);
    if (ends.some((text) => text !== magic)) throw new Error(`release ${release}: ${file} is not whole`);
  }
  const catalog = workspace.path('.mlops/ledger/small/partition/small');
  if (!readdirSync(catalog).some((id) => decodeURIComponent(id).includes(release)))
    throw new Error(`release ${release}: the catalog does not list it`);
  return { release, package: name };
}
