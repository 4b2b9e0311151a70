import { useCredentials } from '../../pipeline/aws/clients.ts';
import { assumedRole } from '../shared/assumed-role.ts';
import type { Context } from '../shared/context.ts';
import type { Toolkit } from './run.ts';

/** From here on every client of AWS acts as the role. */
export function assume(role: string, core: Toolkit, { repository, runId }: Context): void {
  useCredentials(assumedRole({ role, session: `${repository.split('/').at(-1)}-${runId}`, core }));
}
