import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Storage } from '../../ports.ts';
import type { ReleaseReport } from '../../report/release-report.ts';
import type { ReleaseState } from '../../steps/release/state.ts';

export interface ReleasePages {
  html: string;
  json: string;
  /** The page with rows and ids. */
  private: string;
}

/** Writes a release's pages to a folder; the one with rows into its folder `private`, which no workflow uploads. */
export async function writeReleasePages(
  page: NonNullable<ReleaseState['page']>,
  folder: string,
  storage: Pick<Storage, 'read'>,
): Promise<{ files: ReleasePages; report: ReleaseReport }> {
  const files = {
    html: join(folder, 'page.html'),
    json: join(folder, 'release.json'),
    private: join(folder, 'private', 'page.html'),
  };
  await mkdir(join(folder, 'private'), { recursive: true });
  const value = await storage.read(page.report);
  await writeFile(files.json, value);
  await writeFile(files.html, await storage.read(page.uri));
  await writeFile(files.private, await storage.read(page.private));
  return { files, report: JSON.parse(new TextDecoder().decode(value)) as ReleaseReport };
}
