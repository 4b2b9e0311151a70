/**
 * Starts the workflow Retrain in mode promote because the model decayed; REASON says why. The gate of that run decides as always.
 */
import { annotate } from '../../../actions/shared/annotate.ts';
import { at, give, repository, tell } from '../github.ts';

const { REASON = '', GITHUB_REF_NAME = '', GITHUB_SERVER_URL = '' } = process.env;
if (REASON === '') throw new Error('REASON: got nothing, expected why the model is to be trained again');

const started = await tell(`/repos/${repository()}/actions/workflows/retrain.yml/dispatches`, {
  ref: GITHUB_REF_NAME,
  inputs: { reason: REASON, mode: 'promote', decay: 'true' },
  return_run_details: true,
});
const url = String(
  at(started, 'html_url') ?? `${GITHUB_SERVER_URL}/${repository()}/actions/workflows/retrain.yml`,
);
annotate('notice', `The model decayed, so it is trained again: ${url}`, { title: 'Retrain' });
give({ url });
