import { inspect } from '../../../steps/train/inspect.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(inspect);
