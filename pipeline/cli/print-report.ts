import { relative } from 'node:path';
import type { Report } from '../report/report.ts';
import { renderTerminal } from '../report/terminal.ts';
import type { ReportFiles } from '../run/account/write-report.ts';
import { print, printStyled } from './print.ts';

/** Prints a publishable report, and where its pages are. */
export function printReport(report: Report, { html, private: whole }: ReportFiles): void {
  const color = process.stdout.isTTY === true;
  printStyled(renderTerminal(report, { color, columns: process.stdout.columns || 100 }));
  print(`\nReport: ${relative(process.cwd(), html)}`);
  if (whole !== undefined) print(`Private report, not to be published: ${relative(process.cwd(), whole)}`);
}
