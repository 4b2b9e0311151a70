import { page } from '../../../report/release-page.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(page);
