import { smoke } from '../../../steps/release/smoke.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(smoke);
