/** Whether an environment (ENVIRONMENT) has required reviewers: output `reviewers`, true or false. */
import { ask, at, give, listOf, repository } from '../github.ts';

const name = process.env.ENVIRONMENT ?? '';
const environment = await ask(`/repos/${repository()}/environments/${encodeURIComponent(name)}`);
const reviewers = listOf(at(environment, 'protection_rules')).some(
  (rule) => at(rule, 'type') === 'required_reviewers' && listOf(at(rule, 'reviewers')).length > 0,
);
// GitHub lets a job into an environment that nobody has set up, which approves nothing.
if (!reviewers)
  console.log(
    `::notice::Environment ${name} has no required reviewers: what is held is promoted by the workflow Retrain with its input promote.`,
  );
give({ reviewers: String(reviewers) });
