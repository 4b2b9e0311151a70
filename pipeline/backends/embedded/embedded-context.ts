import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { SetupError } from '../../errors.ts';
import { ModelLedger } from '../../model-ledger.ts';
import type { Endpoints, Trial } from '../../ports.ts';
import type { StepContext } from '../../steps/context.ts';
import { embeddedClock } from './clock.ts';
import { FileImages } from './state/file-images.ts';
import { FileLedger } from './state/file-ledger.ts';
import { FileStorage } from './state/file-storage.ts';
import { LedgerRegistry } from './state/ledger-registry.ts';
import { recordProblem } from './state/record-problem.ts';

export interface EmbeddedContext extends StepContext {
  storage: FileStorage;
  /** The ledger of all models: the state machine itself writes here, with keys that name the model. */
  table: FileLedger;
}

export interface EmbeddedState {
  /** The folder with all state, `.mlops`. */
  home: string;
  project: string;
  model: string;
}

/** Files do not answer: only the backend, which starts models, has endpoints. */
const noEndpoints: Endpoints = {
  invoke: () =>
    Promise.reject(new SetupError('endpoints: got files alone, expected the backend, which starts models')),
  traffic: async () => null,
};

/** Makes the ports of this machine, on files in a folder. */
export function embeddedContext(
  { home, project, model }: EmbeddedState,
  endpoints: Endpoints = noEndpoints,
): EmbeddedContext {
  const table = new FileLedger(join(home, 'ledger', project), recordProblem);
  const ledger = new ModelLedger(table, model);
  return {
    storage: new FileStorage(join(home, 's3')),
    ledger,
    table,
    registry: new LedgerRegistry(ledger, model),
    jobs: {
      trials: (tuningJob) => trialsOf(join(home, 'jobs'), tuningJob),
      strategyOf: (asked) => (asked === 'grid' ? 'grid' : 'random'),
    },
    images: new FileImages(join(home, 'images')),
    endpoints,
    clock: embeddedClock(),
    model,
    root: `s3://mlops/${project}`,
    jobPrefix: model,
    mostRunUsd: null,
    region: null,
  };
}

async function trialsOf(jobs: string, tuningJob: string): Promise<Trial[]> {
  return JSON.parse(
    await readFile(join(jobs, 'hyper-parameter-tuning-job', tuningJob, 'trials.json'), 'utf8'),
  );
}
