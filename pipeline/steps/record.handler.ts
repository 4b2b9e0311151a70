import { stepHandler } from '../backends/aws/step-handler.ts';
import { record } from './record.ts';

export const handler = stepHandler(record);
