import type { FindingName } from '../../monitor/finding.ts';
import { metricNamespace } from '../train/run-metrics.ts';

/*
 * Log lines in CloudWatch's embedded metric format: CloudWatch makes metrics of them by stack and model, and a function needs
 * no permission for it.
 */

interface Of {
  stack: string;
  model: string;
  at: Date;
}

/** The metrics of a look: Looks (1), and Decayed, Watch and CannotTell (0 or 1). */
export const lookMetrics = ({
  finding,
  execution,
  ...of
}: Of & { finding: FindingName; execution: string }) =>
  line(
    of,
    {
      Looks: 1,
      Decayed: Number(finding === 'decayed'),
      Watch: Number(finding === 'watch'),
      CannotTell: Number(finding === 'cannot tell'),
    },
    { execution, finding },
  );

/** The metric LooksOverdue: 1 where no look has ended well for longer than the schedule allows. */
export const overdueMetric = ({ is, ...of }: Of & { is: boolean }): string =>
  line(of, { LooksOverdue: Number(is) });

const line = ({ stack, model, at }: Of, values: Record<string, number>, more: object = {}): string =>
  JSON.stringify({
    _aws: {
      Timestamp: at.getTime(),
      CloudWatchMetrics: [
        {
          Namespace: metricNamespace,
          Dimensions: [['Stack', 'Model']],
          Metrics: Object.keys(values).map((Name) => ({ Name, Unit: 'Count' })),
        },
      ],
    },
    Stack: stack,
    Model: model,
    ...more,
    ...values,
  });
