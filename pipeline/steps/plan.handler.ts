import { stepHandler } from '../backends/aws/step-handler.ts';
import { plan } from './plan.ts';

export const handler = stepHandler(plan);
