import { stepHandler } from '../backends/aws/step-handler.ts';
import { inspect } from './inspect.ts';

export const handler = stepHandler(inspect);
