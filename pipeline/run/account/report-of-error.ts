import { readFile } from 'node:fs/promises';
import type { Backend } from '../../backends/backend.ts';
import { ConfigError } from '../../errors.ts';
import type { Trigger } from '../../machines/request.ts';
import type { Report } from '../../report/report.ts';
import { hintFor } from './failure.ts';

interface Attempt {
  /** The path of mlops.yaml. */
  config: string;
  /** The requested model. */
  model: string | undefined;
  backend: Backend['name'];
  mode: 'evaluate' | 'promote';
  trigger: Pick<Trigger, 'kind' | 'reason'> & Partial<Pick<Trigger, 'ref' | 'commit'>>;
  began: Date;
  /** A name in place of the missing execution's. */
  execution: string;
  cancelled: boolean;
}

/** The report of a run that could not start; it tells whoever waits for a verdict why there is none. */
export async function reportOfError(error: unknown, attempt: Attempt): Promise<Report> {
  const { name, message } = error instanceof Error ? error : new Error(String(error));
  const [first = '', ...more] = message.split('\n');
  const finished = new Date();
  const { commit, ref, kind, reason } = attempt.trigger;
  const project = await projectIn(attempt.config);
  return {
    version: 1,
    project,
    model: attempt.model ?? project,
    problem: 'binary',
    backend: attempt.backend,
    environment: null,
    run: {
      execution: attempt.execution,
      mode: attempt.mode,
      trigger: kind,
      reason,
      started_at: attempt.began.toISOString(),
      finished_at: finished.toISOString(),
      seconds: (finished.getTime() - attempt.began.getTime()) / 1000,
      commit: commit ? { sha: commit, ref: ref ?? null, dirty: false } : null,
      fingerprint: '',
      status: attempt.cancelled ? 'cancelled' : 'failed',
      promotion: { promoted: false, package: null, detail: 'Nothing was registered.' },
    },
    verdict: null,
    failure: attempt.cancelled
      ? null
      : {
          step: error instanceof ConfigError ? 'Configuration' : 'Start',
          error: name,
          cause: more.length === 0 ? first : `${first} (and ${more.length} more, below)`,
          log: more.length === 0 ? [] : [first, ...more],
          hint: hintFor(name),
        },
    candidate: null,
    champion: null,
    data: null,
    plots: null,
    explanation: null,
    tuning: null,
    changes: null,
    steps: [],
    cost: { estimated_usd: null, actual_usd: null, note: '' },
    notes: [],
    links: [],
  };
}

/** The project's name, even from an otherwise invalid file: the report's comment is found by it. */
async function projectIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return /^project:\s*["']?([a-z0-9-]+)/m.exec(text)?.[1] ?? 'unnamed';
}
