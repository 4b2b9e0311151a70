import type { IKey } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { Environment } from '../../../environment.ts';
import type { DeployedEngine } from './engine.ts';

interface EngineProps {
  readonly environment: Environment;
  /** @default keys owned by the services */
  readonly key: IKey | undefined;
}

/** Adds the resources of an engine of the prepare job to a stack. */
export type MakeEngine = (scope: Construct, props: EngineProps) => DeployedEngine;

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
