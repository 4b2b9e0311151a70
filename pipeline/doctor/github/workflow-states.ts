import type { GitHubClient } from '../../github/client.ts';
import { ok, problem, warning } from '../check.ts';
import { type Change, type Finding, finding, protect } from './finding.ts';
import type { Repository } from './repository.ts';

interface Workflow {
  id: number;
  path: string;
  state: string;
}

const day = 86_400_000;
/** GitHub disables scheduled workflows of a public repository after 60 days without activity. */
const daysToDisabling = 60;
const daysToWarning = 45;

/** Whether GitHub runs the workflows: it stops schedules that nobody seems to need. */
export async function checkWorkflows(
  client: GitHubClient,
  repository: Repository,
  now: Date,
): Promise<Finding> {
  const { path, isPublic, pushed } = repository;
  const all = await client.list<Workflow>(`${path}/actions/workflows?per_page=100`, 'workflows');
  const workflows = all.filter((workflow) => workflow.path.startsWith('.github/workflows/'));
  const disabled = workflows.filter(({ state }) => state.startsWith('disabled_'));
  const told = disabled.map((workflow) => `${fileOf(workflow)} (${state[workflow.state] ?? workflow.state})`);
  const stopped = disabled.filter(({ state }) => state === 'disabled_inactivity');
  if (stopped.length > 0)
    return finding(
      problem('Workflows', `disabled: ${told.join(', ')}`, protect),
      stopped.map((each) => enable(path, each)),
    );
  if (disabled.length > 0)
    return finding(
      warning(
        'Workflows',
        `disabled: ${told.join(', ')}`,
        'Enable them under Actions, if that was not meant.',
      ),
    );
  if (workflows.length === 0)
    return finding(
      problem('Workflows', 'GitHub knows none', 'Push .github/workflows to the default branch.'),
    );
  const idle = Math.floor((now.getTime() - pushed.getTime()) / day);
  if (isPublic && idle >= daysToWarning)
    return finding(
      warning(
        'Workflows',
        `no push for ${idle} days; in public repositories GitHub stops schedules after ${daysToDisabling}`,
        'Push a commit if Retrain runs on a schedule.',
      ),
    );
  return finding(ok('Workflows', `${workflows.length} are active`));
}

const state: Record<string, string> = {
  disabled_inactivity: 'by GitHub, after 60 days without activity',
  disabled_manually: 'by a person',
  disabled_fork: 'because the repository is a fork',
};

const fileOf = ({ path }: Workflow): string => path.replace(/^.*\//, '');

const enable = (path: string, workflow: Workflow): Change => ({
  does: `Enable ${fileOf(workflow)}, which GitHub stopped`,
  method: 'PUT',
  path: `${path}/actions/workflows/${workflow.id}/enable`,
});
