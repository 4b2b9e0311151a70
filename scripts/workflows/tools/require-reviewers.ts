/**
 * Fails unless the GitHub environment ENVIRONMENT has required reviewers: GitHub lets a job into an environment that nobody
 * has set up, and then nobody has approved.
 */
import { ask, at, listOf, repository } from '../github.ts';

const name = process.env.ENVIRONMENT ?? '';
const environment = await ask(`/repos/${repository()}/environments/${encodeURIComponent(name)}`);
const reviewers = listOf(at(environment, 'protection_rules')).some(
  (rule) => at(rule, 'type') === 'required_reviewers' && listOf(at(rule, 'reviewers')).length > 0,
);
if (!reviewers) {
  console.log(
    `::error title=Held::The GitHub environment ${name} has no required reviewers, so nobody has approved. To approve, run the workflow Retrain and enter this run's number as promote.`,
  );
  process.exitCode = 1;
}
