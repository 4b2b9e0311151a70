import { smoke } from '../../../steps/release/smoke.ts';
import { SageMakerEndpoints } from '../state/sagemaker-endpoints.ts';
import { stepHandler } from './step-handler.ts';

// stepHandler says so where the environment has no region.
const endpoints = new SageMakerEndpoints(process.env.AWS_REGION ?? '');

export const handler = stepHandler<Parameters<typeof smoke>[0], Awaited<ReturnType<typeof smoke>>>(
  (event, context) => smoke(event, { ...context, endpoints }),
);
