import type { StepName } from '../definition/train.ts';
import type { StepContext } from './context.ts';
import { gate } from './gate.ts';
import { inspect } from './inspect.ts';
import { lease } from './lease.ts';
import { plan } from './plan.ts';
import { promote } from './promote.ts';
import { record } from './record.ts';
import { register } from './register.ts';

/** The functions that the machines call, by the name that the definition has for them. */
export const steps = { lease, plan, inspect, gate, register, promote, record } satisfies Record<
  StepName,
  (event: never, context: StepContext) => Promise<unknown>
>;
