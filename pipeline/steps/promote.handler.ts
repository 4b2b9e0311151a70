import { stepHandler } from '../backends/aws/step-handler.ts';
import { promote } from './promote.ts';

export const handler = stepHandler(promote);
