import { judgeLook } from '../../../steps/monitor/judge.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(judgeLook);
