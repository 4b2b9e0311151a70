/** The environments of mlops.yaml in the order in which a deployment takes them, as one line of JSON for a workflow. */
import { loadConfig } from '../../../pipeline/config/load.ts';

const { config } = await loadConfig('mlops.yaml');
const environments = Object.entries(config.environments).map(([name, { region, approval }]) => ({
  name,
  region,
  approval,
}));
console.log(JSON.stringify(environments));
