import { keep } from '../../../steps/train/keep.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(keep);
