import { stepHandler } from '../backends/aws/step-handler.ts';
import { gate } from './gate.ts';

export const handler = stepHandler(gate);
