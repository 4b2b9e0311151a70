import { useCredentials } from '../../pipeline/aws/clients.ts';
import { assumedRole } from '../shared/assumed-role.ts';
import type { Context } from '../shared/context.ts';
import type { Toolkit } from './toolkit.ts';

/** Makes every AWS client use the role's credentials from now on. */
export function assume(role: string, core: Toolkit, { repo, runId }: Context): void {
  useCredentials(assumedRole({ role, session: `${repo.repo}-${runId}`, core }));
}
