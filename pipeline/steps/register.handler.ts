import { stepHandler } from '../backends/aws/step-handler.ts';
import { register } from './register.ts';

export const handler = stepHandler(register);
