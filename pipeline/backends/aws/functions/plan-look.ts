import { planLook } from '../../../steps/monitor/plan-look.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(planLook);
