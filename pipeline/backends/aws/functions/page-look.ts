import { monitorPage } from '../../../report/look-page.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(monitorPage);
