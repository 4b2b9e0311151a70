import type { StepName } from '../names.ts';
import type { StepContext } from './context.ts';
import { judgeLook } from './monitor/judge.ts';
import { planLook } from './monitor/plan-look.ts';
import { recordLook } from './monitor/record-look.ts';
import { keepRelease } from './release/keep-release.ts';
import { planRelease } from './release/plan-release.ts';
import { point } from './release/point.ts';
import { recordRelease } from './release/record-release.ts';
import { smoke } from './release/smoke.ts';
import { gate } from './train/gate.ts';
import { inspect } from './train/inspect.ts';
import { keep } from './train/keep.ts';
import { lease } from './train/lease.ts';
import { plan } from './train/plan.ts';
import { promote } from './train/promote.ts';
import { record } from './train/record.ts';
import { register } from './train/register.ts';

/**
 * The functions that the state machines call, by their names in the definition. The functions `page` and `page-look`
 * render, which these do not: backends/functions.ts adds them.
 */
export const steps = {
  lease,
  plan,
  keep,
  inspect,
  gate,
  register,
  promote,
  record,
  'plan-release': planRelease,
  'keep-release': keepRelease,
  smoke,
  point,
  'record-release': recordRelease,
  'plan-look': planLook,
  judge: judgeLook,
  'record-look': recordLook,
} satisfies Record<
  Exclude<StepName, 'page' | 'page-look'>,
  (event: never, context: StepContext) => Promise<unknown>
>;
