/** Finds the environment whose pull-request role is ROLE, an ARN: outputs its `name` and `region`. */
import {
  deploymentOfRole,
  environmentsOf,
  hasPullRequestRole,
} from '../../../pipeline/config/environment.ts';
import { SetupError } from '../../../pipeline/errors.ts';
import { environmentOf } from '../environment.ts';
import { give } from '../github.ts';

const { ROLE = '' } = process.env;

const { name, region } = await environmentOf((config) => {
  const found = deploymentOfRole(config, ROLE, ['pullRequestRole']);
  if (found !== undefined) return found;
  const known = environmentsOf(config)
    .filter(({ settings }) => hasPullRequestRole(settings))
    .map(({ deployment }) => deployment.environment)
    .join(', ');
  throw new SetupError(
    `AWS_PULL_REQUEST_ROLE: got ${ROLE}, expected the pull-request role of an environment of mlops.yaml that has one ` +
      `(${known === '' ? 'there is none' : known}), as npm run bootstrap prints it`,
  );
});
give({ name, region });
