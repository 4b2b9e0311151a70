/**
 * Writes what the last look at production of ENVIRONMENT found as JSON for post-report: `node last-look.js FILE`. Outputs `found`,
 * `false` where monitoring is off. A look that is overdue is a failure.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { annotate } from '../../../actions/shared/annotate.ts';
import { openContext } from '../../../pipeline/backends/open.ts';
import { loadConfig } from '../../../pipeline/config/load.ts';
import { lastLook } from '../../../pipeline/run/account/last-look.ts';
import { give } from '../github.ts';

const { ENVIRONMENT = '' } = process.env;
const [file = ''] = process.argv.slice(2);
const { config } = await loadConfig('mlops.yaml');
if (config.monitoring === null) {
  annotate('notice', 'monitoring is off in mlops.yaml: nothing looks at production.', { title: 'Monitor' });
  give({ found: 'false' });
} else {
  const context = await openContext(config, { backend: 'aws', environment: ENVIRONMENT }, '.mlops');
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, `${JSON.stringify(await lastLook(config, context))}\n`);
  give({ found: 'true' });
}
