import { readFile } from 'node:fs/promises';

/**
 * Path of a run's report: the given file, if run-pipeline wrote it, or the file that it names, if it has the output of
 * `mlops run --json`. The report's reader checks that it exists and is valid.
 */
export async function reportPath(run: string): Promise<string> {
  try {
    const { version, report } = JSON.parse(await readFile(run, 'utf8')) as {
      version?: unknown;
      report?: { json?: unknown };
    };
    return version === undefined && typeof report?.json === 'string' ? report.json : run;
  } catch {
    return run;
  }
}
