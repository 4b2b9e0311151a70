import type { FailedJob } from '../../backends/backend.ts';
import type { Config } from '../../config/schema.ts';
import { causedByInput } from '../../errors.ts';
import { formatDuration } from '../../format.ts';
import type { TimeLimit } from '../../machines/request.ts';
import type { Failure } from '../../report/report.ts';

const hints: Record<string, string> = {
  InputError: 'Fix what the message names.',
  ConfigError: 'Fix mlops.yaml; `mlops validate` checks it without a run.',
  DataContractError: 'Fix the data or mlops.yaml; `mlops validate` checks both without a run.',
  InputChangedError:
    'Run again. Only runs write the folders inputs-* of the artifacts; if it recurs, see who did.',
  RewrittenError: 'Run again. Jobs write each object once; if it recurs, see which job wrote it again.',
  JobOutputError: "Fix the job's image: it must write what its manifest says.",
  ArtifactChangedError: 'Nothing was promoted. Restore the recorded version of the object, or train again.',
  BudgetError: 'Nothing was spent. Change the budget or the size of the jobs in mlops.yaml.',
  PrepareScriptError: 'Fix the prepare script (prepare.script in mlops.yaml).',
  ModelOutputError:
    'Make `serve` answer what `output` and `extra` of model.yaml (or `model` in mlops.yaml) say, or correct them.',
  ScoreFileError: 'Fix the answers of `serve`: every row of the holdout needs a score.',
  NothingToCompareError:
    'Add rows that no model has seen to the holdout, or change data.split in mlops.yaml.',
  ConflictError: 'Another run was promoted meanwhile. Run again to judge against the new champion.',
  LeaseHeldError: 'Wait for that run to end, or stop it; then run again.',
  LeaseLostError: 'Run again: finished steps are reused.',
  AlgorithmError: "Fix the model. The end of its log is shown above; the job's log has all of it.",
  DeliveryError: 'Fix the answers of `serve`: every row needs one. Nothing was released.',
  MonitorError: 'Nothing was judged; the history of looks is what it was.',
  ReleaseError: 'Nothing was released; readers see what they saw before.',
  SmokeError:
    'Nothing was released: the endpoint answers as before. Find out why the same model answers otherwise now.',
  EndpointError:
    'Nothing was released. The log of the endpoint says what its `serve` did; see the message on what answers now.',
  SetupError: 'Fix what the message names; `mlops doctor` checks the rest.',
  'States.ParameterPathFailure':
    'The branch is older than what is deployed: merge the default branch into it, then run again.',
  TimeLimitError: 'Raise the limit that the message names, or make the step faster.',
  'States.Timeout': 'Allow more time (max_runtime in mlops.yaml) or make the step faster.',
};

/** Hints by the text of the reason, because the services give almost every error the same name. */
const refusals: [said: RegExp, hint: string][] = [
  [
    /ResourceLimitExceeded|account-level service limit/,
    'Request a higher quota (Service Quotas in the console; the reason names it) or use another instance type in mlops.yaml; ' +
      '`mlops doctor --backend aws` compares both.',
  ],
  [
    /^CapacityError|Capacity is unavailable/,
    'AWS had no such instances in three attempts. Run again later, or use another instance type in mlops.yaml.',
  ],
  [
    /AccessDenied|not authorized to perform/,
    'A role lacks a permission that mlops.yaml requires: deploy again; if the template was upgraded, or data, images or keys come from elsewhere now, `npm run bootstrap` first.',
  ],
];

/** What the record of a failed run or release tells of its failure. */
export interface FailedRun {
  state: {
    error?: { Error: string; Cause: string };
    failed_step?: string;
    request: {
      model: string;
      limits?: Partial<Record<TimeLimit, string>>;
      config?: {
        prepare: Pick<Config['prepare'], 'max_runtime'>;
        training: Pick<Config['training'], 'max_runtime'>;
      };
    };
  };
}

/** Hints after a look at production: it promotes nothing, and its history must not be lost unnoticed. */
const lookHints: Record<string, string> = {
  DataContractError: 'Nothing was judged. Fix the labels (monitoring.truth) or mlops.yaml, then look again.',
  InputChangedError: 'Nothing was judged. Look again.',
  RewrittenError:
    'Nothing was judged. Look again. Jobs write each object once; if it recurs, see which job wrote it again.',
  JobOutputError: 'Nothing was judged; the history of looks is what it was.',
};

const restoreHint =
  'Nothing was judged. Restore the object that the message names from a backup (on S3 its earlier version), then look again; `mlops doctor` checks what looks need.';

