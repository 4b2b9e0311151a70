/**
 * Chooses the environments that Deploy takes: output `environments`, those of ENVIRONMENTS (JSON) that come after AFTER, or
 * all of them. Fails if there are none at all, or none of that name. Only GitHub's own actor may give AFTER, as Approve does
 * with its GITHUB_TOKEN: a person would pass over an environment that held or rejected the candidate.
 */
import { annotateError } from '../../../actions/shared/annotate.ts';
import { at, give, listOf } from '../github.ts';

// Of a run that is run again, with the same inputs, GITHUB_ACTOR is still who started it first.
const { ENVIRONMENTS = '[]', AFTER = '', GITHUB_ACTOR = '' } = process.env;
const approves = 'github-actions[bot]';
const all = listOf(JSON.parse(ENVIRONMENTS));
const names = all.map((each) => String(at(each, 'name')));
if (AFTER !== '' && GITHUB_ACTOR !== approves) {
  annotateError(
    `after: got ${JSON.stringify(AFTER)} from ${GITHUB_ACTOR || 'nobody'}, expected it from ${approves} only, as which the workflow Approve goes on after an approval. Without it Deploy takes every environment`,
    { title: 'Input' },
  );
  process.exitCode = 1;
} else if (all.length === 0 || (AFTER !== '' && !names.includes(AFTER))) {
  const found = names.length === 0 ? 'none, or it cannot be read' : names.join(', ');
  annotateError(
    AFTER === ''
      ? `environments: got ${found}, expected one at least, because the variable AWS_PULL_REQUEST_ROLE says that runs are on AWS`
      : `after: got ${JSON.stringify(AFTER)}, expected an environment of mlops.yaml: ${found}`,
    { title: 'Configuration', file: 'mlops.yaml' },
  );
  process.exitCode = 1;
} else give({ environments: JSON.stringify(AFTER === '' ? all : all.slice(names.indexOf(AFTER) + 1)) });
