import { ConflictError } from '../../errors.ts';
import type { StepContext } from '../context.ts';
import type { RunRecord } from './run-record.ts';

/** A message for the people of an environment: what happened, what follows from it, and what they can do. */
export interface Notice {
  /** ASCII, at most 100 characters, as SNS demands of the subject of a mail. */
  subject: string;
  message: string;
}

/** Where a run happened. */
export interface RunPlace {
  /** The stack: PROJECT--ENV. */
  stack: string;
  /** The execution's page in the AWS console. */
  link: string;
}

/**
 * The notice of a run that somebody has to look at; null for any other:
 * - A run in mode promote that the gate held or rejected: whoever merged waits for a new champion that does not come.
 * - An evaluate run that failed for a reason outside its own branch, such as a quota, a permission or a time limit: the pull
 *   request's author reads of it there, but cannot fix it. A promote run that failed has an alarm.
 * A stopped run is no news to whoever stopped it. A baseline run only makes a model to compare with.
 */
export function noticeOf(run: RunRecord, place: RunPlace): Notice | null {
  const { request, gate } = run.state;
  if (request.trigger.kind === 'baseline') return null;
  if (run.status === 'failed') return request.mode === 'evaluate' ? failureNotice(run, place) : null;
  if (run.status !== 'succeeded' || request.mode !== 'promote' || !gate || gate.promotable) return null;
  if (gate.outcome === 'hold')
    return notice(run, place, 'held: a person decides', [
      `The gate held model ${request.model} in ${place.stack}. The champion stays until a person approves the held model.`,
      `Reason: ${gate.reason}`,
      'To approve it: see "What the gate holds" in .github/workflows/README.md of the repository. To leave it: do nothing.',
    ]);
  if (gate.outcome === 'reject')
    return notice(run, place, 'rejected: the champion stays', [
      `The gate rejected model ${request.model} in ${place.stack}. The champion stays, and nobody can approve this run.`,
      `Reason: ${gate.reason}`,
      "To see every check: the run's report, on the merged pull request or in the issue of a retraining.",
    ]);
  return null;
}

function failureNotice(run: RunRecord, place: RunPlace): Notice | null {
  const { request, error, failed_step: step = 'the run' } = run.state;
  const reason = `${error?.Error ?? 'Error'}: ${reasonOf(error?.Cause ?? 'no cause was given')}`;
  if (ofTheBranch.test(reason)) return null;
  return notice(run, place, 'failed in the account', [
    `An evaluate run of model ${request.model} in ${place.stack} failed at ${step}, for a reason that its branch cannot fix.`,
    `Reason: ${reason}`,
    `To find the cause: npx mlops doctor --backend aws --environment ${place.stack.split('--')[1]}`,
  ]);
}

/** Names of the errors that a branch's own settings, data or code cause, wherever the error names them. */
const ofTheBranch =
  /\b(?:AlgorithmError|BudgetError|ConfigError|DataContractError|InputError|ModelOutputError|PrepareScriptError|ScoreFileError|SetupError)\b|\bStates\.ParameterPathFailure\b/;

/** The sentence in a cause, which may be the JSON of a job's description or of a function's error. */
function reasonOf(cause: string): string {
  try {
    const told = JSON.parse(cause) as Record<string, string | undefined>;
    const { ExitMessage, FailureReason, errorMessage, ErrorMessage, StoppedReason } = told;
    const type = told.errorType === undefined ? '' : `${told.errorType}: `;
    const reason = ExitMessage || FailureReason || errorMessage || ErrorMessage || StoppedReason;
    return reason === undefined ? cause : `${type}${reason}`;
  } catch {
    return cause;
  }
}

function notice(run: RunRecord, { stack, link }: RunPlace, what: string, lines: string[]): Notice {
  const { request } = run.state;
  const { kind, actor, reason, ref, commit } = request.trigger;
  const from = [commit?.slice(0, 12), ref && `of ${ref}`].filter(Boolean).join(' ');
  return {
    subject: ascii(`${stack}: ${request.model} ${what}`).slice(0, 100),
    message: [
      ...lines.map((line) => line.slice(0, longestLine)),
      [
        `Run ${run.execution}: ${link}`,
        `Started by ${actor ?? 'nobody named'} (${kind}${reason ? `: ${reason.slice(0, longestLine)}` : ''})`,
        ...(from === '' ? [] : [`Commit ${from}`]),
      ].join('\n'),
    ].join('\n\n'),
  };
}

/** SNS takes 256 KB a message; a mail should be read in a minute. */
const longestLine = 2000;

const ascii = (text: string): string => text.replace(/[^ -~]/g, '?');

/** The ledger kind that says that a run's notice was sent. */
const noticeKind = 'notice';

/**
 * Sends the run's notice, if it has one that was not sent before: Lambda and EventBridge may call a function twice. The
 * ledger is written first, so that a notice may be lost but never comes twice.
 */
export async function tell(
  run: RunRecord,
  place: RunPlace,
  { ledger, clock }: Pick<StepContext, 'ledger' | 'clock'>,
  send: (notice: Notice) => Promise<void>,
): Promise<void> {
  const found = noticeOf(run, place);
  if (found === null) return;
  try {
    await ledger.putIf(noticeKind, run.execution, { at: clock.now().toISOString(), ...found }, 0);
  } catch (error) {
    if (error instanceof ConflictError) return;
    throw error;
  }
  await send(found);
}
