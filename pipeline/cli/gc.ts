import { relative } from 'node:path';
import { collect, type Kind } from '../backends/embedded/state/gc/gc.ts';
import { formatBytes, formatCountOf } from '../format.ts';
import { home } from './home.ts';
import { print, printJson } from './print.ts';
import { table } from './table.ts';

interface GcOptions {
  age: number;
  count: number;
  dryRun?: boolean;
  json?: boolean;
}

const day = 86_400_000;

const words: Record<Kind, string> = {
  records: 'records of runs and their results',
  artifacts: 'prepared data, staged inputs, models and scores',
  jobs: 'jobs',
  reports: 'reports and events of runs',
  images: 'images',
  environments: 'Python environments',
};

/** `mlops gc`. */
export async function gc({ age, count, dryRun = false, json }: GcOptions): Promise<void> {
  const { removals, runs } = await collect(home(), { before: Date.now() - age * day, count, dryRun });
  const bytes = removals.reduce((sum, removal) => sum + removal.bytes, 0);
  if (json) {
    const removed = removals.map(({ path, ...removal }) => ({ ...removal, path: relative('', path) }));
    return printJson({ dry_run: dryRun, freed_bytes: bytes, runs, removed });
  }
  const kinds = [...Map.groupBy(removals, ({ kind }) => kind)];
  for (const line of table(
    kinds.map(([kind, those]) => [
      words[kind],
      String(those.length),
      formatBytes(those.reduce((sum, removal) => sum + removal.bytes, 0)),
    ]),
  ))
    print(line);
  const kept = `${formatCountOf(runs.kept, 'run')} kept`;
  if (removals.length === 0) print(`Nothing to remove: ${kept}.`);
  else {
    const [free, remove] = dryRun ? ['Would free', 'to remove'] : ['Freed', 'removed'];
    print(`\n${free} ${formatBytes(bytes)}: ${formatCountOf(runs.removed, 'run')} ${remove}, ${kept}.`);
  }
}
