import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { publishable } from '../../report/publishable.ts';
import type { Report } from '../../report/report.ts';

/**
 * Writes only the publishable report's JSON value; returns its path. The function has a file of its own, so that a bundle
 * which needs no renderer carries none.
 */
export async function writeReportValue(report: Report, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, 'report.json');
  await writeFile(path, `${JSON.stringify(publishable(report), undefined, 2)}\n`);
  return path;
}
