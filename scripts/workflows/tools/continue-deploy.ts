/** Starts the workflow Deploy for the environments that come after AFTER, whose candidate has been approved. */
import { annotate } from '../../../actions/shared/annotate.ts';
import { at, repository, tell } from '../github.ts';

const { AFTER = '', GITHUB_REF_NAME = '', GITHUB_SERVER_URL = '' } = process.env;
const started = await tell(`/repos/${repository()}/actions/workflows/deploy.yml/dispatches`, {
  ref: GITHUB_REF_NAME,
  inputs: { after: AFTER },
  return_run_details: true,
});
const url = at(started, 'html_url') ?? `${GITHUB_SERVER_URL}/${repository()}/actions/workflows/deploy.yml`;
annotate('notice', `Goes on after ${AFTER}: ${String(url)}`, { title: 'Deploy' });
