import { gate } from '../../../steps/train/gate.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(gate);
