/** Prints the environments of mlops.yaml in the order in which Deploy takes them, as one line of JSON for a workflow. */

import { environmentsOf } from '../../../pipeline/config/environment.ts';
import { loadProject } from '../../../pipeline/config/load.ts';
import { described } from '../environment.ts';

const environments = environmentsOf(await loadProject('mlops.yaml')).map(
  ({ deployment, settings: { approval } }) => ({
    ...described(deployment),
    approval,
  }),
);
console.log(JSON.stringify(environments));
