import { register } from '../../../steps/train/register.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(register);
