import { plan } from '../../../steps/train/plan.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(plan);
