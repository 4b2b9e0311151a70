import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { renderComment } from '../../report/markdown.ts';
import type { Report } from '../../report/report.ts';
import { writeReportValue } from './write-report-value.ts';

export interface ReportFiles {
  html: string;
  markdown: string;
  json: string;
}

/** Writes the report's renderings and the value itself into a folder. */
export async function writeReport(report: Report, folder: string): Promise<ReportFiles> {
  // The charting library is slow to load, and only this needs it.
  const { renderHtml } = await import('../../report/html.ts');
  const files = {
    html: join(folder, 'report.html'),
    markdown: join(folder, 'report.md'),
    // First: it makes the folder.
    json: await writeReportValue(report, folder),
  };
  await writeFile(files.html, renderHtml(report));
  await writeFile(files.markdown, renderComment(report));
  return files;
}
