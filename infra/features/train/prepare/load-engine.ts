import type { Construct } from 'constructs';
import type { EncryptedProps } from '../../../encrypted-props.ts';
import type { Environment } from '../../../environment.ts';
import type { DeployedEngines } from './engine.ts';

/** Makes what an engine of the prepare job needs in a stack. */
export type MakeEngine = (scope: Construct, props: EncryptedProps) => DeployedEngines;

/**
 * Undefined for SageMaker Processing, which needs no resources. Only the chosen engine is loaded, because the constructs of
 * ECS, EC2 and Glue are a sixth of what a synth loads.
 */
export async function loadEngine(engine: Environment['engine']): Promise<MakeEngine | undefined> {
  switch (engine) {
    case 'processing':
      return undefined;
    case 'glue': {
      const { GlueJob } = await import('./glue-job.ts');
      return (scope, props) => new GlueJob(scope, 'GlueJob', props).deployed;
    }
    case 'fargate': {
      const { FargateTasks } = await import('./fargate-tasks.ts');
      return (scope, props) => new FargateTasks(scope, 'FargateTasks', props).deployed;
    }
  }
}
