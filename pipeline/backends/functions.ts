import type { StepName } from '../names.ts';
import { monitorPage } from '../report/look-page.ts';
import { page } from '../report/release-page.ts';
import type { StepContext } from '../steps/context.ts';
import { steps } from '../steps/steps.ts';

/** Every function that the state machines call, by its name in the definition. */
export const functions = { ...steps, page, 'page-look': monitorPage } satisfies Record<
  StepName,
  (event: never, context: StepContext) => Promise<unknown>
>;
