import type { FailedJob } from '../../backends/backend.ts';
import { causedByInput } from '../../errors.ts';
import type { Failure } from '../../report/report.ts';
import type { RunRecord } from '../../steps/train/run-record.ts';

const hints: Record<string, string> = {
  ConfigError: 'Mend mlops.yaml; `mlops validate` checks it without a run.',
  DataContractError: 'Mend the data or mlops.yaml; `mlops validate` checks both without a run.',
  BudgetError: 'Nothing was spent. Change the budget or the size of the jobs in mlops.yaml.',
  PrepareScriptError: 'Mend the prepare script (prepare.script in mlops.yaml).',
  ModelOutputError: 'Make `serve` answer what model.output and model.extra in mlops.yaml say.',
  ScoreFileError: 'Mend what `serve` answers: every row of the holdout needs a score.',
  ConflictError: 'Another run was promoted meanwhile. Run again: it is judged against the new champion.',
  LeaseHeldError: 'Wait for that run to end, or stop it; then run again.',
  LeaseLostError: 'Run again: what was made is used again.',
  AlgorithmError: "Mend the model; its log is shown above, and whole in the job's log.",
  SetupError: 'Mend what it names; `mlops doctor` checks the rest.',
  'States.ParameterPathFailure':
    'The branch is older than what is deployed: merge the default branch into it, then run again.',
  'States.Timeout': 'Allow more time (max_runtime in mlops.yaml) or make the step faster.',
};

/** By what the service says: it calls almost everything by one name. */
const refusals: [said: RegExp, hint: string][] = [
  [
    /ResourceLimitExceeded|account-level service limit/,
    'Ask for a higher quota (Service Quotas in the console; the reason names it) or take another instance type in mlops.yaml; ' +
      '`mlops doctor --backend aws` compares both.',
  ],
  [
    /^CapacityError|Capacity is unavailable/,
    'AWS had no such instances, three times over. Run again later, or take another instance type in mlops.yaml.',
  ],
  [
    /AccessDenied|not authorized to perform/,
    'A role lacks what mlops.yaml asks for: deploy again, after `npm run bootstrap` where the template was upgraded.',
  ],
];

/** What to try after an error of this name and, from AWS, with this reason. */
export const hintFor = (name: string, reason = ''): string =>
  hints[name] ?? refusals.find(([said]) => said.test(reason))?.[1] ?? 'The log of the step says more.';

/**
 * Why a run failed: of a job's Describe response, the sentence that its program left; of a function, its message.
 * `log`: the last lines of the job's log, where the error did not bring them along.
 */
export function failureOf(run: RunRecord, log: readonly string[] = []): Failure {
  const { error, failed_step: step } = run.state;
  const cause = described(error?.Cause ?? '');
  const { ExitMessage, FailureReason, errorMessage, ErrorMessage, StoppedReason, LogTail = log } = cause;
  const told = ExitMessage || FailureReason || errorMessage || ErrorMessage || StoppedReason;
  const given = told || error?.Cause || 'no cause was given';
  // A program that left no sentence: its last line says more than nothing.
  const reason = given.replace(
    /^(\w+): , /,
    (_, kind: string) => `${kind}: ${LogTail.at(-1) ?? 'no reason'}, `,
  );
  const branch = inBranch(error?.Error ?? 'Error');
  const { name, message } = named(reason, branch.error);
  const [first = '', ...more] = message.trim().split('\n');
  return {
    step: branch.state ?? step ?? 'Run',
    error: name,
    cause: more.length === 0 ? first : `${first} (and ${more.length} more, below)`,
    log: LogTail.length > 0 || more.length === 0 ? [...LogTail] : [first, ...more],
    hint: hintFor(name, given),
  };
}

/** `Score champion: AlgorithmError`: what fails inside the Parallel state names its own state (definition/train.ts). */
function inBranch(error: string): { state: string | null; error: string } {
  const [, state = null, inner = error] = /^([A-Z][a-z ]+): (.+)$/s.exec(error) ?? [];
  return { state, error: inner };
}

/** The job that a run failed on, where its log is still to be read. */
export function failedJobOf(run: RunRecord): FailedJob | null {
  const found = described(run.state.error?.Cause ?? '');
  if (found.LogTail) return null;
  const jobs = [
    ['tuning', found.HyperParameterTuningJobName],
    ['training', found.TrainingJobName],
    ['processing', found.ProcessingJobName],
    ['transform', found.TransformJobName],
  ] as const;
  for (const [kind, name] of jobs) if (name !== undefined) return { kind, name };
  return null;
}

/** Whether the user's input is the cause. In a run the model wrote the scores, so a bad score file is the model's failure. */
export const isInputError = ({ error }: Failure): boolean =>
  causedByInput(error) && error !== 'ScoreFileError';

/** A cause in JSON: the Describe response of a job, or the error of a Lambda function. */
interface Description {
  ExitMessage?: string;
  FailureReason?: string;
  LogTail?: string[];
  /** Of a Lambda function. */
  errorMessage?: string;
  /** Of a Glue run. */
  ErrorMessage?: string;
  /** Of an ECS task. */
  StoppedReason?: string;
  HyperParameterTuningJobName?: string;
  TrainingJobName?: string;
  ProcessingJobName?: string;
  TransformJobName?: string;
}

function described(cause: string): Description {
  try {
    const value: unknown = JSON.parse(cause);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

/** `DataContractError: text` is an error with a name of its own; a job's own name for any other failure says little. */
function named(reason: string, fallback: string): { name: string; message: string } {
  const match = /^([A-Z][A-Za-z]*Error): ([\s\S]*)$/.exec(reason);
  return match
    ? { name: match[1] ?? fallback, message: match[2] ?? '' }
    : { name: fallback, message: reason };
}
