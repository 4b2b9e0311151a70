/** The environments of mlops.yaml in the order in which a deployment takes them, as one line of JSON for a workflow. */

import { loadConfig } from '../../../pipeline/config/load.ts';
import { resourceNames } from '../../../pipeline/names.ts';

const { config } = await loadConfig('mlops.yaml');
const environments = Object.entries(config.environments).map(([name, { account, region, approval }]) => {
  const names = resourceNames({ project: config.project, environment: name, account, region });
  return { name, region, approval, release: `${names.registryHost}/${names.releaseRepository}` };
});
console.log(JSON.stringify(environments));
