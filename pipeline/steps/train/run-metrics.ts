import { spentOn } from '../../cost/spent.ts';
import { readJson, type StepContext } from '../context.ts';
import { billedJobs } from './billed-jobs.ts';
import type { Evidence } from './evidence.ts';
import type { RunRecord } from './run-record.ts';

/** CloudWatch namespace of the metrics of runs; each metric comes by stack, and by stack and model. */
export const metricNamespace = 'mlops';

/**
 * A log line in CloudWatch's embedded metric format with the time and cost of a run. CloudWatch makes of it the
 * metrics RunSeconds, JobSeconds (billable, over all instances) and, if every price is known, CostUsd
 * (https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/CloudWatch_Embedded_Metric_Format_Specification.html).
 */
export async function runMetrics(
  run: RunRecord,
  stack: string,
  context: Pick<StepContext, 'ledger' | 'storage' | 'jobs' | 'region'>,
): Promise<string> {
  const { gate } = run.state;
  // The gate's evidence holds the trials, so that only the gate needs permission to list them.
  const trials = async () =>
    gate ? ((await readJson<Evidence>(context, gate.evidence)).tuning?.trials ?? []) : [];
  const jobs = await billedJobs(run, context, trials);
  const cost = context.region === null ? null : spentOn(jobs, context.region).usd;
  const values = {
    RunSeconds: (Date.parse(run.finished_at) - Date.parse(run.started_at)) / 1000,
    JobSeconds: jobs.reduce((sum, { seconds, count }) => sum + seconds * count, 0),
    ...(cost !== null && { CostUsd: cost }),
  };
  const Metrics = Object.keys(values).map((Name) => ({
    Name,
    Unit: Name === 'CostUsd' ? 'None' : 'Seconds',
  }));
  return JSON.stringify({
    _aws: {
      Timestamp: Date.parse(run.finished_at),
      CloudWatchMetrics: [
        { Namespace: metricNamespace, Dimensions: [['Stack'], ['Stack', 'Model']], Metrics },
      ],
    },
    Stack: stack,
    Model: run.state.request.model,
    execution: run.execution,
    status: run.status,
    ...values,
  });
}
