import { planRelease } from '../../../steps/release/plan-release.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(planRelease);
