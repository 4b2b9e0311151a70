import { point } from '../../../steps/release/point.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(point);
