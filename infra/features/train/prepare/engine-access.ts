import type { Environment } from '../../../environment.ts';
import type { EngineAccess } from './engine.ts';
import { fargateAccess } from './fargate-policy.ts';
import { glueAccess } from './glue-policy.ts';

/** Access by `prepare.engine` of mlops.yaml. SageMaker Processing needs no more than every SageMaker job does. */
const engines: Readonly<Record<Environment['engine'], EngineAccess>> = {
  processing: { boundary: () => [], logs: () => [], services: [], deployment: () => [], stop: () => [] },
  glue: glueAccess,
  fargate: fargateAccess,
};

export const engineAccess = ({ engine }: Environment): EngineAccess => engines[engine];
