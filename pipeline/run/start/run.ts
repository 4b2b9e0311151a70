import type { Backend, Progress } from '../../backends/backend.ts';
import type { Request } from '../../machines/request.ts';
import type { Report } from '../../report/report.ts';
import { closeRun } from '../../steps/train/close-run.ts';
import { type RunRecord, runKind } from '../../steps/train/run-record.ts';
import { reportOf } from '../account/report-of.ts';

export interface RunOutcome {
  execution: string;
  record: RunRecord;
  report: Report;
  /** What ran it, ready for a release that follows: its Python processes have their libraries loaded. */
  backend: Backend;
}

/** Runs the train machine once and makes its report, also if it fails or is cancelled. */
export async function runPipeline(
  request: Request,
  options: {
    backend: Backend;
    signal: AbortSignal;
    onProgress: (progress: Progress) => void;
    /** Called with the execution's name before it starts. */
    onStart?: ((execution: string) => void) | undefined;
  },
): Promise<RunOutcome> {
  const { backend, signal, onProgress } = options;
  const { ledger, clock } = backend.context;
  const started = clock.now();
  const execution = await backend.executionName(request);
  options.onStart?.(execution);
  const result = await backend.run(request, { execution, signal, onProgress });
  const recorded = (await ledger.get<RunRecord>(runKind, execution))?.value;
  // The machine records its success or failure; a stop from outside is recorded here. A record with another status is that of
  // another run with the same name (ConflictError).
  const isOwn =
    recorded !== undefined && (recorded.status === result.status || result.status === 'cancelled');
  const record = isOwn
    ? recorded
    : closeRun({
        execution,
        status: result.status === 'cancelled' ? 'ABORTED' : 'FAILED',
        started_at: started.toISOString(),
        finished_at: clock.now().toISOString(),
        request,
        error: result.error,
        state: null,
        steps: result.steps,
      });
  // Steps seen while following the execution are newer than those that the machine recorded.
  const complete = { ...record, ...(result.steps.length > 0 && { steps: result.steps }) };
  await backend.keep(complete);
  return { execution, record: complete, report: await reportOf(complete, backend), backend };
}
