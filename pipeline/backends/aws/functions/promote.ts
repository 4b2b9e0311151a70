import { promote } from '../../../steps/train/promote.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(promote);
