/**
 * Checks that this run's commit is still the head of its branch: output `current`, `true` or `false`. A run that waited for
 * others, or an old one that is run again, must not put older code over newer. IF_MOVED says what then happens: `skip` ends
 * this step well, `fail` fails it.
 */
import { annotate, annotateError } from '../../../actions/shared/annotate.ts';
import { give } from '../github.ts';
import { headOf } from '../head-of.ts';

const { GITHUB_SHA = '', GITHUB_REF_NAME = '', IF_MOVED } = process.env;
const head = await headOf(GITHUB_REF_NAME);
const current = head === GITHUB_SHA;
if (!current) {
  const moved = `${GITHUB_REF_NAME} is at ${head.slice(0, 7)} now, and this run is of ${GITHUB_SHA.slice(0, 7)}`;
  if (IF_MOVED === 'skip')
    annotate('notice', `${moved}: nothing is deployed; the run of the newer commit includes it.`, {
      title: 'Not the newest commit',
    });
  else {
    annotateError(`${moved}: start the workflow again, on the newer commit`, {
      title: 'Not the newest commit',
    });
    process.exitCode = 1;
  }
}
give({ current: String(current) });
