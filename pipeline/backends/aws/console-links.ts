import type { StartedJob } from './executions/started-job.ts';

/** Pages of the AWS console; they need a signed-in browser. */

export function executionLink(region: string, arn: string): string {
  return `${consoleOf(region)}/states/home?region=${region}#/v2/executions/details/${arn}`;
}

/** SageMaker's log groups for all jobs of an account and region; the name of a job's streams starts with `JOB/`. */
export const logGroups = {
  processing: '/aws/sagemaker/ProcessingJobs',
  training: '/aws/sagemaker/TrainingJobs',
  transform: '/aws/sagemaker/TransformJobs',
} as const;

/** A job's log, or the page that links to it; a tuning job's page lists its trials, each with a log. */
export function jobLink(region: string, { kind, name }: StartedJob): string {
  if (kind === 'tuning')
    return `${consoleOf(region)}/sagemaker/home?region=${region}#/hyper-tuning-jobs/${name}`;
  if (kind === 'model') return `${consoleOf(region)}/sagemaker/home?region=${region}#/models/${name}`;
  if (kind === 'glue') {
    const [job, run] = name.split('/');
    return `${consoleOf(region)}/gluestudio/home?region=${region}#/job/${job}/run/${run}`;
  }
  if (kind === 'ecs') {
    const [, cluster, task] = name.split('/');
    return `${consoleOf(region)}/ecs/v2/clusters/${cluster}/tasks/${task}/logs?region=${region}`;
  }
  // The console's escaping: percent-encoded twice, with $ for %.
  const escaped = (text: string) => encodeURIComponent(encodeURIComponent(text)).replaceAll('%', '$');
  const group = escaped(logGroups[kind]);
  const filter = `${escaped('?logStreamNameFilter=').replaceAll('$25', '$')}${escaped(name)}`;
  return `${consoleOf(region)}/cloudwatch/home?region=${region}#logsV2:log-groups/log-group/${group}${filter}`;
}

/** The events of a stack. */
export function stackLink(region: string, stack: string): string {
  return `${consoleOf(region)}/cloudformation/home?region=${region}#/stacks/events?stackId=${encodeURIComponent(stack)}`;
}

function consoleOf(region: string): string {
  if (region.startsWith('cn-')) return 'https://console.amazonaws.cn';
  if (region.startsWith('us-gov-')) return 'https://console.amazonaws-us-gov.com';
  return `https://${region}.console.aws.amazon.com`;
}
