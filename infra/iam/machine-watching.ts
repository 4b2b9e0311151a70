import { allow, type Statement } from './statement.ts';

/** What the role of every state machine needs for its log and its traces. */
export const watching: readonly Statement[] = [
  // https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html and concepts-xray-tracing.html
  allow(
    [
      'logs:CreateLogDelivery',
      'logs:DeleteLogDelivery',
      'logs:DescribeLogGroups',
      'logs:DescribeResourcePolicies',
      'logs:GetLogDelivery',
      'logs:ListLogDeliveries',
      'logs:PutResourcePolicy',
      'logs:UpdateLogDelivery',
    ],
    ['*'],
    { because: 'deliveries of logs have no resource to name' },
  ),
  allow(
    ['xray:GetSamplingRules', 'xray:GetSamplingTargets', 'xray:PutTelemetryRecords', 'xray:PutTraceSegments'],
    ['*'],
    { because: 'traces have no resource to name' },
  ),
];
