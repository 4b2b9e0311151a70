/**
 * Finds the pull request that the pushed commit merged, and the run that reviewed exactly its files: outputs `pull-request`,
 * `run`, `merge` and `why`, empty if there is none. A run counts only if its head is this repository's own and the commit
 * that was merged, and if it kept what it made of a merge of that head whose files are those of the pushed commit: then the
 * base was the same too, and the workflow that ran is the one that was merged. The name of an artifact says which merge it
 * was; that is a claim, which use-reviewed verifies by the attestation of that commit.
 */
import { ask, at, give, listOf, repository } from '../github.ts';

const base = `/repos/${repository()}`;
const commit = process.env.GITHUB_SHA ?? '';

interface Found {
  run: string;
  merge: string;
  /** The reason why there is none, as a clause. */
  why: string;
}

const pulls = listOf(await ask(`${base}/commits/${commit}/pulls`));
const merged = pulls.find((pull) => at(pull, 'merged_at') && at(pull, 'merge_commit_sha') === commit);
const number = String(at(merged, 'number') ?? '');
const found = await reviewedRun();
console.log(
  found.why === ''
    ? `#${number} was reviewed by run ${found.run}, on the merge ${short(found.merge)} with the same files.`
    : `Deploy trains ${short(commit)}: ${found.why}.`,
);
give({ 'pull-request': number, ...found });

async function reviewedRun(): Promise<Found> {
  const none = (why: string): Found => ({ run: '', merge: '', why });
  if (merged === undefined) return none(`${short(commit)} merged no pull request`);
  if (at(merged, 'head.repo.full_name') !== repository())
    return none(`#${number} came from a fork, whose artifacts are not trusted`);
  const head = String(at(merged, 'head.sha') ?? '');
  const answer = await ask(
    `${base}/actions/workflows/pull-request.yml/runs?event=pull_request&status=completed&head_sha=${head}&per_page=50`,
  );
  const runs = listOf(at(answer, 'workflow_runs')).filter(
    (each) => at(each, 'head_sha') === head && at(each, 'head_repository.full_name') === repository(),
  );
  const files = await treeOf(commit);
  let others = 0;
  for (const each of runs) {
    const run = String(at(each, 'id'));
    for (const merge of await keptMerges(run)) {
      const tree = await treeOf(merge, head);
      if (tree !== undefined && tree === files) return { run, merge, why: '' };
      others++;
    }
  }
  return none(
    others === 0
      ? `no run of ${short(head)} still has its artifacts`
      : `${short(head)} was reviewed on another base, whose files are not those of ${short(commit)}`,
  );
}

/** The merge commits of which a run kept what it made. */
async function keptMerges(run: string): Promise<string[]> {
  const answer = await ask(`${base}/actions/runs/${run}/artifacts?per_page=100`);
  return listOf(at(answer, 'artifacts'))
    .filter((artifact) => at(artifact, 'expired') === false)
    .map((artifact) => /^reviewed-([0-9a-f]{40})$/.exec(String(at(artifact, 'name')))?.[1])
    .filter((merge) => merge !== undefined);
}

/** The tree of a commit; undefined if there is no such commit, or if it is not a merge of the head. */
async function treeOf(sha: string, head?: string): Promise<string | undefined> {
  const answer = await ask(`${base}/git/commits/${sha}`);
  const parents = listOf(at(answer, 'parents')).map((parent) => at(parent, 'sha'));
  if (head !== undefined && parents[1] !== head) return undefined;
  const tree = at(answer, 'tree.sha');
  return typeof tree === 'string' ? tree : undefined;
}

function short(sha: string): string {
  return sha.slice(0, 7);
}
