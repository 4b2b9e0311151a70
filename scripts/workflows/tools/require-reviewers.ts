/**
 * Ends with an error unless an environment (ENVIRONMENT) has required reviewers: GitHub lets a job into one that nobody has
 * set up, which approves nothing.
 */
import { ask, at, listOf, repository } from '../github.ts';

const name = process.env.ENVIRONMENT ?? '';
const environment = await ask(`/repos/${repository()}/environments/${encodeURIComponent(name)}`);
const reviewers = listOf(at(environment, 'protection_rules')).some(
  (rule) => at(rule, 'type') === 'required_reviewers' && listOf(at(rule, 'reviewers')).length > 0,
);
if (!reviewers) {
  console.log(
    `::error title=Held::The GitHub environment ${name} has no required reviewers, so nobody has approved. To approve, run the workflow Retrain with the number of this run as promote.`,
  );
  process.exitCode = 1;
}
