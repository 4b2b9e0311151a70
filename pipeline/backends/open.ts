import { deploymentOf } from '../config/environment.ts';
import type { Config } from '../config/schema.ts';
import type { Report } from '../report/report.ts';
import type { StepContext } from '../steps/context.ts';
import { deployedContext, requireDeployed } from './aws/deployed-context.ts';
import { embeddedContext } from './embedded/embedded-context.ts';

/** Where a run keeps what it made: the ports of its backend, without what runs jobs. Throws SetupError. */
export async function contextOf(
  { backend, environment }: Pick<Report, 'backend' | 'environment'>,
  { config, home }: { config: Config; home: string },
): Promise<StepContext> {
  if (backend === 'embedded') return embeddedContext({ home, project: config.project });
  const deployment = deploymentOf(config, environment ?? undefined);
  await requireDeployed(deployment);
  return deployedContext(deployment);
}
