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

/** Writes the report as HTML, Markdown and JSON into a folder. */
export async function writeReport(report: Report, folder: string): Promise<ReportFiles> {
  // The charting library loads slowly, so it is imported only here.
  const { renderHtml } = await import('../../report/html.ts');
  const files = {
    html: join(folder, 'report.html'),
    markdown: join(folder, 'report.md'),
    // First, because it creates the folder.
    json: await writeReportValue(report, folder),
  };
  await writeFile(files.html, renderHtml(report));
  await writeFile(files.markdown, renderComment(report));
  return files;
}
