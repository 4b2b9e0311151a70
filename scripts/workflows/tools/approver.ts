/**
 * Finds who approved, in this run of the workflow, the held run RUN or, without RUN, this run itself: output `approver`, which
 * the promotion or rollback records. Fails if nobody did. A job that entered ENVIRONMENT proves nothing: an administrator may have let it in, and GitHub makes an
 * environment that nobody has set up. Only the reviews of this run count, or, where the environment has no required
 * reviewers, that a person started this run.
 */
import { annotateError } from '../../../actions/shared/annotate.ts';
import { ask, at, give, listOf, repository } from '../github.ts';
import { requiredReviewers } from '../required-reviewers.ts';

const { ENVIRONMENT = '', RUN = '', GITHUB_RUN_ID = '', GITHUB_ACTOR = '' } = process.env;
const runs = `/repos/${repository()}/actions/runs`;

const rule = await requiredReviewers(ENVIRONMENT);
const [approver, why] = rule === null ? byStarting() : await byReview(rule.preventSelfReview);
if (approver === '') {
  annotateError(why, { title: 'Nobody has approved' });
  process.exitCode = 1;
} else {
  console.log(`Approved by ${approver}.`);
  give({ approver });
}

function byStarting(): [approver: string, why: string] {
  const none = `the environment ${ENVIRONMENT} has no required reviewers`;
  if (GITHUB_ACTOR !== '' && !GITHUB_ACTOR.endsWith('[bot]'))
    return [`${GITHUB_ACTOR} (by starting the workflow: ${none})`, ''];
  const must = RUN === '' ? 'a person must start it' : `a person must start Approve with run ${RUN}`;
  return ['', `${none}, and a workflow started this run: ${must}`];
}

async function byReview(preventSelfReview: boolean): Promise<[approver: string, why: string]> {
  const approved = listOf(await ask(`${runs}/${GITHUB_RUN_ID}/approvals`))
    .filter((review) => at(review, 'state') === 'approved' && concerns(review))
    .map((review) => String(at(review, 'user.login') ?? ''))
    .filter((login) => login !== '');
  if (approved.length === 0)
    return ['', `got no review of this run that approves the environment ${ENVIRONMENT}, expected one`];
  if (!preventSelfReview) return [names(approved), ''];
  // Where a workflow started this run, GitHub has nobody to prevent: the candidate is of who started the held run.
  const held = await ask(`${runs}/${RUN || GITHUB_RUN_ID}`);
  const own = [at(held, 'actor.login'), at(held, 'triggering_actor.login')];
  const others = approved.filter((login) => !own.includes(login));
  if (others.length > 0) return [names(others), ''];
  return [
    '',
    `got a review by ${names(approved)}, who started ${RUN === '' ? 'this' : 'the held'} run, expected one by somebody else: ${ENVIRONMENT} prevents self-review`,
  ];
}

/** GitHub takes the names of environments without regard to case. */
function concerns(review: unknown): boolean {
  const names = listOf(at(review, 'environments')).map((each) => String(at(each, 'name')).toLowerCase());
  return names.includes(ENVIRONMENT.toLowerCase());
}

function names(logins: string[]): string {
  return [...new Set(logins)].join(', ');
}
