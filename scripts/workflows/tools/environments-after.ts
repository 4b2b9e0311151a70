/**
 * Chooses the environments that Deploy takes: output `environments`, those of ENVIRONMENTS (JSON) that come after AFTER, or
 * all of them. Fails if there are none at all, or none of that name.
 */
import { annotateError } from '../../../actions/shared/annotate.ts';
import { at, give, listOf } from '../github.ts';

const { ENVIRONMENTS = '[]', AFTER = '' } = process.env;
const all = listOf(JSON.parse(ENVIRONMENTS));
const names = all.map((each) => String(at(each, 'name')));
if (all.length === 0 || (AFTER !== '' && !names.includes(AFTER))) {
  const found = names.length === 0 ? 'none, or it cannot be read' : names.join(', ');
  annotateError(
    AFTER === ''
      ? `environments: got ${found}, expected one at least, because the variable AWS_PULL_REQUEST_ROLE says that runs are on AWS`
      : `after: got ${JSON.stringify(AFTER)}, expected an environment of mlops.yaml: ${found}`,
    { title: 'Configuration', file: 'mlops.yaml' },
  );
  process.exitCode = 1;
} else give({ environments: JSON.stringify(AFTER === '' ? all : all.slice(names.indexOf(AFTER) + 1)) });
