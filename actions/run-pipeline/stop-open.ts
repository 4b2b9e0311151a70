import { openAwsBackend } from '../../pipeline/backends/aws/aws-backend.ts';
import { deploymentOf } from '../../pipeline/config/environment.ts';
import { loadConfig } from '../../pipeline/config/load.ts';
import { type Context, runIdOf } from '../shared/context.ts';
import { withoutCommands } from '../shared/log.ts';
import { assume } from './assume.ts';
import type { Toolkit } from './toolkit.ts';

/** The state, as JSON, that main saves for post while an execution is open. */
export interface Open {
  execution: string;
  machine: 'train' | 'release';
  backend: 'embedded' | 'aws';
  environment: string | null;
  config: string;
  model: string | null;
  role: string | null;
}

/** Stops the execution that main left open on AWS, and returns its name. Null on this machine, whose jobs end with main. */
export async function stopOpen(
  open: string,
  { core, context }: { core: Toolkit; context: Context },
): Promise<string | null> {
  const { execution, machine, backend, environment, config: file, model, role } = JSON.parse(open) as Open;
  if (backend === 'embedded') return null;
  const { config } = await loadConfig(file, { model: model ?? undefined });
  if (role !== null) assume(role, core, context);
  const deployment = deploymentOf(config, environment ?? undefined);
  const aws = await openAwsBackend({
    deployment,
    model: config.name,
    runId: runIdOf(context),
    onNote: withoutCommands,
  });
  await aws.stop(execution, machine === 'release' ? { kind: 'release' } : { promote: false });
  return execution;
}
