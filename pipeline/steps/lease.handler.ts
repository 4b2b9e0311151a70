import { stepHandler } from '../backends/aws/step-handler.ts';
import { lease } from './lease.ts';

export const handler = stepHandler(lease);
