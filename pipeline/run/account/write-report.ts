import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { renderComment } from '../../report/markdown.ts';
import { publishable } from '../../report/publishable.ts';
import type { Report } from '../../report/report.ts';
import { writeReportValue } from './write-report-value.ts';

export interface ReportFiles {
  html: string;
  markdown: string;
  json: string;
  /** The page with what publication keeps back, if there is any. */
  private?: string;
}

const isPrivate =
  'This page is private: it shows what data.sensitive, report.min_group and the privacy of single rows keep from publication.';

/**
 * Writes the publishable report as HTML, Markdown and JSON into a folder, and the private one, if it shows more, into its
 * folder `private`, which no workflow uploads.
 */
export async function writeReport(report: Report, folder: string): Promise<ReportFiles> {
  // The charting library loads slowly, so it is imported only here.
  const { renderHtml } = await import('../../report/html.ts');
  const told = publishable(report);
  const files: ReportFiles = {
    html: join(folder, 'report.html'),
    markdown: join(folder, 'report.md'),
    // First, because it creates the folder.
    json: await writeReportValue(report, folder),
  };
  await writeFile(files.html, renderHtml(told));
  await writeFile(files.markdown, renderComment(told));
  if (isDeepStrictEqual(told, report)) return files;
  const page = join(folder, 'private', 'report.html');
  await mkdir(join(folder, 'private'), { recursive: true });
  await writeFile(page, renderHtml({ ...report, notes: [isPrivate, ...report.notes] }));
  return { ...files, private: page };
}
