import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Trial } from '../../ports.ts';
import type { StepContext } from '../../steps/context.ts';
import { FileLedger } from './state/file-ledger.ts';
import { FileStorage } from './state/file-storage.ts';
import { LedgerRegistry } from './state/ledger-registry.ts';

export type EmbeddedContext = StepContext & { storage: FileStorage };

/** The ports of this machine, on files in a folder. */
export function embeddedContext({ home, project }: { home: string; project: string }): EmbeddedContext {
  const ledger = new FileLedger(join(home, 'ledger', project));
  return {
    storage: new FileStorage(join(home, 's3')),
    ledger,
    registry: new LedgerRegistry(ledger, project),
    jobs: {
      trials: (tuningJob) => trialsOf(join(home, 'jobs'), tuningJob),
      strategyOf: (asked) => (asked === 'grid' ? 'grid' : 'random'),
    },
    clock: { now: () => new Date() },
    root: `s3://mlops/${project}`,
    jobPrefix: project,
    region: null,
  };
}

async function trialsOf(jobs: string, tuningJob: string): Promise<Trial[]> {
  return JSON.parse(
    await readFile(join(jobs, 'hyper-parameter-tuning-job', tuningJob, 'trials.json'), 'utf8'),
  );
}
