import type { StartedJob } from './executions/started-job.ts';

/** Pages of the AWS console, in the commercial partition's form; they need a signed-in browser. */

export function executionLink(region: string, arn: string): string {
  return `${consoleOf(region)}/states/home?region=${region}#/v2/executions/details/${arn}`;
}

/** Where SageMaker writes the logs of all jobs of an account and region; a stream begins `JOB/`. */
export const logGroups = {
  processing: '/aws/sagemaker/ProcessingJobs',
  training: '/aws/sagemaker/TrainingJobs',
  transform: '/aws/sagemaker/TransformJobs',
} as const;

/** The log of a job, or the page that leads to it: of a tuning job that with its trials, each of which has a log. */
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
  // The console's own escape: percent-encoded twice, with $ for %.
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
