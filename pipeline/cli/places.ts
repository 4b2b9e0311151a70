import { relative } from 'node:path';
import type { ReportFiles } from '../run/account/write-report.ts';
import { print } from './print.ts';

/** Prints where a run's pages are. */
export function printPlaces({ html, private: whole }: ReportFiles): void {
  print(`\nReport: ${relative(process.cwd(), html)}`);
  if (whole !== undefined) print(`Private report, not to be published: ${relative(process.cwd(), whole)}`);
}
