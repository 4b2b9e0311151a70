import { lease } from '../../../steps/train/lease.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(lease);
