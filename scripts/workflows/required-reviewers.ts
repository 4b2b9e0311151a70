import { ask, at, listOf, repository } from './github.ts';

/** What GitHub asks of reviewers before a job may enter an environment. */
export interface RequiredReviewers {
  /** Whether who started the workflow may not approve it. */
  preventSelfReview: boolean;
}

/** The rule of a GitHub environment; null if it has no required reviewers, or if there is no such environment. */
export async function requiredReviewers(environment: string): Promise<RequiredReviewers | null> {
  const found = await ask(`/repos/${repository()}/environments/${encodeURIComponent(environment)}`);
  const rule = listOf(at(found, 'protection_rules')).find(
    (each) => at(each, 'type') === 'required_reviewers' && listOf(at(each, 'reviewers')).length > 0,
  );
  return rule === undefined ? null : { preventSelfReview: at(rule, 'prevent_self_review') === true };
}
