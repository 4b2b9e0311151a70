import { readFile } from 'node:fs/promises';

/**
 * Where a run's report is: the file itself, which run-pipeline gives, or the one that it names where it is what
 * `mlops run --json` printed. Whether the report is there, and sound, is for its reader to tell.
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
