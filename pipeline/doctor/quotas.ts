import type { Config } from '../config/schema.ts';
import { type Check, ok, problem, warning } from './check.ts';

/** The number of instances that a run uses at a time, by the quota's name. */
export function quotasNeeded({ prepare, training, tuning, inference, gate }: Config): Map<string, number> {
  const spot = training.spot ? 'spot training' : 'training';
  // Candidate, champion and anchor are scored at the same time.
  const models = gate.anchor.package === null ? 2 : 3;
  return new Map([
    // The quotas of Glue and Fargate are far above one job.
    ...(prepare.engine === 'processing'
      ? [[`${prepare.instance.type} for processing job usage`, prepare.instance.count] as const]
      : []),
    [
      `${training.instance.type} for ${spot} job usage`,
      training.instance.count * (tuning?.parallel_jobs ?? 1),
    ],
    [`${inference.instance.type} for transform job usage`, inference.instance.count * models],
  ]);
}

/** @param quotas the account's current ones, by name */
export function quotaCheck(
  needed: ReadonlyMap<string, number>,
  quotas: ReadonlyMap<string, number>,
  region: string,
): Check {
  const found = [...needed].map(([name, least]) => ({ name, least, most: quotas.get(name) }));
  const short = found.filter(({ least, most }) => most !== undefined && most < least);
  const link = `https://${region}.console.aws.amazon.com/servicequotas/home/services/sagemaker/quotas`;
  if (short.length > 0) {
    return problem(
      'Quotas',
      short.map(({ name, least, most }) => `${name}: ${most}, a run needs ${least}`).join('; '),
      `Request an increase at ${link} (about a day), or use another instance type in mlops.yaml.`,
    );
  }
  const unknown = found.filter(({ most }) => most === undefined);
  if (unknown.length > 0) {
    return warning(
      'Quotas',
      `AWS lists no quota named ${unknown.map(({ name }) => name).join(', ')}`,
      `Look at ${link}: the instance type may not be offered there.`,
    );
  }
  return ok('Quotas', found.map(({ name, most }) => `${name}: ${most}`).join('; '));
}
