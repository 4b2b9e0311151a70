import { Fn } from 'aws-cdk-lib/core';

/**
 * Two zones with Fargate, by id, of each region that also has zones without it, as of November 2026
 * (https://docs.aws.amazon.com/AmazonECS/latest/developerguide/AWS_Fargate-Regions.html). A zone's name, such as
 * us-west-1a, means another zone in each account; its id means the same in all.
 */
const withFargate: Readonly<Record<string, readonly [string, string]>> = {
  'ap-northeast-1': ['apne1-az1', 'apne1-az4'],
  'cn-north-1': ['cnn1-az1', 'cnn1-az2'],
  'us-west-1': ['usw1-az1', 'usw1-az3'],
};

/** The zone of the first or second subnet, as CloudFormation takes it: where all zones have Fargate, any of the account. */
export function fargateZone(
  region: string,
  index: 0 | 1,
): { availabilityZoneId: string } | { availabilityZone: string } {
  const ids = withFargate[region];
  return ids ? { availabilityZoneId: ids[index] } : { availabilityZone: Fn.select(index, Fn.getAzs()) };
}
