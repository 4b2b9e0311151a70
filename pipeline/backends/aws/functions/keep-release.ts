import { keepRelease } from '../../../steps/release/keep-release.ts';
import { stepHandler } from './step-handler.ts';

export const handler = stepHandler(keepRelease);
