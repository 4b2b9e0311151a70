/**
 * Finds the open pull request that a fork's run was for: output `pull-request`, empty if there is not exactly one. GitHub's
 * event does not say it for forks, and the fork's own artifact cannot be trusted. Output `sha` is its head, empty if a
 * branch of this repository has the same head, whose verdict a fork's run may not overwrite.
 */
import { readFileSync } from 'node:fs';
import { ask, at, give, listOf, repository } from '../github.ts';

const event: unknown = JSON.parse(readFileSync(process.env.GITHUB_EVENT_PATH ?? '', 'utf8'));
const sha = at(event, 'workflow_run.head_sha');
const owner = String(at(event, 'workflow_run.head_repository.owner.login') ?? '');
const branch = String(at(event, 'workflow_run.head_branch') ?? '');
const head = encodeURIComponent(`${owner}:${branch}`);
const pulls = listOf(await ask(`/repos/${repository()}/pulls?state=open&per_page=100&head=${head}`)).filter(
  (pull) => at(pull, 'head.sha') === sha && at(pull, 'head.repo.full_name') !== repository(),
);
const number = pulls.length === 1 ? String(at(pulls[0], 'number')) : '';
console.log(number === '' ? `No comment: ${pulls.length} open pull requests have this head.` : `#${number}`);
const own = listOf(await ask(`/repos/${repository()}/commits/${sha}/pulls`)).filter(
  (pull) => at(pull, 'state') === 'open' && at(pull, 'head.repo.full_name') === repository(),
);
if (own.length > 0)
  console.log(`No status: the head of #${String(at(own[0], 'number'))} is the same commit.`);
give({ 'pull-request': number, sha: number !== '' && own.length === 0 ? String(sha) : '' });
