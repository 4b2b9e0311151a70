import { ConflictError } from '../../errors.ts';
import type { StepContext } from '../context.ts';

/** The execution that a run's name belongs to. */
interface Claim {
  arn: string;
}

const kind = 'execution';

/**
 * Claims the run's name for this execution. Names are unique within a machine, but an environment has two machines, and all
 * that a run leaves is named after it: without a claim, a run that may only evaluate could write over a run that promotes.
 * @throws ConflictError if an execution of the other machine has the name
 */
export async function claimRun(
  { execution, arn }: { execution: string; arn: string },
  { ledger }: Pick<StepContext, 'ledger'>,
): Promise<void> {
  const found = await ledger.get<Claim>(kind, execution);
  if (found === null) {
    // Of two at once, the ledger lets one through.
    await ledger.putIf<Claim>(kind, execution, { arn }, 0);
    return;
  }
  if (found.value.arn !== arn)
    throw new ConflictError(
      `run ${execution}: got the name of the execution ${found.value.arn}, expected one that no other run has; start it again under another name`,
    );
}
