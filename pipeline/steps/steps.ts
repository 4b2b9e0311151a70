import type { StepName } from '../names.ts';
import type { StepContext } from './context.ts';
import { gate } from './train/gate.ts';
import { inspect } from './train/inspect.ts';
import { keep } from './train/keep.ts';
import { lease } from './train/lease.ts';
import { plan } from './train/plan.ts';
import { promote } from './train/promote.ts';
import { record } from './train/record.ts';
import { register } from './train/register.ts';

/** The functions that the state machines call, by their names in the definition. */
export const steps = { lease, plan, keep, inspect, gate, register, promote, record } satisfies Record<
  StepName,
  (event: never, context: StepContext) => Promise<unknown>
>;
