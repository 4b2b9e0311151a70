import {
  CreateLogGroupCommand,
  DescribeLogGroupsCommand,
  PutRetentionPolicyCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import { cloudWatchLogsClient } from '../../pipeline/aws/clients.ts';
import { logGroups } from '../../pipeline/backends/aws/console-links.ts';

/** As long as the logs of functions and machines. */
const retentionInDays = 90;

/**
 * Makes the log groups of SageMaker's jobs, which SageMaker would make with its first job and keep for ever. All jobs of an
 * account and region share them, so that no environment's stack can own them, and a group that is there is left as it is: its
 * old logs may be somebody's. Returns a sentence on each group that was made or that keeps its logs for ever.
 */
export async function keepJobLogs(region: string): Promise<string[]> {
  const client = await cloudWatchLogsClient(region);
  const said: string[] = [];
  for (const logGroupName of Object.values(logGroups)) {
    const { logGroups: found = [] } = await client.send(
      new DescribeLogGroupsCommand({ logGroupNamePrefix: logGroupName }),
    );
    const group = found.find((one) => one.logGroupName === logGroupName);
    if (group === undefined) {
      await client.send(new CreateLogGroupCommand({ logGroupName }));
      await client.send(new PutRetentionPolicyCommand({ logGroupName, retentionInDays }));
      said.push(`Log group ${logGroupName}: created; it keeps logs for ${retentionInDays} days.`);
    } else if (group.retentionInDays === undefined)
      said.push(
        `Log group ${logGroupName}: it is there and keeps all logs for ever, of other projects too, so it is left so. To change that: ` +
          `aws logs put-retention-policy --region ${region} --log-group-name ${logGroupName} --retention-in-days ${retentionInDays}`,
      );
  }
  return said;
}
