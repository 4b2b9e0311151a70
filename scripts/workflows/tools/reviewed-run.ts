/**
 * Finds the pull request that the pushed commit merged, and the run that reviewed it: outputs `pull-request` and `run`,
 * empty if there is none. A run counts only if its head is this repository's own and the commit that was merged.
 */
import { ask, at, give, listOf, repository } from '../github.ts';

const base = `/repos/${repository()}`;
const commit = process.env.GITHUB_SHA ?? '';

const pulls = listOf(await ask(`${base}/commits/${commit}/pulls`));
const merged = pulls.find((pull) => at(pull, 'merged_at') && at(pull, 'merge_commit_sha') === commit);
const number = String(at(merged, 'number') ?? '');
const head = String(at(merged, 'head.sha') ?? '');
const [run, why] = await reviewedRun();
console.log(why);
give({ 'pull-request': number, run });

async function reviewedRun(): Promise<[run: string, why: string]> {
  if (merged === undefined) return ['', `${commit.slice(0, 7)} merged no pull request, so Deploy trains it.`];
  if (at(merged, 'head.repo.full_name') !== repository())
    return ['', `#${number} came from a fork, whose artifacts are not trusted, so Deploy trains it.`];
  const found = await ask(
    `${base}/actions/workflows/pull-request.yml/runs?event=pull_request&status=completed&head_sha=${head}&per_page=50`,
  );
  const runs = listOf(at(found, 'workflow_runs')).filter(
    (each) => at(each, 'head_sha') === head && at(each, 'head_repository.full_name') === repository(),
  );
  for (const each of runs) {
    const id = String(at(each, 'id'));
    const artifacts = await ask(`${base}/actions/runs/${id}/artifacts?name=state`);
    if (listOf(at(artifacts, 'artifacts')).some((artifact) => at(artifact, 'expired') === false))
      return [id, `#${number} was reviewed by run ${id}.`];
  }
  return ['', `#${number}: no run of ${head.slice(0, 7)} still has its artifacts, so Deploy trains it.`];
}