const historyHint =
  'Without a backup only a history that starts anew goes on, and forgets alarms and what detectors have read: remove the record monitoring/current of the model from the ledger, knowingly.';

/** Why a look failed, and what to do then. */
export function lookFailureOf(record: FailedRun): Failure {
  const failure = failureOf(record);
  const { error, cause, hint } = failure;
  if (error !== 'ArtifactChangedError' && error !== 'NotFoundError' && error !== 'UnreadableRecordError')
    return { ...failure, hint: lookHints[error] ?? hint };
  return {
    ...failure,
    hint: /\/history\.json\b/.test(cause) ? `${restoreHint} ${historyHint}` : restoreHint,
  };
}

const scoringHint =
  'Fix the rows of data.scoring, then release again. Nothing was released; readers see what they saw before.';

/** What to try after an error with this name and, from AWS, this reason. */
export const hintFor = (name: string, reason = ''): string =>
  hints[name] ?? refusals.find(([said]) => said.test(reason))?.[1] ?? 'The log of the step says more.';

/**
 * Why a run failed: the program's own sentence from a job's Describe response, or a function's message. `log` has the
 * last lines of the job's log, if the error does not contain them.
 */
export function failureOf(run: FailedRun, log: readonly string[] = []): Failure {
  const { error, failed_step: step } = run.state;
  const cause = described(error?.Cause ?? '');
  const { ExitMessage, FailureReason, errorMessage, ErrorMessage, StoppedReason, LogTail = log } = cause;
  const told =
    overtime(cause, run) || ExitMessage || FailureReason || errorMessage || ErrorMessage || StoppedReason;
  const given = told || error?.Cause || 'no cause was given';
  // If the program left no sentence, the last line of its log is the best explanation.
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
    // The first message is the cause already.
    log: LogTail.length === 0 ? more : LogTail.filter((line) => ![first, `${name}: ${first}`].includes(line)),
    hint:
      name === 'DataContractError' && (branch.state ?? step) === 'Lay out rows'
        ? scoringHint
        : hintFor(name, given),
  };
}

/** The reason, if the job was stopped because it ran longer than mlops.yaml allows; null if it failed otherwise. */
function overtime(cause: Description, { state: { request } }: FailedRun): string | null {
  const isTraining =
    /^Max(Runtime|WaitTime)Exceeded$/.test(cause.SecondaryStatus ?? '') ||
    // The last trial of a tuning job.
    /\(MaxRuntimeExceeded\)/.test(cause.FailureReason ?? '');
  if (!isTraining && cause.ProcessingJobStatus !== 'Stopped') return null;
  const part = isTraining ? 'training' : 'prepare';
  const setting: TimeLimit = `${part}.max_runtime`;
  const limit =
    request.limits?.[setting] ??
    (request.config ? `${setting}: ${formatDuration(request.config[part].max_runtime)}` : setting);
  return `TimeLimitError: it ran longer than it may, and was stopped: ${limit}`;
}

/** `Score champion: AlgorithmError`: an error inside the Parallel state names its own state (machines/train.ts). */
function inBranch(error: string): { state: string | null; error: string } {
  const [, state = null, inner = error] = /^([A-Z][a-z ]+): (.+)$/s.exec(error) ?? [];
  return { state, error: inner };
}

/** The job that failed the run; null if the error already contains its log. */
export function failedJobOf(run: FailedRun): FailedJob | null {
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

/** Whether the user's input is the cause. A bad score file is not: in a run the model writes the scores. */
export const isInputError = ({ error }: Failure): boolean =>
  causedByInput(error) && error !== 'ScoreFileError';

/** A cause in JSON: the Describe response of a job, or the error of a Lambda function. */
interface Description {
  ExitMessage?: string;
  FailureReason?: string;
  LogTail?: string[];
  /** From a Lambda function. */
  errorMessage?: string;
  /** From a Glue run. */
  ErrorMessage?: string;
  /** From an ECS task. */
  StoppedReason?: string;
  /** Of a training job. */
  SecondaryStatus?: string;
  ProcessingJobStatus?: string;
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

/** `DataContractError: text` contains a specific error name; any other reason keeps the service's generic name. */
function named(reason: string, fallback: string): { name: string; message: string } {
  const match = /^([A-Z][A-Za-z]*Error): ([\s\S]*)$/.exec(reason);
  return match
    ? { name: match[1] ?? fallback, message: match[2] ?? '' }
    : { name: fallback, message: reason };
}
