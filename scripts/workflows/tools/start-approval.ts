/**
 * Starts the workflow Approve for this run, whose candidate the gate held, if ENVIRONMENT has required reviewers who can
 * approve it. Otherwise says how a person approves. NAME is the environment of mlops.yaml, empty on the runner.
 */
import { annotate } from '../../../actions/shared/annotate.ts';
import { at, give, repository, tell } from '../github.ts';
import { requiredReviewers } from '../required-reviewers.ts';

const {
  ENVIRONMENT = '',
  NAME = '',
  GITHUB_RUN_ID = '',
  GITHUB_REF_NAME = '',
  GITHUB_SERVER_URL = '',
} = process.env;
const workflow = `/repos/${repository()}/actions/workflows/approve.yml`;
const inputs = { run: GITHUB_RUN_ID, ...(NAME !== '' && { environment: NAME }) };

if ((await requiredReviewers(ENVIRONMENT)) === null) {
  const asked = Object.entries(inputs).map(([name, value]) => `${name} ${value}`);
  annotate('notice', `To approve the candidate, start the workflow Approve with ${asked.join(' and ')}.`, {
    title: 'Held',
  });
} else {
  const started = await tell(`${workflow}/dispatches`, {
    ref: GITHUB_REF_NAME,
    inputs,
    return_run_details: true,
  });
  const url = String(
    at(started, 'html_url') ?? `${GITHUB_SERVER_URL}/${repository()}/actions/workflows/approve.yml`,
  );
  annotate('notice', `The reviewers of ${ENVIRONMENT} are asked to approve the candidate: ${url}`, {
    title: 'Held',
  });
  give({ url });
}
